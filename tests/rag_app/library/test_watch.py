"""`rag watch` in a thread, with short waits; its command, signals and JSON in one process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from ingest.report import IngestReport
from rag_app import Settings
from rag_app.library.watch import watch as keep_in_step
from rag_app.wiring import build_store, ingest_paths
from tests.conftest import CommandLine
from tests.hash_embedding import hash_model
from vectorstore.errors import RagError, StorageError
from vectorstore.types import READY

PATIENCE_S = 30.0  # far more than it takes, for machines under load
REST_S = 0.15


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class Running:
    """A watch in a thread: what it reports and says."""

    def __init__(self, *paths: str | Path, prune: bool = False) -> None:
        self.reports: list[list[tuple[str, str]]] = []
        self.messages: list[str] = []
        self.stop = threading.Event()
        arguments = {"prune": prune, "rest_s": REST_S, "stop_event": self.stop}
        reporters = {"on_report": self.keep, "on_message": self.messages.append}
        self.thread = threading.Thread(
            target=keep_in_step, args=(paths, Settings()), kwargs={**arguments, **reporters}, daemon=True
        )
        self.thread.start()
        until(lambda: bool(self.reports))

    def keep(self, report: IngestReport) -> None:
        self.reports.append([(Path(file.source).name, file.status) for file in report.files])

    def until(self, name: str, status: str) -> None:
        until(lambda: any((name, status) in report for report in self.reports))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    monkeypatch.setattr("rag_app.wiring.load_model", lambda settings, on_message: hash_model())
    started: list[Running] = []

    def start(*paths: str | Path, prune: bool = False) -> Running:
        started.append(Running(*paths, prune=prune))
        return started[-1]

    yield start
    for running in started:
        running.stop.set()
        running.thread.join(PATIENCE_S)
        assert not running.thread.is_alive()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / ".git").mkdir(parents=True)
    (folder / "moon.md").write_text("# Moon\n\nThe moon is a stone in orbit.\n")
    return folder


def names() -> set[str]:
    """The documents that answers are made from now."""
    return {Path(one.source).name for one in build_store(Settings()).catalogue.sources() if one.state == READY}


def texts() -> str:
    store = build_store(Settings())
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.state().hidden)
    return " ".join(chunk.text for chunk, _ in store.fetch(ids).values())


@pytest.mark.long("waits for the system to report changes")
def test_what_is_added_edited_renamed_and_deleted_is_followed(folder: Path, watch: Callable[..., Running]) -> None:
    running = watch(folder)
    (folder / "new" / "inner").mkdir(parents=True)
    sun = folder / "new" / "inner" / "sun.md"
    sun.write_text("# Sun\n\nThe sun is a star of fire.\n")
    running.until("sun.md", "added")

    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    running.until("broken.pdf", "failed")

    sun.write_text("# Sun\n\nZebras live on the savannah.\n")
    running.until("sun.md", "updated")
    assert "Zebras live" in texts()
    assert "star of fire" not in texts()

    sun.rename(folder / "zebras.md")
    running.until("sun.md", "missing")
    assert names() == {"moon.md", "zebras.md"}

    (folder / "zebras.md").unlink()
    running.until("zebras.md", "missing")
    assert names() == {"moon.md"}
    assert str(running.reports).count("broken.pdf") == 1  # read, and failed, at every ingest
    assert running.messages == []


@pytest.mark.long("waits for the system to report changes")
def test_a_root_that_goes_is_waited_for_and_loses_nothing(folder: Path, watch: Callable[..., Running]) -> None:
    running = watch(folder)
    aside = folder.rename(folder.with_name("aside"))
    until(lambda: f"{folder} is not there; waiting for it" in running.messages)
    assert names() == {"moon.md"}
    aside.rename(folder)
    until(lambda: f"{folder} is there again" in running.messages)
    (folder / "sun.md").write_text("The sun is a star.\n")
    until(lambda: names() == {"moon.md", "sun.md"})
    assert "missing" not in str(running.reports)


@pytest.mark.long("waits for the system to report changes")
def test_hidden_files_start_no_ingest_and_ignored_ones_are_not_reported(
    folder: Path, watch: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    ingests: list[object] = []
    real = ingest_paths

    def count(paths: Sequence[str], **options: Any) -> IngestReport:
        ingests.append(paths)
        return real(paths, **options)

    monkeypatch.setattr("rag_app.library.watch.ingest_paths", count)
    (folder / ".gitignore").write_text("build/\n")
    (folder / "build").mkdir()
    running = watch(folder)
    until(lambda: len(ingests) == 2)  # the first, and one for what changed before the system reported it
    for number in range(5):
        (folder / ".git" / f"object{number}").write_text("x")
        (folder / f".hidden{number}.md").write_text("hidden")
    time.sleep(5 * REST_S)
    assert len(ingests) == 2
    (folder / "build" / "made.md").write_text("made")
    until(lambda: len(ingests) == 3)
    assert running.reports == [[("moon.md", "added")]]
    (folder / ".gitignore").write_text("\n")
    running.until("made.md", "added")


@pytest.mark.long("waits for the system to report changes")
def test_a_file_is_read_once_it_is_finished(folder: Path, watch: Callable[..., Running]) -> None:
    running = watch(folder, prune=True)
    with (folder / "slow.md").open("w") as slow:
        for number in range(10):
            slow.write(f"Penguin number {number} stands on the ice.\n")
            slow.flush()
            time.sleep(REST_S / 3)
    until(lambda: len(running.reports) == 2)
    (folder / "slow.md").unlink()
    until(lambda: len(running.reports) == 3)
    assert running.reports == [[("moon.md", "added")], [("slow.md", "added")], [("slow.md", "removed")]]


@pytest.mark.long("waits for the system to report changes")
def test_single_files_and_patterns_are_watched_too(folder: Path, tmp_path: Path, watch: Callable[..., Running]) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "one.md").write_text("The first letter.\n")
    moon = folder / "moon.md"
    running = watch(moon, "mail/*.md")
    (tmp_path / "mail" / "two.md").write_text("The second letter.\n")
    running.until("two.md", "added")
    (folder / "other.md").write_text("Nobody asked for this.\n")
    (tmp_path / "mail" / "one.md").unlink()
    moon.unlink()
    until(lambda: names() == {"two.md"})
    moon.write_text("# Moon\n\nIt is back.\n")
    running.until("moon.md", "updated")
    (folder / "draft").write_text("# Moon\n\nAs editors save, by renaming a draft.\n")
    (folder / "draft").rename(moon)
    until(lambda: "by renaming" in texts())
    assert names() == {"moon.md", "two.md"}


def test_what_fails_for_a_time_is_reported_and_tried_again(
    folder: Path, watch: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest, failures = ingest_paths, iter([StorageError("the disk is full", "free some space")])

    def fail_once(*arguments: object, **options: object) -> IngestReport:
        for failure in failures:
            raise failure
        return ingest(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("rag_app.library.watch.ingest_paths", fail_once)
    monkeypatch.setattr("rag_app.library.watch.RETRY_S", 0.1)
    running = watch(folder)
    assert running.messages == ["error: the disk is full", "hint: free some space"]
    assert running.reports == [[("moon.md", "added")]]


def test_where_the_system_reports_no_changes_they_are_found_by_looking(
    folder: Path, watch: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = watchfiles.watch

    def refuse(*folders: str, **options: Any) -> Iterator[Any]:
        if not options["force_polling"]:
            raise OSError("OS file watch limit reached")
        return real(*folders, **options)

    monkeypatch.setattr(watchfiles, "watch", refuse)
    monkeypatch.setattr("rag_app.library.watch.POLL_S", 0.05)
    running = watch(folder)
    until(lambda: bool(running.messages))
    assert "looking every few seconds instead" in running.messages[0]
    (folder / "sun.md").write_text("The sun is a star.\n")
    until(lambda: names() == {"moon.md", "sun.md"})


@pytest.mark.long("waits for the system to report changes")
def test_the_command_idles_at_no_cost_prints_a_line_of_json_an_ingest_and_ends_by_a_signal(
    folder: Path, tmp_path: Path
) -> None:
    out, err = tmp_path / "watch.out", tmp_path / "watch.err"
    command = [sys.executable, "-m", "rag_app.commands.main", "watch", "--json", str(folder)]
    with (
        out.open("w") as stdout,
        err.open("w") as stderr,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr) as started,
    ):
        until(lambda: "watching " in err.read_text() or started.poll() is not None)
        (folder / "sun.md").write_text("The sun is a star.\n")
        until(lambda: out.read_text().count("\n") == 2)
        before = cpu_seconds(started.pid)
        time.sleep(1)
        assert cpu_seconds(started.pid) - before < 0.1
        started.send_signal(signal.SIGINT)
        assert started.wait(PATIENCE_S) == 0
    said = err.read_text()
    assert said.endswith("stopped watching; what was finished before is kept\n")
    assert "Traceback" not in said
    reports = [json.loads(line) for line in out.read_text().splitlines()]
    sources = [Path(file["source"]).name for report in reports for file in report["files"]]
    assert sources == ["moon.md", "sun.md"]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_what_cannot_be_watched_is_refused(tmp_path: Path, rag: CommandLine) -> None:
    run = rag("watch", tmp_path / "nowhere")
    assert (run.returncode, run.stdout) == (2, "")
    assert [line.split(":")[0] for line in run.stderr.splitlines()] == ["error", "hint"]
    with pytest.raises(RagError, match="web pages cannot be watched"):
        keep_in_step(["https://example.org/"], Settings(data_dir=tmp_path))
