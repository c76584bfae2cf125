"""Every command: what it prints where, its JSON, its exit code; two of them in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rag_app import Settings
from rag_app.answering.generation.markers import read_markers
from rag_app.types import REFUSAL
from tests.conftest import CommandLine

Json = dict[str, Any]
PASSAGE = {"id", "source", "title", "page", "start", "end", "text", "score"}
SENTENCE = {"text", "start", "end", "supported", "state", "markers"}
CITATION = {"marker", "source", "title", "page", "start", "end", "quote"}
# The kind of document that answers each question: a DOCX, a PDF, a text file, a Markdown file, an HTML file.
ANSWERS = {
    "Where was Michael Collins born?": "docx",
    "How much did the guidance computer weigh?": "pdf",
    "What does EVA stand for?": "txt",
    "What is cosine similarity?": "md",
    "How tall was the Saturn V?": "html",
}
HEAVY = {"torch", "transformers", "sentence_transformers", "streamlit", "langchain_community", "langchain_openai"}

INGEST_AND_ASK = """
import json, sys
from rag_app.commands.main import main
for sys.argv in (["rag", "ingest", "ferry.txt"], ["rag", "ask", "When does the ferry leave Kiel?"]):
    try:
        main()
    except SystemExit as stop:
        assert not stop.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loads(run: subprocess.CompletedProcess[str], *, code: int = 0) -> Json:
    """The one JSON object on stdout, which holds nothing else."""
    assert run.returncode == code, run.stderr
    assert run.stdout.count("\n") == 1
    found: Json = json.loads(run.stdout)
    return found


def test_the_json_is_as_the_contract_says_and_points_into_what_rag_show_prints(
    in_samples: CommandLine, samples_settings: Settings
) -> None:
    kinds = set()
    for question, kind in ANSWERS.items():
        answer = loads(in_samples("ask", "--json", question))
        keys = ["question", "answer", "refused", "answered_by", "sentences", "citations", "passages"]
        assert list(answer) == [*keys, "answerability", "searched_for", "seconds"]
        assert (answer["question"], answer["answered_by"], answer["refused"]) == (question, "quotes", False)
        assert all(set(sentence) == SENTENCE for sentence in answer["sentences"])
        assert all(set(citation) == CITATION for citation in answer["citations"])
        assert [set(passage) for passage in answer["passages"]] == [PASSAGE] * 10
        first = answer["citations"][0]
        assert (Path(first["source"]).suffix, first["page"] is not None) == (f".{kind}", kind == "pdf")
        text = answer["answer"]
        assert "".join(sentence["text"] for sentence in answer["sentences"]) == text
        for sentence in answer["sentences"]:
            assert text[sentence["start"] : sentence["end"]] == sentence["text"]
            assert (sentence["supported"], sentence["state"]) == (bool(sentence["markers"]), "proved")
        numbers = [citation["marker"] for citation in answer["citations"]]
        assert numbers == list(range(1, len(numbers) + 1))
        assert [number for _, number in read_markers(text, passages=99)[1]] == numbers
        for citation in answer["citations"]:
            page = ["--page", str(citation["page"])] if citation["page"] else []
            shown = loads(in_samples("show", citation["source"], *page, "--json"))
            assert set(shown) == {"source", "title", "page", "text"}
            assert (shown["source"], shown["page"]) == (citation["source"], citation["page"])
            assert shown["text"][citation["start"] : citation["end"]] == citation["quote"] != ""
            kinds.add(Path(citation["source"]).suffix)
    assert kinds >= {".pdf", ".docx", ".txt", ".md", ".html"}
    refused = loads(in_samples("ask", "--json", "How do I bake bread?"))
    assert (refused["answer"], refused["refused"], refused["citations"]) == (REFUSAL, True, [])
    assert [(sentence["supported"], sentence["state"]) for sentence in refused["sentences"]] == [(False, "not a claim")]


def test_for_a_person_the_sources_follow_and_who_answered_is_told(in_samples: CommandLine) -> None:
    run = in_samples("ask", "How much did the guidance computer weigh?", "--top-k", "3")
    quotes = run.stdout.split("\n\n[1] ")[0].split("\n\n")
    said = "The guidance computer weighed 32 kilograms and used about 55 watts of electric power. "
    assert [quote for quote in quotes if quote.startswith(said)]
    assert "\n\n[1] The Apollo Guidance Computer, page 1 (" in run.stdout
    models = "RAG_LLM=openai:gpt-5-mini or RAG_LLM=gguf:PATH"
    assert run.stderr == f"\nAnswered by quotes. For written answers name a model: {models}\n"
    assert run.returncode == 0


def test_a_search_gives_passages_best_first_and_a_document_is_shown_as_it_was_stored(
    in_samples: CommandLine, samples_dir: Path
) -> None:
    found = loads(in_samples("search", "lunar orbit", "--top-k", "3", "--json"))
    assert list(found) == ["query", "passages", "seconds"]
    assert [set(passage) for passage in found["passages"]] == [PASSAGE] * 3
    scores = [passage["score"] for passage in found["passages"]]
    assert scores == sorted(scores, reverse=True)
    run = in_samples("show", "glossary.txt")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == (samples_dir / "glossary.txt").read_text(encoding="utf-8") + "\n"


