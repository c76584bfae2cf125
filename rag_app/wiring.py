"""From settings to the objects that do the work. A model is loaded once in a process, whoever asks."""

import threading
from collections.abc import Callable
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from rag_app.chain import QUOTES, Request, Writer, build_chain
from rag_app.sentences import load_split
from rag_app.settings import Settings
from rag_app.types import Answer
from rag_app.verifier import build_verifier
from vectorstore.collections import open_store
from vectorstore.embeddings import EmbeddingModel, TorchOptions, VectorCache, is_remote, load_embedding_model
from vectorstore.errors import CollectionError
from vectorstore.filters import SourceFilter
from vectorstore.fingerprint import Fingerprint
from vectorstore.reranker import Reranker
from vectorstore.retriever import HybridRetriever
from vectorstore.store import Store

Tell = Callable[[str], None]


def silent(message: str) -> None:
    pass


class LoadedModels:
    """The embedding models that run in this process, by name, cache folder and how torch runs them."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, Path, TorchOptions], EmbeddingModel] = {}
        self._lock = threading.Lock()  # two threads that ask at once must not load the same model twice

    def get(self, settings: Settings, on_message: Tell) -> EmbeddingModel:
        name, cache_dir, torch = settings.embeddings, settings.cache_dir, torch_options(settings)
        if is_remote(name):
            return load_embedding_model(name, cache_dir=cache_dir, on_message=on_message)
        key = (name, cache_dir, torch)
        with self._lock:
            if key not in self._models:
                self._models[key] = load_embedding_model(name, cache_dir=cache_dir, on_message=on_message, torch=torch)
            return self._models[key]


def torch_options(settings: Settings) -> TorchOptions:
    return TorchOptions(settings.device, settings.dtype, settings.embed_batch)


LOADED = LoadedModels()
NO_FILTER = SourceFilter()
JUDGE = "minilm"


def build_store(settings: Settings) -> Store:
    return open_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url)


def build_vector_cache(settings: Settings) -> VectorCache:
    return VectorCache(settings.cache_dir / "vectors.sqlite3", max_bytes=settings.vector_cache_mb * 1_000_000)


def build_retriever(
    settings: Settings,
    *,
    k: int | None = None,
    source_filter: SourceFilter = NO_FILTER,
    on_message: Tell = silent,
) -> HybridRetriever:
    """The retriever over a collection that has documents; refuses one that another model or distance made."""
    store = build_store(settings)
    if not store.catalogue.has_documents():
        raise CollectionError(f"the collection {store.name} is empty", f"rag ingest --collection {store.name} PATH")
    store.require(Fingerprint(settings.embeddings, settings.distance))
    if source_filter and not store.catalogue.matching(source_filter):
        raise CollectionError("no document of the collection fits --source and --where", "rag list shows them all")
    model = LOADED.get(settings, on_message)
    return HybridRetriever(
        store=store,
        model=model,
        distance=settings.distance,
        k=k or settings.top_k,
        filter=source_filter,
        reranker=Reranker(settings.reranker) if settings.reranker else None,
    )


def build_chat_model(settings: Settings) -> BaseChatModel | None:
    """The chat model that was named, or None: quotes."""
    if settings.llm == QUOTES:
        return None
    from rag_app.chat_models import (
        load_chat_model,
    )  # langchain's providers: not on the everyday path

    return load_chat_model(settings.llm)


def build_answer_chain(
    settings: Settings,
    *,
    k: int | None = None,
    source_filter: SourceFilter = NO_FILTER,
    on_message: Tell = silent,
) -> Runnable[Request, Answer]:
    retriever = build_retriever(settings, k=k, source_filter=source_filter, on_message=on_message)
    judge, writer = load_judge(settings, on_message), build_writer(settings)
    return build_chain(retriever, judge=judge, writer=writer, split=load_split(settings.sentences))


def load_judge(settings: Settings, on_message: Tell) -> EmbeddingModel:
    """The model by whose cosines sentences are judged; the collection's own where that is the default one."""
    return LOADED.get(settings.model_copy(update={"embeddings": JUDGE}), on_message)


def build_writer(settings: Settings) -> Writer | None:
    """The chat model that was named, and what checks it, or None: quotes. Raises SettingsError."""
    chat_model = build_chat_model(settings)
    verify = build_verifier(settings.verifier, chat_model) if settings.verifier else None
    return Writer(chat_model, settings.llm, settings.context_tokens, verify) if chat_model else None
