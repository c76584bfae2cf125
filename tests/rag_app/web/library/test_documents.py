"""The rows of the library's list: sorted, searched, in words, with what could not be read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app import Settings, ingest_paths
from rag_app.web.library.page import ORDERS, Row, ingest_again, list_rows, matching, row_values, sorted_rows
from rag_app.wiring import build_store
from vectorstore.errors import CollectionError

ROWS = [
    Row("/papers/part 10.pdf", "Part 10", "ready", 1_000, "pdf", 3, "2026-01-02"),
    Row("/papers/part 9.md", "part 9", "missing", 2_500_000, "markdown", 12, "2026-01-01"),
    Row("/papers/²broken.pdf", "²broken.pdf", "failed", 40, reason="damaged"),
]


@pytest.mark.parametrize(
    ("order", "titles"),
    [
        ("Name, A to Z", ["part 9", "Part 10", "²broken.pdf"]),
        ("Name, Z to A", ["²broken.pdf", "Part 10", "part 9"]),
        ("Largest first", ["part 9", "Part 10", "²broken.pdf"]),
        ("Fewest chunks first", ["²broken.pdf", "Part 10", "part 9"]),
        ("Newest first", ["Part 10", "part 9", "²broken.pdf"]),
    ],
)
def test_rows_are_sorted_by_name_as_people_do_or_by_a_figure(order: str, titles: list[str]) -> None:
    assert [row.title for row in sorted_rows(ROWS, order)] == titles


@given(st.lists(st.text(max_size=5)), st.sampled_from(sorted(ORDERS)))
def test_any_title_can_be_sorted(titles: list[str], order: str) -> None:
    rows = [Row(title, title, "ready", 1) for title in titles]
    assert sorted(row.title for row in sorted_rows(rows, order)) == sorted(titles)


def test_a_search_finds_rows_with_all_of_its_words() -> None:
    assert matching(ROWS, " PAPERS pdf ") == [ROWS[0], ROWS[2]]
    assert matching(ROWS, "missing 9") == [ROWS[1]]
    assert matching(ROWS, "") == ROWS


def test_the_cells_of_a_row_are_words() -> None:
    cells = row_values(ROWS[1])
    assert cells["cells"] == ["markdown", "2.5 MB", "12", "2026-01-01", "Missing"]
    assert (cells["name"], cells["file"]) == ("part 9.md", "part 9.md · /papers")
    assert row_values(ROWS[2])["cells"] == ["", "40 bytes", "", "", "Failed"]
    assert row_values(Row("https://x.org/a", "A", "ready", 1))["file"] == "https://x.org/a"


def test_files_that_could_not_be_read_are_rows_with_the_reason_and_no_other_file_can_be_ingested(
    tmp_path: Path,
) -> None:
    settings = Settings(collection="papers", data_dir=tmp_path / "data")
    ingest_texts(tmp_path, settings, {"notes.md": "The harbour freezes.\n", "lock.md": "Hanneke has the keys.\n"})
    ingest_texts(tmp_path, settings, {"notes.md": "\0", "empty.pdf": ""})
    store = build_store(settings)
    rows = {row.name: row for row in list_rows(store, settings)}
    assert {name: row.state for name, row in rows.items()} == {
        "lock.md": "ready",
        "empty.pdf": "failed",
        "notes.md": "failed",
    }
    assert "the file is empty" in rows["empty.pdf"].reason
    assert rows["notes.md"].reason.startswith("Its newest version could not be read")
    assert rows["empty.pdf"].chunks is None
    with pytest.raises(CollectionError):  # what a browser sends must never name a file to be read
        ingest_again(store, settings, "/etc/passwd")
    store.close()


def ingest_texts(folder: Path, settings: Settings, texts: dict[str, str]) -> None:
    (folder / "docs").mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    ingest_paths([folder / "docs"], settings=settings)
