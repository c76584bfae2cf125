"""What the page shows of an ingest, as it goes and afterwards."""

import pytest

from ingest.report import FileProgress, FileReport, IngestReport
from rag_app import Settings
from rag_app.web.library.adding import describe_speed, expect_chunks, file_rows, job_values, web_address
from rag_app.web.library.jobs import Job
from vectorstore.errors import InputError, StorageError


def test_what_is_still_to_be_read_counts_as_much_as_what_was_read_on_average() -> None:
    files = [
        FileProgress("a", "added", 30, 30),
        FileProgress("b", "embedding", 10, 50),
        FileProgress("c", "reading"),
        FileProgress("d", "waiting"),
        FileProgress("e", "unchanged", 7, 7),
    ]
    assert expect_chunks(files) == (40, 160)
    assert expect_chunks(files[2:4]) == (0, 0)


@pytest.mark.parametrize(
    ("done", "expected", "per_second", "words"),
    [
        (0, 0, None, "Reading …"),
        (0, 1200, None, "0 of 1,200 chunks embedded"),
        (200, 1200, 100.0, "200 of 1,200 chunks embedded, 100 a second, about 10 s left"),
        (200, 12_200, 50.0, "200 of 12,200 chunks embedded, 50 a second, about 4 min left"),
        (1200, 1200, 100.0, "1,200 chunks embedded, being stored"),
    ],
)
def test_the_speed_and_the_time_left_are_told(done: int, expected: int, per_second: float | None, words: str) -> None:
    assert describe_speed(done, expected, per_second) == words


def test_of_many_files_those_in_work_and_those_that_failed_are_shown_and_the_others_counted() -> None:
    waiting = [FileProgress(f"/d/{number}.md", "waiting") for number in range(100)]
    files = [*waiting, FileProgress("/d/broken.pdf", "failed", reason="damaged"), FileProgress("/d/x.md", "reading")]
    shown = file_rows(files)
    assert [row["name"] for row in shown["rows"][:3]] == ["x.md", "broken.pdf", "0.md"]
    assert shown["more"] == "and 90 waiting"


def test_the_report_counts_what_is_unchanged_last_and_names_what_failed_or_was_skipped_with_its_reason() -> None:
    files = (
        FileReport("/d/a.md", "unchanged", 3),
        FileReport("/d/b.iso", "skipped", reason="no kind that is read"),
        FileReport("/d/c.pdf", "failed", reason="damaged (save it anew)"),
        FileReport("/d/d.md", "added", 2),
    )
    job = Job(Settings(), ("/d",), report=IngestReport("papers", files, 2, 900, 1.0, ("the folder is empty",)))
    values = job_values(job)
    assert values["heading"] == "1 added, 1 failed, 1 skipped, 1 unchanged"
    assert values["detail"] == "The folder is empty."
    assert [(row["name"], row["reason"]) for row in values["rows"]] == [
        ("c.pdf", "damaged (save it anew)"),
        ("b.iso", "no kind that is read"),
    ]


def test_what_stops_an_ingest_is_told_with_what_helps() -> None:
    values = job_values(Job(Settings(), ("/d",), error=StorageError("the disk is full", "free some space")))
    assert (values["heading"], values["hint"]) == ("the disk is full", "free some space")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" https://example.org/a?b=c#d ", "https://example.org/a?b=c#d"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("example.org/terms", "https://example.org/terms"),
    ],
)
def test_an_address_is_taken_with_or_without_its_scheme(typed: str, address: str) -> None:
    assert web_address(typed) == address


@pytest.mark.parametrize("typed", ["", "ftp://example.org/x", "file:///etc/passwd", "https://", "/etc/passwd", "~/x y"])
def test_what_is_no_address_never_names_a_file(typed: str) -> None:
    with pytest.raises(InputError):
        web_address(typed)
