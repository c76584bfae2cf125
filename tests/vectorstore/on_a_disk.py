"""What happens to a collection on a small disk of its own, as JSON: python -m tests.vectorstore.on_a_disk CASE FOLDER.

To be run where mounting is allowed, such as in `unshare -rm`.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import platformdirs

from ingest.batching import IngestOptions
from tests.ingest.library import Library, check_alike, names_of
from vectorstore.embeddings import load_embedding_model
from vectorstore.errors import RagError
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.vector_index import VectorIndex

STEPS: dict[str, CodeType] = {
    "announce": Catalogue.announce.__code__,
    "upsert": VectorIndex.upsert.__code__,
    "change": LexicalIndex.change.__code__,
    "swap": Catalogue.swap.__code__,
    "delete": VectorIndex.delete.__code__,
    "settle": Catalogue.settle.__code__,
}
Facts = dict[str, Any]


def main(case: str, folder: Path) -> None:
    facts = {"fills-up": fills_up, "is-filled": is_filled, "is-read-only": is_read_only}[case](folder)
    sys.stdout.write(json.dumps(facts))


def library_on_a_disk(folder: Path, size: str) -> Library:
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
    model = load_embedding_model("minilm", cache_dir=platformdirs.user_cache_path("rag-app"))
    library = Library(folder, model, "disk", IngestOptions(chunk_tokens=16))
    library.write("small.txt", "Apples grow on trees.")
    library.ingest()
    return library


def write_documents(library: Library, *, files: int, parts: int) -> None:
    for number in range(files):
        texts = (f"## Part {part}\n\nThe words of {number}." for part in range(parts))
        library.write(f"{number}.md", f"# Document {number}\n\n" + "\n\n".join(texts))


def told(action: Callable[[], Any]) -> Any:
    """What an action gives back, or the two lines that its error has for a person."""
    try:
        return action()
    except RagError as error:
        return [type(error).__name__, error.message, error.hint]


def is_like_a_clean_build(library: Library) -> bool:
    check_alike(library.store, library.clean_build().store)
    return True


def fills_up(folder: Path) -> Facts:
    """More documents than there is space for, after some that fitted."""
    library = library_on_a_disk(folder, "3m")
    write_documents(library, files=8, parts=20)
    facts: Facts = {"ingest": told(library.ingest)}
    facts["found"] = [chunk.text for chunk in library.search("apples")]
    library.reopen()
    facts["found in a new Store"] = [chunk.text for chunk in library.search("apples")]
    library.store.close()
    subprocess.run(["mount", "-o", "remount,size=40m", folder / "disk"], check=True)
    library.reopen()
    facts["with space"] = library.ingest().counts()
    facts["alike"] = is_like_a_clean_build(library)
    return facts


def is_filled(folder: Path) -> Facts:
    """Somebody else fills the disk to its last byte at each moment of an ingest in turn."""
    library = library_on_a_disk(folder, "12m")
    filler = folder / "disk" / "filler"
    facts: Facts = {}
    for version, step in enumerate(STEPS):
        write_documents(library, files=2, parts=20 + version)
        library.write("small.txt", f"Apples grow on trees, version {version}.")
        facts[step] = told(partial(with_filled_disk, library, filler, STEPS[step]))
        filler.unlink()
        library.reopen()
        facts[f"{step}, with space"] = library.ingest().failed == ()
        facts[f"{step}, found"] = library.search("apples, version")[0].text
    facts["alike"] = is_like_a_clean_build(library)
    return facts


def with_filled_disk(library: Library, filler: Path, step: CodeType) -> Any:
    def fill(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is step and not filler.exists():
            fill_up(filler)

    sys.setprofile(fill)
    try:
        return library.ingest().counts()
    finally:
        sys.setprofile(None)


def fill_up(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        for size in (1_000_000, 10_000, 100, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


def is_read_only(folder: Path) -> Facts:
    library = library_on_a_disk(folder, "6m")
    library.store.close()
    subprocess.run(["mount", "-o", "remount,ro", folder / "disk"], check=True)
    library.write("new.txt", "Boats sail.")
    facts: Facts = {"ingest": told(library.ingest), "search": told(lambda: names_of(library.search("apples")))}
    facts["open"] = told(lambda: library.open().name)
    subprocess.run(["mount", "-o", "remount,rw", folder / "disk"], check=True)
    library.reopen()
    facts["writable again"] = library.ingest().counts()
    facts["alike"] = is_like_a_clean_build(library)
    return facts


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
