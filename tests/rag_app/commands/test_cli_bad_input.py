"""Bad input on the command line, each with its exact words, where they are printed, and the exit code."""

import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fpdf import FPDF

from rag_app import Settings
from rag_app.types import REFUSAL
from tests.conftest import CommandLine

# Commands and what they print, `in-samples` for `rag` asked about the collection of the samples.
REFUSALS = Path(__file__).with_name("refusals.txt").read_text(encoding="utf-8").strip().split("\n\n")


def told(run: subprocess.CompletedProcess[str]) -> tuple[str, str, int]:
    return run.stdout, run.stderr, run.returncode


def refused(message: str, hint: str) -> tuple[str, str, int]:
    """What a command prints that could not start: nothing on stdout, two lines on stderr, exit code 2."""
    return "", f"error: {message}\nhint: {hint}\n", 2


def encrypted_pdf() -> bytes:
    pdf = FPDF()
    pdf.set_encryption(owner_password="of-the-owner", user_password="of-the-user")
    pdf.add_page()
    pdf.set_font("Helvetica")
    pdf.cell(text="The ferry leaves at 19:45.")
    return bytes(pdf.output())


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_done_is_two_lines_and_makes_no_collection(
    refusal: str, rag: CommandLine, in_samples: CommandLine, samples_dir: Path, tmp_path: Path
) -> None:
    command, error, hint = refusal.format(here=tmp_path.resolve(), samples=samples_dir, long="x" * 100_000).split("\n")
    words = shlex.split(command.removeprefix("$ "))
    settings = dict(word.split("=") for word in words if word.startswith(("RAG_", "OPENAI_")))
    name, *arguments = words[len(settings) :]
    run = (in_samples if name == "in-samples" else rag)(*arguments, **settings)
    assert run.stderr.splitlines()[0] == error
    assert run.stderr.endswith(f"{hint.removeprefix('hint: ')}\n")
    assert (run.stdout, run.stderr.count("\n"), run.returncode) == ("", 2, 2)
    assert not (tmp_path / "data").exists()


def test_an_empty_folder_is_a_warning_and_its_collection_cannot_be_asked(rag: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = rag("ingest", "empty")
    assert run.stdout.startswith("no files in the collection default: nothing had to be embedded")
    warning = f"warning: there is nothing to ingest in {tmp_path.resolve()}/empty\n"
    assert (run.stderr, run.returncode) == (warning, 0)
    asked = refused("the collection default is empty", "rag ingest --collection default PATH")
    assert told(rag("ask", "Who?")) == asked


def test_files_that_cannot_be_read_are_each_named_with_the_reason_and_the_rest_is_ingested(
    rag: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path.resolve() / "docs"
    folder.mkdir()
    (folder / "empty.docx").write_bytes(b"")
    (folder / "ferry.txt").write_text("The ferry leaves at 19:45.", encoding="utf-8")
    (folder / "letter.pdf").write_bytes(random.Random(3).randbytes(4000))
    (folder / "locked.pdf").write_bytes(encrypted_pdf())
    (folder / "noise.txt").write_bytes(random.Random(1).randbytes(4000))
    (folder / "report.docx").write_bytes(random.Random(2).randbytes(4000))
    run = rag("ingest", "docs")
    *lines, last = run.stdout.splitlines()
    assert lines == [
        f"failed: {folder}/empty.docx: the file is empty, which no .docx file is (copy or download it again)",
        f"failed: {folder}/letter.pdf: not a PDF: it does not begin as one (check what the file really is)",
        f"failed: {folder}/locked.pdf: the PDF is encrypted (give its password: rag ingest --password …)",
        f"failed: {folder}/noise.txt: not text: the bytes are in no encoding of text (save the file as UTF-8 text)",
        f"failed: {folder}/report.docx: not a Word document: it does not begin as one "
        "(check what the file really is and give it the right extension)",
    ]
    assert last.startswith("5 failed, 1 added in the collection default: 1 chunks embedded in ")
    assert (run.stderr, run.returncode) == ("", 1)


def test_a_question_in_arabic_is_asked_and_refused(in_samples: CommandLine) -> None:
    run = in_samples("ask", "من بقي في المدار؟")
    assert run.stdout.startswith(f"{REFUSAL}\n\nClosest passages:\n1. ")
    assert run.stderr.startswith("\nAnswered by quotes. ")
    assert run.returncode == 0


@pytest.mark.long("processes of their own")
def test_what_nobody_foresaw_is_two_lines_too(
    in_samples: CommandLine, samples_settings: Settings, tmp_path: Path
) -> None:
    """Here a converted model that was damaged."""
    shutil.copytree(samples_settings.cache_dir, tmp_path / "cache")
    for tokenizer in (tmp_path / "cache").rglob("tokenizer.json"):
        tokenizer.unlink()
    run = in_samples("ask", "Who?", RAG_CACHE_DIR=str(tmp_path / "cache"))
    hint = "rag doctor checks the installation; python -X dev -m rag_app.commands.main shows where it happened"
    assert told(run) == refused("Exception: No such file or directory (os error 2)", hint)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare on this system")
class TestDisks:
    """With the data folder on a disk of its own, mounted in a namespace of its own."""

    def ingest_on_a_disk(self, options: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
        (tmp_path / "data").mkdir()
        (tmp_path / "ferry.txt").write_text("The ferry leaves at 19:45.\n" * 500, encoding="utf-8")
        mount = (
            f'mount -t tmpfs -o {options} none "$RAG_DATA_DIR" && exec "$0" -m rag_app.commands.main ingest ferry.txt'
        )
        command = ["unshare", "-rm", "sh", "-c", mount, sys.executable]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if "unshare:" in run.stderr or "mount:" in run.stderr:
            pytest.skip(f"this system mounts nothing: {run.stderr.strip()}")
        return run

    def test_a_data_folder_that_is_read_only(self, tmp_path: Path) -> None:
        run = self.ingest_on_a_disk("ro", tmp_path)
        message = f"the data folder {tmp_path}/data cannot be written to"
        assert told(run) == refused(message, "make it writable, or set RAG_DATA_DIR to a folder that is")

    @pytest.mark.long("processes on a disk of their own")
    def test_a_disk_that_is_full(self, tmp_path: Path) -> None:
        run = self.ingest_on_a_disk("size=200k", tmp_path)
        folder = f"{tmp_path}/data/collections/default"
        assert told(run) == refused(
            f"the disk that holds {folder} is full; what was finished before is kept",
            "free some space and run the same command again, or set RAG_DATA_DIR to another disk",
        )
