"""From settings to the objects that do the work. A model is loaded once in a process, whoever asks."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from ingest.pipeline import IngestOptions, ingest_files
from ingest.report import IngestReport, Progress
from rag_app.chain import QUOTES, Request, build_chain
from rag_app.settings import Settings
from rag_app.types import Answer
from vectorstore.collections import create_store, open_store
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.retriever import HybridRetriever
from vectorstore.store import Fingerprint, Store

Tell = Callable[[str], None]


def silent(message: str) -> None:
    pass


class LoadedModels:
    """The embedding models of this process, by name and cache folder."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, Path], EmbeddingModel] = {}
        self._lock = threading.Lock()  # two threads that ask at once must not load the same model twice

    def get(self, settings: Settings, on_message: Tell) -> EmbeddingModel:
        key = (settings.embeddings, settings.cache_dir)
        with self._lock:
            if key not in self._models:
                self._models[key] = load_embedding_model(key[0], cache_dir=key[1], on_message=on_message)
            return self._models[key]


LOADED = LoadedModels()


def build_store(settings: Settings) -> Store:
    return open_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url)


def build_retriever(settings: Settings, *, k: int | None = None, on_message: Tell = silent) -> HybridRetriever:
    """The retriever over a collection that is there; refuses one that another model or distance made."""
    store = build_store(settings)
    store.require(Fingerprint(settings.embeddings, settings.distance))
    model = LOADED.get(settings, on_message)
    return HybridRetriever(store=store, model=model, distance=settings.distance, k=k or settings.top_k)


def build_chat_model(settings: Settings) -> BaseChatModel | None:
    """The chat model that was named, or None: quotes."""
    if settings.llm == QUOTES:
        return None
    from rag_app.chat_models import (
        load_chat_model,
    )  # langchain's providers: not on the everyday path

    return load_chat_model(settings.llm)


def build_answer_chain(
    settings: Settings, *, k: int | None = None, on_message: Tell = silent
) -> Runnable[Request, Answer]:
    retriever = build_retriever(settings, k=k, on_message=on_message)
    return build_chain(retriever, chat_model=build_chat_model(settings), answered_by=settings.llm)


def run_ingest(
    paths: Sequence[str | Path],
    settings: Settings,
    *,
    prune: bool = False,
    rebuild: bool = False,
    include_all: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_message: Tell = silent,
) -> IngestReport:
    """Bring the settings' collection, made if there is none, in step with these files and folders."""
    options = IngestOptions(
        chunk_tokens=settings.chunk_tokens,
        max_file_bytes=settings.max_file_mb * 1_000_000,
        prune=prune,
        rebuild=rebuild,
        include_all=include_all,
    )
    return ingest_files(
        paths,
        store=create_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url),
        model=LOADED.get(settings, on_message),
        distance=settings.distance,
        options=options,
        on_progress=on_progress,
        on_wait=on_message,
    )
