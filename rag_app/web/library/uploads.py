"""Writes uploaded files into the data folder under safe names: each is then a source like any other file."""

import itertools
import re
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from vectorstore.errors import InputError, translated_storage_errors

if TYPE_CHECKING:
    from vectorstore import Store

# The name of this fact in the catalogue.
FACT = "uploads"
MOST_AT_ONCE = 500
MOST_NAME_BYTES = 200  # file systems take 255, and a number may be put behind
MOST_FOLDERS = 16
# What steers a terminal or turns writing round, and what no name may have where a folder is copied to Windows.
CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff<>:"|?*]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
UNNAMED = "unnamed"


class Upload(Protocol):
    """As Streamlit gives it: `name` is what the browser says, of a file in a folder its path from that folder on."""

    name: str

    def getvalue(self) -> bytes: ...


def uploads_folder(store: "Store", data_dir: Path) -> Path:
    """The collection's own: made at the first call, under its name of that time, and kept when it is renamed."""
    name = store.catalogue.state().facts.get(FACT)
    if name is None:
        name = next(free.name for free in places(data_dir / "uploads" / store.name) if make_folder(free))
        store.catalogue.set_facts(**{FACT: name})
    return data_dir / "uploads" / name


def make_folder(folder: Path) -> bool:
    """False where there is one already."""
    with translated_storage_errors(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            return False
        return True


def keep_uploads(uploads: Sequence[Upload], folder: Path) -> list[Path]:
    """Write each under its own name below the folder, in place of what had this name before, as on any disk.

    Files of one upload that share a name get numbers. What is there already stays untouched, and so unchanged. What is
    hidden in a folder is passed over. Raises InputError for too many files or none to read, and StorageError.
    """
    if len(uploads) > MOST_AT_ONCE:
        raise InputError(
            f"{len(uploads):,} files are too many at once: {MOST_AT_ONCE} can be added together",
            "choose fewer, or have the whole folder read where it lies: rag ingest FOLDER",
        )
    shown = [upload for upload in uploads if not is_hidden(upload.name)]
    if uploads and not shown:
        raise InputError("every file of the folder is hidden", "have them read where they lie: rag ingest --all FOLDER")
    written: dict[Path, bytes] = {}
    with translated_storage_errors(folder):
        for upload in shown:
            content = upload.getvalue()
            path = next(free for free in places(folder / safe_name(upload.name)) if is_free(free, content, written))
            write(path, content)
            written[path] = content
    return list(written)


def is_hidden(name: str) -> bool:
    """Whether a file of a folder is passed over as it would be on disk; one that was chosen by itself never is."""
    parts = parts_of(name)
    return len(parts) > 1 and any(part.startswith(".") for part in parts)


def safe_name(name: str) -> PurePosixPath:
    """The name or path that a browser gave, as one that stays below the folder that it is put into."""
    parts = [safe_part(part) for part in parts_of(name)]
    return PurePosixPath(*parts[-MOST_FOLDERS:] or [UNNAMED])


def parts_of(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part.strip() not in ("", ".", "..")]


def safe_part(part: str) -> str:
    part = CONTROL.sub("_", unicodedata.normalize("NFC", part.encode("utf-8", "replace").decode()))
    part = part.strip().lstrip(".").rstrip(". ").lstrip()
    if RESERVED.match(part):
        part = f"_{part}"
    stem, dot, suffix = part.rpartition(".")
    if len(part.encode()) > MOST_NAME_BYTES:
        kept = (stem if dot else part).encode()[: MOST_NAME_BYTES - len(suffix[:20].encode())]
        part = kept.decode(errors="ignore").rstrip(". ") + (f".{suffix[:20]}" if dot else "")
    return part or UNNAMED


def places(path: Path) -> Iterator[Path]:
    """The path, then the same with numbers."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem} ({number}){path.suffix}")


def is_free(path: Path, content: bytes, written: dict[Path, bytes]) -> bool:
    return not path.is_dir() and (path not in written or written[path] == content)


def write(path: Path, content: bytes) -> None:
    """Whole or not at all; what is there already is left, since its time shows an ingest whether it has changed."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