def test_ingest_says_what_became_of_each_file(rag: CommandLine, samples_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "ferry.txt").write_text("The ferry Aurora leaves Kiel at 19:45.", encoding="utf-8")
    (tmp_path / "docs" / "song.mid").write_bytes(b"ID3\x00\x01\x02" * 50)
    run = rag("ingest", "docs", "--json")
    report = loads(run)
    files = {Path(file["source"]).name: file for file in report["files"]}
    keys = ["collection", "files", "chunks_embedded", "characters_embedded", "seconds", "warnings"]
    assert list(report) == keys
    assert all(set(file) == {"source", "status", "chunks", "reason"} for file in files.values())
    assert {name: file["status"] for name, file in files.items()} == {"ferry.txt": "added", "song.mid": "skipped"}
    assert files["ferry.txt"]["source"] == str(tmp_path.resolve() / "docs" / "ferry.txt")
    assert (report["collection"], report["chunks_embedded"]) == ("default", 1)
    assert report["characters_embedded"] > 30
    assert run.stderr == "", "progress is silent in a pipe"
    again = rag("ingest", "docs/ferry.txt")
    assert again.stdout.startswith("1 unchanged in the collection default: nothing had to be embedded")
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.long("processes of their own")
def test_in_a_process_of_its_own_progress_shows_on_the_terminal_and_nothing_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "ferry.txt").write_text("The ferry Aurora leaves Kiel at 19:45.", encoding="utf-8")
    terminal, end = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with ThreadPoolExecutor(1) as pool:  # a terminal holds few letters: without a reader the writer waits
        reading = pool.submit(lambda: b"".join(read_all(terminal)).decode())
        command = [sys.executable, "-c", INGEST_AND_ASK]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, env=environment, text=True, check=False)
        os.close(end)
        shown = reading.result()
    os.close(terminal)
    assert run.returncode == 0, shown
    assert "1/1 chunks" in shown
    assert "/1 files" in shown
    assert run.stdout.startswith("1 added in the collection default: 1 chunks embedded in ")
    assert "The ferry Aurora leaves Kiel at 19:45. [1]" in run.stdout
    loaded = set(json.loads(run.stdout.splitlines()[-1]))
    assert "openvino" in loaded
    assert loaded & HEAVY == set()


def test_documents_are_listed_and_deleted(rag: CommandLine, samples_copy: Settings, samples_dir: Path) -> None:
    in_samples = {"RAG_COLLECTION": "samples"}
    listed = loads(rag("list", "--json", **in_samples))
    assert [source["source"] for source in listed["sources"]] == sorted(map(str, samples_dir.iterdir()))
    assert {source["state"] for source in listed["sources"]} == {"ready"}
    assert all(source["chunks"] > 0 for source in listed["sources"])
    gone = [str(samples_dir / "glossary.txt"), str(samples_dir / "saturn-v.html")]
    deleted = loads(rag("delete", "glossary.txt", gone[1], "--json", **in_samples))
    assert deleted == {"collection": "samples", "removed": gone}
    left = rag("list", **in_samples).stdout.splitlines()
    assert len(left) == len(listed["sources"]) - 2
    assert not [line for line in left if line.startswith(tuple(gone))]
    assert all(Path(source).exists() for source in gone), "the files themselves stay"


def test_status_says_what_made_a_collection_and_how_large_it_is(
    in_samples: CommandLine, samples_settings: Settings, samples_dir: Path
) -> None:
    facts = loads(in_samples("status", "--json"))
    assert facts["collection"] == "samples"
    assert (facts["embeddings"], facts["distance"], facts["answered_by"]) == ("minilm", "cosine", "quotes")
    assert (facts["sources"], facts["missing"]) == (len(list(samples_dir.iterdir())), 0)
    assert facts["chunks"] > 50
    assert facts["bytes"] > 100_000
    assert facts["folder"] == str(samples_settings.data_dir / "collections" / "samples")


def test_collections_are_listed_renamed_and_deleted(rag: CommandLine, samples_copy: Settings) -> None:
    assert rag("collections", "rename", "samples", "moon").stdout == "renamed: samples is now moon\n"
    (one,) = loads(rag("collections", "--json"))["collections"]
    assert (one["collection"], one["embeddings"]) == ("moon", "minilm")
    asked = loads(rag("ask", "--collection", "moon", "Who stayed in lunar orbit?", "--json"))
    assert asked["citations"], "a renamed collection answers as before"
    assert loads(rag("collections", "delete", "moon", "--json")) == {"deleted": "moon"}
    assert rag("collections").stdout == "no collections yet: rag ingest PATH makes the first\n"


def read_all(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # what Linux says at the end of a terminal
            return
        if not piece:
            return
        yield piece
