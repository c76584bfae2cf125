"""A collection of its own for an evaluation, gone when it ends; made and asked as any other."""

import tempfile
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.batching import IngestOptions
from ingest.chunking.sentences import load_find_sentences
from ingest.in_memory import NamedText, ingest_texts
from ingest.report import Progress
from rag_app.settings import Settings
from rag_app.wiring import LOADED, Tell, build_retriever, build_store, build_vector_cache, run_ingest
from vectorstore.collections import create_store, delete_collection, list_collections
from vectorstore.errors import CollectionError
from vectorstore.search.retriever import HybridRetriever

NAME = "evaluation"
Show = Callable[[Progress], None]


@contextmanager
def retriever_of_texts(
    texts: Sequence[NamedText], settings: Settings, *, keep: bool, on_progress: Show, on_message: Tell
) -> Iterator[HybridRetriever]:
    """Over these texts alone; with `keep` they stay in the settings' collection, so that the next time is short."""
    with own_settings(settings, {text.source for text in texts}, keep=keep) as own:
        ingest_texts(
            texts,
            store=create_store(own.data_dir, own.collection, chroma_url=own.chroma_url),
            model=LOADED.get(own, on_message),
            options=IngestOptions(
                distance=own.distance,
                chunk_tokens=own.chunk_tokens,
                find_sentences=load_find_sentences(own.sentences),
            ),
            cache=build_vector_cache(own),
            on_progress=on_progress,
        )
        yield build_retriever(own, on_message=on_message)


@contextmanager
def retriever_of_files(
    paths: Sequence[Path], settings: Settings, *, keep: bool, on_progress: Show, on_message: Tell
) -> Iterator[HybridRetriever]:
    """The same over files."""
    with own_settings(settings, {str(path.resolve()) for path in paths}, keep=keep) as own:
        run_ingest(paths, own, on_progress=on_progress, on_message=on_message)
        yield build_retriever(own, on_message=on_message)


@contextmanager
def own_settings(settings: Settings, sources: Container[str], *, keep: bool) -> Iterator[Settings]:
    """The settings of a collection in a folder that is removed (on a server it is deleted), or, to keep, their own."""
    if keep:
        refuse_others(settings, sources)
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="rag-evaluation-") as folder:
        own = settings.model_copy(update={"data_dir": Path(folder).resolve(), "collection": NAME})
        try:
            yield own
        finally:
            if NAME in list_collections(own.data_dir):
                delete_collection(own.data_dir, NAME, chroma_url=own.chroma_url)


def refuse_others(settings: Settings, sources: Container[str]) -> None:
    """Figures of a set would mean nothing where other documents are found too."""
    if settings.collection not in list_collections(settings.data_dir):
        return
    if any(record.source not in sources for record in build_store(settings).catalogue.sources()):
        raise CollectionError(
            f"the collection {settings.collection} holds other documents than this set",
            "name another with --collection, or leave it out",
        )
