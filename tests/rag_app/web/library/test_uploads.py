"""Uploaded files on disk: under names that stay where they belong, and never one over another of the same upload."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.web.library.uploads import CONTROL, MOST_AT_ONCE, keep_uploads, safe_name, uploads_folder
from vectorstore.collections import create_store, open_store, rename_collection
from vectorstore.errors import InputError


@dataclass
class File:
    name: str
    content: bytes = b"words"

    def getvalue(self) -> bytes:
        return self.content


def kept_names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("What it is, and why (2nd).pdf", "What it is, and why (2nd).pdf"),
        ("papers/2024/moon.pdf", "papers/2024/moon.pdf"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\me\\notes.txt", "C_/Users/me/notes.txt"),
        ("a/./b/../c.md", "a/b/c.md"),
        (". ./x.md", "unnamed/x.md"),
        ("..", "unnamed"),
        ("", "unnamed"),
        (".bashrc", "bashrc"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("tab\there\x00\x1b[31m.md", "tab_here__[31m.md"),
        ("evil\u202efdp.exe", "evil_fdp.exe"),
        ("trailing. ", "trailing"),
        ("re\u0301sume\u0301.md", "r\u00e9sum\u00e9.md"),
        ("lone\ud800.md", "lone_.md"),
    ],
)
def test_a_name_becomes_one_that_stays_below_its_folder(given: str, kept: str) -> None:
    assert safe_name(given).as_posix() == kept


@given(st.text(max_size=400))
def test_no_name_leads_out_hides_or_is_too_long(name: str) -> None:
    parts = safe_name(name).parts
    assert parts
    assert [part for part in parts if part.startswith(".") or CONTROL.search(part) or len(part.encode()) > 255] == []
    assert "/" not in parts
    assert safe_name(f"{name}{'ä' * 300}.pdf").name.endswith("ä.pdf")


def test_the_same_name_later_is_a_new_version_and_in_one_upload_it_gets_a_number(tmp_path: Path) -> None:
    (path,) = keep_uploads([File("notes.md", b"one")], tmp_path)
    before = path.stat()
    assert keep_uploads([File("notes.md", b"one")], tmp_path) == [path]
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    files = [File("notes.md", b"two"), File("notes.md", b"one"), File("notes.md", b"two"), File("notes.md", b"three")]
    keep_uploads(files, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "notes.md": b"two",
        "notes (2).md": b"one",
        "notes (3).md": b"three",
    }


def test_a_folder_keeps_its_structure_without_what_is_hidden_in_it_and_no_file_takes_its_place(tmp_path: Path) -> None:
    names = ["papers/a.md", "papers/old/a.md", "papers/.git/config", "papers/.DS_Store"]
    keep_uploads([File(name) for name in names], tmp_path)
    keep_uploads([File("papers")], tmp_path)
    assert kept_names(tmp_path) == {"papers/a.md", "papers/old/a.md", "papers (2)"}


def test_too_many_files_or_none_to_be_seen_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="500 can be added together") as raised:
        keep_uploads([File(f"{number}.md") for number in range(MOST_AT_ONCE + 1)], tmp_path)
    assert "rag ingest" in raised.value.hint
    with pytest.raises(InputError, match="hidden"):
        keep_uploads([File("papers/.git/config")], tmp_path)
    assert kept_names(tmp_path) == set()


def test_a_renamed_collection_keeps_its_uploads_from_the_next_of_its_name(tmp_path: Path) -> None:
    store = create_store(tmp_path, "papers")
    assert uploads_folder(store, tmp_path) == uploads_folder(store, tmp_path) == tmp_path / "uploads" / "papers"
    (kept,) = keep_uploads([File("notes.md", b"one")], uploads_folder(store, tmp_path))
    rename_collection(tmp_path, "papers", "older")
    (other,) = keep_uploads([File("notes.md", b"two")], uploads_folder(create_store(tmp_path, "papers"), tmp_path))
    assert (kept.read_bytes(), other.read_bytes()) == (b"one", b"two")
    (again,) = keep_uploads([File("notes.md", b"three")], uploads_folder(open_store(tmp_path, "older"), tmp_path))
    assert again == kept
