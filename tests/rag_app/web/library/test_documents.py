"""The rows of the library's list, and what is shown of one document."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app import Settings, ingest_paths
from rag_app.samples import SAMPLES_DIR
from rag_app.web.library.document_view import (
    CHANGED,
    GONE,
    PART_CHARACTERS,
    blocks_of,
    load_part,
    note_on,
    parts_of,
    picture_of,
)
from rag_app.web.library.page import ORDERS, Row, ingest_again, list_rows, matching, row_values, sorted_rows
from rag_app.wiring import build_store
from vectorstore.errors import CollectionError
from vectorstore.storage.store import Store
from vectorstore.types import SourceRecord

NOTES = "# Lowmere\n\nThe harbour freezes.\n\n## The lock\n\nHanneke has the keys.\n"
ROWS = [
    Row("/papers/part 10.pdf", "Part 10", "ready", 1_000, "pdf", 3, "2026-01-02"),
    Row("/papers/part 9.md", "part 9", "missing", 2_500_000, "markdown", 12, "2026-01-01"),
    Row("/papers/²broken.pdf", "²broken.pdf", "failed", 40, reason="damaged"),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(collection="papers", data_dir=tmp_path / "data")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "notes.md").write_text(NOTES, encoding="utf-8")
    (tmp_path / "docs" / "crew.pdf").write_bytes((SAMPLES_DIR / "guidance-computer.pdf").read_bytes())
    ingest_paths([tmp_path / "docs"], settings=settings)
    return settings


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = build_store(settings)
    yield store
    store.close()


def record_of(store: Store, path: Path) -> SourceRecord:
    record = store.catalogue.source(str(path))
    assert record is not None
    return record


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
    assert row_values(ROWS[2])["facts"] == "40 B"
    assert row_values(Row("https://x.org/a", "A", "ready", 1))["file"] == "https://x.org/a"


@given(st.text(alphabet="ab \n", max_size=200).map(lambda text: text * 400))
def test_parts_are_all_of_the_text_and_none_is_too_long(text: str) -> None:
    parts = parts_of(text)
    assert "".join(parts) == text
    assert all(len(part) <= PART_CHARACTERS for part in parts)


def test_headings_of_a_document_are_known_from_its_text(store: Store, tmp_path: Path) -> None:
    part = load_part(store, record_of(store, tmp_path / "docs" / "notes.md"), 5)
    assert (part.unit, part.of, part.text) == ("Part", 1, NOTES)
    assert [(block.kind, block.level, words) for block, words in blocks_of(part.text, "markdown")] == [
        ("heading", 1, "Lowmere"),
        ("paragraph", 0, "The harbour freezes."),
        ("heading", 2, "The lock"),
        ("paragraph", 0, "Hanneke has the keys."),
    ]


def test_a_pdf_that_is_not_the_one_that_was_read_is_shown_by_its_text_alone(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "docs" / "crew.pdf"
    record = record_of(store, path)
    assert load_part(store, record, 99).number == 2
    assert str(picture_of(record, 2)).startswith("data:image/jpeg;base64,")
    path.write_bytes((SAMPLES_DIR / "apollo-11-mission.pdf").read_bytes())
    assert (note_on(record), picture_of(record, 2)) == (CHANGED, None)
    path.unlink()
    assert note_on(record) == GONE


def test_files_that_could_not_be_read_are_rows_with_the_reason_and_no_other_file_can_be_ingested(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "docs" / "empty.md").write_bytes(b"")
    (tmp_path / "docs" / "notes.md").write_bytes(b"")
    ingest_paths([tmp_path / "docs"], settings=settings)
    rows = {row.name: row for row in list_rows(store, settings)}
    assert {name: row.state for name, row in rows.items()} == {
        "crew.pdf": "ready",
        "empty.md": "failed",
        "notes.md": "failed",
    }
    assert "the file is empty" in rows["empty.md"].reason
    assert rows["notes.md"].reason.startswith("Its newest version could not be read")
    assert rows["empty.md"].chunks is None
    with pytest.raises(CollectionError):  # what a browser sends must never name a file to be read
        ingest_again(store, settings, str(SAMPLES_DIR / "glossary.txt"))
