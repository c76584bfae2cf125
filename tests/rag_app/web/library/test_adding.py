"""What the page shows of an ingest, as it goes and afterwards."""

import pytest

from ingest.report import FileProgress
from rag_app.web.library.adding import describe_speed, expect_chunks, shown_files, web_address
from vectorstore.errors import InputError


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
def test_speed_and_time_left_are_in_words(done: int, expected: int, per_second: float | None, words: str) -> None:
    assert describe_speed(done, expected, per_second) == words


def test_of_many_files_those_in_work_and_those_that_failed_are_shown_and_the_others_counted() -> None:
    waiting = [FileProgress(f"/d/{number}.md", "waiting") for number in range(100)]
    files = [*waiting, FileProgress("/d/broken.pdf", "failed", reason="damaged"), FileProgress("/d/x.md", "reading")]
    shown, more = shown_files(files, 12)
    assert [file.source for file in shown[:3]] == ["/d/x.md", "/d/broken.pdf", "/d/0.md"]
    assert more == "and 90 waiting"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" https://example.org/a?b=c#d ", "https://example.org/a?b=c#d"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("example.org/terms", "https://example.org/terms"),
    ],
)
def test_an_address_may_have_its_scheme_or_not(typed: str, address: str) -> None:
    assert web_address(typed) == address


@pytest.mark.parametrize("typed", ["", "ftp://example.org/x", "file:///etc/passwd", "https://", "/etc/passwd", "~/x y"])
def test_what_is_no_address_never_names_a_file(typed: str) -> None:
    with pytest.raises(InputError):
        web_address(typed)
