"""A rebuild makes a collection anew beside the one that answers, and takes its place only when it is whole."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.embeddings import Embeddings

from ingest.pipeline import IngestOptions
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


def rebuild(library: Library, *paths: str) -> dict[str, str]:
    return {Path(name).name: status for name, status in library.statuses(*paths, rebuild=True).items()}


def folders_of(store: Store) -> list[str]:
    """But for those that are there only where Chroma is embedded."""
    return sorted({path.name.split("-")[0] for path in store.folder.iterdir()} - {"chroma", "index.lock"})


def test_a_rebuild_is_like_a_clean_build(library: Library) -> None:
    library.write("moon.md", MOON)
    library.write("sea.md", SEA)
    library.ingest()
    left = library.store.folder / "built-123"
    create_store(left, "left")  # as by a killed rebuild
    assert rebuild(library) == {"moon.md": "updated", "sea.md": "updated"}
    assert not left.exists()
    assert library.store.catalogue.repairs()[0][1] == "what a rebuild had left behind was removed"
    assert folders_of(library.store) == ["built", "current", "write.lock"]
    check_alike(library.store, library.clean_build().store)
    library.write("sky.md", "The sky is blue.")
    assert library.statuses() == {"moon.md": "unchanged", "sea.md": "unchanged", "sky.md": "added"}
    assert rebuild(library)["sky.md"] == "updated"
    check_alike(library.store, library.clean_build().store)


def test_another_model_takes_the_collection_over_and_the_old_one_is_refused(library: Library) -> None:
    library.write("moon.md", MOON)
    library.ingest()
    old, library.model = library.model, another_model(library.model)
    with pytest.raises(WrongModelError):
        library.ingest()
    rebuild(library)
    assert library.store.fingerprint == Fingerprint("another", "cosine")
    assert [chunk.text for chunk in library.search("moon")] == [MOON]
    library.model = old
    with pytest.raises(WrongModelError) as raised:
        library.search("moon")
    assert raised.value.hint.startswith("set RAG_EMBEDDINGS=another")


def test_a_rebuild_that_fails_leaves_the_collection_as_it_was(library: Library) -> None:
    for number in range(200):
        library.write(f"{number}.md", f"Document {number} of two hundred.")
    library.ingest()
    before = library.store.catalogue.generation()
    good, library.model = library.model, another_model(library.model, texts=150)
    with pytest.raises(ProviderError):
        rebuild(library)
    library.model = good
    assert library.store.catalogue.generation() == before
    assert folders_of(library.store) == ["collection.sqlite3", "lexical", "write.lock"]
    assert len(library.search("two hundred documents")) == 50
    check_alike(library.store, library.clean_build().store)


def test_what_is_not_named_or_cannot_be_read_is_rebuilt_from_its_stored_text(library: Library) -> None:
    library.write("in/moon.md", MOON)
    library.write("out/sea.md", SEA)
    library.write("in/gone.md", "This goes.")
    library.ingest()
    library.write("in/moon.md", b"\0")  # a failed read: the last good version stays
    (library.docs / "in" / "gone.md").unlink()
    library.model = another_model(library.model)
    assert rebuild(library, "in") == {"moon.md": "failed", "sea.md": "updated", "gone.md": "missing"}
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
    rebuild(library)
    assert len(reader.search("moon")) >= 10
    assert reader.store.lexical.reader().ids() == reader.store.catalogue.chunk_ids()


def test_a_text_is_embedded_once_whatever_holds_it(library: Library) -> None:
    cache = VectorCache(library.folder / "vectors.sqlite3", max_bytes=10_000_000)
    paragraphs = [f"Paragraph {number}. " + " ".join([f"word{number}"] * 90) for number in range(5)]
    library.write("a.txt", "\n\n".join(paragraphs))
    assert library.ingest(cache=cache).chunks_embedded == 5
    (library.docs / "a.txt").rename(library.docs / "renamed.txt")
    library.write("copy of it.txt", "\n\n".join(paragraphs))
    assert library.ingest(cache=cache).chunks_embedded == 0
    library.write("renamed.txt", "\n\n".join(["A new one. " + " ".join(["new"] * 90), *paragraphs]))
    assert library.ingest(cache=cache).chunks_embedded == 1
    check_in_step(library.store)


def test_a_removed_document_stays_so_through_rebuild_and_prune_and_comes_back(library: Library) -> None:
    library.write("moon.md", MOON)
    library.write("sea.md", SEA)
    library.ingest()
    library.store.catalogue.hide([library.source("moon.md")])
    (library.docs / "moon.md").unlink()
    library.ingest(prune=True)
    library.model = another_model(library.model)
    rebuild(library)
    assert names_of(library.search("words")) == {"sea.md"}
    library.store.catalogue.restore([library.source("moon.md")])
    assert names_of(library.search("words")) == {"moon.md", "sea.md"}
    check_in_step(library.store)
