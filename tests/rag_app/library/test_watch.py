"""`rag watch` in a process of its own, beside another that looks at what it has made of the changes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag_app import Settings
from rag_app.wiring import build_store
from tests.conftest import CommandLine
from vectorstore.errors import RagError
from vectorstore.types import READY

PATIENCE_S = 30.0  # far more than it takes, for machines under load
HABIT_S = 2.5  # more than a look, its rest and a sync take


class Watching:
    def __init__(self, folder: Path, *arguments: str | Path) -> None:
        self.out, self.err = folder / "watch.out", folder / "watch.err"
        command = [sys.executable, "-m", "rag_app.commands.main", "watch", *map(str, arguments)]
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.until(lambda: "watching " in self.said())

    def said(self) -> str:
        return self.err.read_text(encoding="utf-8")

    def printed(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"{self.printed()}\n{self.said()}"
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / ".git").mkdir(parents=True)
    (folder / "moon.md").write_text("# Moon\n\nThe moon is a stone in orbit.\n")
    return folder


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    started: list[Watching] = []

    def start(*arguments: str | Path) -> Watching:
        started.append(Watching(tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def names() -> set[str]:
    """The documents that answers are made from now, as this process finds them."""
    try:
        records = build_store(Settings()).catalogue.sources()
    except RagError:  # not made yet
        return set()
    return {Path(record.source).name for record in records if record.state == READY}


def test_what_is_added_edited_renamed_and_deleted_is_followed(
    folder: Path, watch: Callable[..., Watching], rag: CommandLine
) -> None:
    watching = watch(folder)
    (folder / "new" / "inner").mkdir(parents=True)
    sun = folder / "new" / "inner" / "sun.md"
    sun.write_text("# Sun\n\nThe sun is a star of fire.\n")
    watching.until(lambda: names() == {"moon.md", "sun.md"})

    broken = folder / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 and no more")
    watching.until(lambda: f"failed: {broken}" in watching.printed())

    sun.write_text("# Sun\n\nZebras live on the savannah.\n")
    watching.until(lambda: f"updated: {sun}" in watching.printed())
    found = rag("search", "--json", "zebras")
    assert "Zebras live" in found.stdout
    assert "star of fire" not in found.stdout

    sun.rename(folder / "zebras.md")
    watching.until(lambda: names() == {"moon.md", "zebras.md"})
    watching.until(lambda: f"missing: {sun}" in watching.printed())

    (folder / "zebras.md").unlink()
    watching.until(lambda: names() == {"moon.md"})
    assert watching.printed().count("broken.pdf") == 1  # tried, and failed, at every sync
    assert watching.end() == 0
    assert watching.said().endswith("stopped watching; what was finished before is kept\n")
    assert "Traceback" not in watching.said()


def test_a_root_that_goes_is_waited_for_and_loses_nothing(folder: Path, watch: Callable[..., Watching]) -> None:
    watching = watch(folder)
    aside = folder.rename(folder.with_name("aside"))
    watching.until(lambda: f"{folder} is not there; waiting for it" in watching.said())
    assert names() == {"moon.md"}
    aside.rename(folder)
    watching.until(lambda: f"{folder} is there again" in watching.said())
    (folder / "sun.md").write_text("The sun is a star.\n")
    watching.until(lambda: names() == {"moon.md", "sun.md"})
    assert "missing" not in watching.printed()
    assert watching.end(signal.SIGTERM) == 0


def test_changes_in_hidden_and_ignored_folders_start_no_sync_and_idling_costs_nothing(
    folder: Path, watch: Callable[..., Watching]
) -> None:
    (folder / ".gitignore").write_text("build/\n")
    (folder / "build").mkdir()
    watching = watch("--json", folder)
    for number in range(5):
        (folder / ".git" / f"object{number}").write_text("x")
        (folder / "build" / f"made{number}.md").write_text("made")
        (folder / f".hidden{number}.md").write_text("hidden")
    time.sleep(HABIT_S)
    before = cpu_seconds(watching.process.pid)
    time.sleep(HABIT_S)
    assert cpu_seconds(watching.process.pid) - before < 0.2
    assert len(watching.printed().splitlines()) == 1


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_file_is_read_when_it_is_finished_and_each_sync_is_a_line_of_json(
    folder: Path, watch: Callable[..., Watching]
) -> None:
    watching = watch("--json", "--prune", folder)
    with (folder / "slow.md").open("w") as slow:
        for number in range(8):
            slow.write(f"Penguin number {number} stands on the ice.\n")
            slow.flush()
            time.sleep(0.25)
    watching.until(lambda: watching.printed().count("\n") == 2)
    (folder / "slow.md").unlink()
    watching.until(lambda: watching.printed().count("\n") == 3)
    reports = [json.loads(line) for line in watching.printed().splitlines()]
    told = [[(Path(file["source"]).name, file["status"]) for file in report["files"]] for report in reports]
    assert told == [[("moon.md", "added")], [("slow.md", "added")], [("slow.md", "removed")]]


def test_single_files_and_patterns_are_watched_too(
    folder: Path, tmp_path: Path, watch: Callable[..., Watching]
) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "one.md").write_text("The first letter.\n")
    moon = folder / "moon.md"
    watching = watch(moon, "mail/*.md")
    (tmp_path / "mail" / "two.md").write_text("The second letter.\n")
    watching.until(lambda: names() == {"moon.md", "one.md", "two.md"})
    (folder / "beside.md").write_text("Nobody asked for this.\n")
    (tmp_path / "mail" / "one.md").unlink()
    moon.unlink()
    watching.until(lambda: names() == {"two.md"})
    moon.write_text("# Moon\n\nIt is back.\n")
    watching.until(lambda: names() == {"moon.md", "two.md"})


def test_what_cannot_be_watched_is_refused_in_two_lines(rag: CommandLine, tmp_path: Path) -> None:
    for given in ("https://example.org/", tmp_path / "nowhere"):
        run = rag("watch", given)
        assert (run.returncode, run.stdout) == (2, "")
        assert [line.split(":")[0] for line in run.stderr.splitlines()] == ["error", "hint"]
