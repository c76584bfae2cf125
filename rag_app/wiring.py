"""Builds stores, retrievers, chains and ingests from settings; loads each embedding model once a process."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from ingest.chunking.sentences import load_split
from rag_app.answering.chain import QUOTES, Request, Writer, build_chain
from rag_app.answering.verification.entailment import build_verifier
from rag_app.settings import Settings
from rag_app.types import Answer
from vectorstore.collections import create_store, list_collections, open_store
from vectorstore.embeddings import EmbeddingModel, TorchOptions, VectorCache, is_remote, load_embedding_model
from vectorstore.errors import CollectionError
from vectorstore.search.reranker import Reranker
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.store import Store
from vectorstore.types import Fingerprint, SourceFilter

if TYPE_CHECKING:
    from ingest.report import IngestReport, Progress

Tell = Callable[[str], None]


def silent(message: str) -> None:
    pass


class LoadedModels:
    """The embedding models of this process, by name, cache folder and torch options."""

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
    """The retriever over a collection. Raises CollectionError where it is empty, or of another model or distance."""
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
    from rag_app.answering.generation.chat_models import load_chat_model  # 0.5 s that quotes do not need

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


def run_ingest(
    paths: Sequence[str | Path],
    settings: Settings,
    *,
    prune: bool = False,
    rebuild: bool = False,
    include_all: bool = False,
    on_progress: "Callable[[Progress], None]" = lambda progress: None,
    on_message: Tell = silent,
) -> "IngestReport":
    """Bring the settings' collection, made if there is none, in step with these files and folders."""
    # The readers of files take 0.3 s to import, for which no question should wait.
    from ingest.batching import IngestOptions
    from ingest.chunking.sentences import load_find_sentences
    from ingest.discovery import find_files, judge_absent, split_urls
    from ingest.pipeline import ingest_files
    from ingest.reader_process import Bounds

    options = IngestOptions(
        distance=settings.distance,
        chunk_tokens=settings.chunk_tokens,
        max_file_bytes=settings.max_file_mb * 1_000_000,
        prune=prune,
        rebuild=rebuild,
        include_all=include_all,
        speech_model=settings.whisper,
        password=settings.file_password.get_secret_value() if settings.file_password else None,
        allow_private_urls=settings.allow_private_urls,
        find_sentences=load_find_sentences(settings.sentences),
        bounds=Bounds(settings.max_file_seconds, settings.max_reader_mb * 1_000_000),
    )
    if settings.collection not in list_collections(settings.data_dir):
        # A mistyped first path is refused before a model is converted for it and a collection made.
        _, local = split_urls(paths)
        judge_absent(find_files(local, include_all=include_all, max_bytes=options.max_file_bytes), known={})
    return ingest_files(
        paths,
        store=create_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url),
        model=LOADED.get(settings, on_message),
        options=options,
        cache=build_vector_cache(settings),
        on_progress=on_progress,
        on_wait=on_message,
    )
