"""A rebuild makes a collection anew beside the one that answers, and takes its place only when it is whole."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.embeddings import Embeddings

from ingest.pipeline import IngestOptions, ingest_files
from tests.ingest.library import Library, check_alike, check_in_step, names_of
from vectorstore.collections import create_store
from vectorstore.embeddings import EmbeddingModel, VectorCache, embed_chunks
from vectorstore.errors import ProviderError, WrongModelError
from vectorstore.storage.store import Store
from vectorstore.types import Fingerprint

MOON = "Michael Collins stayed in orbit around the Moon."
SEA = "The ship sailed over the sea."


class Failing(Embeddings):
    """Another model, which fails after so many texts."""

    def __init__(self, model: EmbeddingModel, texts: float) -> None:
        self.model, self.left = model, texts

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.left -= len(texts)
        if self.left < 0:
            raise ProviderError("the provider is down", "try again")
        return [[-number for number in vector] for vector in embed_chunks(self.model, texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def another_model(model: EmbeddingModel, *, texts: float = float("inf")) -> EmbeddingModel:
    return replace(model, name="another", embeddings=Failing(model, texts))


def rebuild(library: Library, model: EmbeddingModel, *paths: Path) -> dict[str, str]:
    options = replace(library.options, rebuild=True)
    report = ingest_files(paths or [library.docs], store=library.store, model=model, options=options)
    return {Path(file.source).name: file.status for file in report.files}


def folders_of(store: Store) -> list[str]:
    """But for those that are there only where Chroma is embedded."""
    return sorted({path.name.split("-")[0] for path in store.folder.iterdir()} - {"chroma", "index.lock"})


def test_a_rebuild_is_like_a_clean_build(library: Library) -> None:
    library.write("moon.md", MOON)
    library.write("sea.md", SEA)
    library.ingest()
    assert rebuild(library, library.model) == {"moon.md": "updated", "sea.md": "updated"}
    assert folders_of(library.store) == ["built", "current", "write.lock"]
    check_alike(library.store, library.clean_build().store)
    library.write("sky.md", "The sky is blue.")
    assert library.statuses() == {"moon.md": "unchanged", "sea.md": "unchanged", "sky.md": "added"}
    assert rebuild(library, library.model)["sky.md"] == "updated"
    check_alike(library.store, library.clean_build().store)


def test_another_model_takes_the_collection_over_and_the_old_one_is_refused(library: Library) -> None:
    library.write("moon.md", MOON)
    library.ingest()
    with pytest.raises(WrongModelError):
        ingest_files([library.docs], store=library.store, model=another_model(library.model))
    rebuild(library, another_model(library.model))
    assert library.store.fingerprint == Fingerprint("another", "cosine")
    with pytest.raises(WrongModelError) as raised:
        library.search("moon")
    assert raised.value.hint.startswith("set RAG_EMBEDDINGS=another")
    library.model = another_model(library.model)
    assert [chunk.text for chunk in library.search("moon")] == [MOON]


def test_a_rebuild_that_fails_leaves_the_collection_as_it_was(library: Library) -> None:
    for number in range(200):
        library.write(f"{number}.md", f"Document {number} of two hundred.")
    library.ingest()
    before = library.store.catalogue.generation()
    with pytest.raises(ProviderError):
        rebuild(library, another_model(library.model, texts=150))
    assert library.store.catalogue.generation() == before
    assert folders_of(library.store) == ["collection.sqlite3", "lexical", "write.lock"]
    assert len(library.search("two hundred documents")) == 50
    check_alike(library.store, library.clean_build().store)


def test_what_is_not_named_or_cannot_be_read_is_rebuilt_from_its_stored_text(library: Library) -> None:
    library.write("in/moon.md", MOON)
    library.write("out/sea.md", SEA)
    library.write("in/gone.md", "This goes.")
    library.ingest()
    library.write("in/moon.md", b"")  # a failed read: the last good version stays
    (library.docs / "in" / "gone.md").unlink()
    other = another_model(library.model)
    found = rebuild(library, other, library.docs / "in")
    assert found == {"moon.md": "failed", "sea.md": "updated", "gone.md": "missing"}
    library.model = other
    assert names_of(library.search("words")) == {"moon.md", "sea.md"}
    check_in_step(library.store)
    assert library.store.load_page(library.source("in/gone.md"), None) == "This goes."


def test_another_process_sees_a_rebuilt_collection_at_once(library: Library) -> None:
    library.write("moon.md", " ".join([MOON] * 40))
    library.ingest()
    reader = Library(library.folder, library.model, library.data)
    reader.store.close()
    assert 1 < len(reader.search("moon")) < 5
    library.options = IngestOptions(chunk_tokens=40)
    rebuild(library, library.model)
    assert len(reader.search("moon")) >= 10
    assert len(reader.store.lexical.reader()) == len(reader.store.catalogue.chunk_ids())


def test_what_a_killed_rebuild_left_is_removed_and_told(library: Library) -> None:
    library.write("moon.md", MOON)
    library.ingest()
    left = library.store.folder / "built-123"
    create_store(left, "left")
    library.ingest()
    assert not left.exists()
    assert library.store.catalogue.repairs()[0][1] == "what a rebuild had left behind was removed"


def test_a_text_is_embedded_once_whatever_holds_it(library: Library, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite3", max_bytes=10_000_000)

    def embedded() -> int:
        report = ingest_files([library.docs], store=library.store, model=library.model, cache=cache)
        return report.chunks_embedded

    paragraphs = [f"Paragraph {number}. " + " ".join([f"word{number}"] * 90) for number in range(5)]
    library.write("a.txt", "\n\n".join(paragraphs))
    assert embedded() == 5
    (library.docs / "a.txt").rename(library.docs / "renamed.txt")
    library.write("copy of it.txt", "\n\n".join(paragraphs))
    assert embedded() == 0
    library.write("renamed.txt", "\n\n".join(["A new one. " + " ".join(["new"] * 90), *paragraphs]))
    assert embedded() == 1
    check_in_step(library.store)


def test_a_removed_document_stays_so_through_rebuild_and_prune_and_comes_back(library: Library) -> None:
    library.write("moon.md", MOON)
    library.write("sea.md", SEA)
    library.ingest()
    library.store.catalogue.hide([library.source("moon.md")])
    (library.docs / "moon.md").unlink()
    library.ingest(prune=True)
    other = another_model(library.model)
    rebuild(library, other)
    library.model = other
    assert names_of(library.search("words")) == {"sea.md"}
    library.store.catalogue.restore([library.source("moon.md")])
    assert names_of(library.search("words")) == {"moon.md", "sea.md"}
    check_in_step(library.store)
