"""What is shown of a document: its parts, its headings, and whether its file is still the one that was read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app import Settings, ingest_paths
from rag_app.samples import SAMPLES_DIR
from rag_app.web.library.document_list import ingest_again, shelf_rows
from rag_app.web.library.document_view import CHANGED, GONE, PART_CHARACTERS, OpenDocument, document_values, parts_of
from rag_app.wiring import build_store
from vectorstore.errors import CollectionError
from vectorstore.storage.store import Store

NOTES = "# Lowmere\n\nThe harbour freezes.\n\n## The lock\n\nHanneke has the keys.\n"


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


def values_of(store: Store, path: Path, position: int = 1) -> dict[str, object]:
    record = store.catalogue.source(str(path))
    assert record is not None
    return document_values(store, record, OpenDocument(store.name, record.source, 1, position))


@given(st.text(alphabet="ab \n", max_size=200).map(lambda text: text * 400))
def test_parts_are_all_of_the_text_and_none_is_too_long(text: str) -> None:
    parts = parts_of(text)
    assert "".join(parts) == text
    assert all(len(part) <= PART_CHARACTERS for part in parts)


def test_a_document_s_headings_are_told_from_its_text(store: Store, tmp_path: Path) -> None:
    assert values_of(store, tmp_path / "docs" / "notes.md")["blocks"] == [
        {"kind": "heading", "level": 1, "text": "Lowmere"},
        {"kind": "paragraph", "level": 0, "text": "The harbour freezes."},
        {"kind": "heading", "level": 2, "text": "The lock"},
        {"kind": "paragraph", "level": 0, "text": "Hanneke has the keys."},
    ]


def test_a_pdf_that_is_not_the_one_that_was_read_is_shown_by_its_text_alone(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "docs" / "crew.pdf"
    assert str(values_of(store, path, 2)["picture"]).startswith("data:image/jpeg;base64,")
    assert values_of(store, path, 99)["position"] == 2
    path.write_bytes((SAMPLES_DIR / "apollo-11-mission.pdf").read_bytes())
    values = values_of(store, path)
    assert (values["note"], values["hasPicture"], "picture" in values) == (CHANGED, False, False)
    path.unlink()
    assert values_of(store, path)["note"] == GONE


def test_files_that_could_not_be_read_are_rows_with_the_reason(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "docs" / "empty.md").write_bytes(b"")
    (tmp_path / "docs" / "notes.md").write_bytes(b"")
    ingest_paths([tmp_path / "docs"], settings=settings)
    rows = {Path(row["source"]).name: row for row in shelf_rows(store, settings)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "crew.pdf": "ready",
        "empty.md": "failed",
        "notes.md": "failed",
    }
    assert "the file is empty" in rows["empty.md"]["reason"]
    assert rows["notes.md"]["reason"].startswith("Its newest version could not be read")
    assert "chunks" not in rows["empty.md"]


def test_a_browser_cannot_have_a_file_ingested_that_is_not_in_the_collection(store: Store, settings: Settings) -> None:
    with pytest.raises(CollectionError):
        ingest_again(store, settings, str(SAMPLES_DIR / "glossary.txt"))
