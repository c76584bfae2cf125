"""Builds stores, retrievers, chains and ingests from settings: the functions of the Python API, and what they share."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from ingest import load_split
from rag_app.answering.chain import QUOTES, Request, Writer, build_chain
from rag_app.settings import Settings
from rag_app.types import Answer
from vectorstore import HybridRetriever, Reads, Store
from vectorstore.collections import create_store, list_collections, open_store
from vectorstore.embeddings import EmbeddingModel, TorchOptions, VectorCache, is_remote, load_embedding_model
from vectorstore.errors import CollectionError
from vectorstore.types import Fingerprint, SourceFilter

if TYPE_CHECKING:
    from ingest import IngestOptions, IngestReport
    from ingest.report import Progress

Tell = Callable[[str], None]
# The model by whose cosines sentences are judged, whatever embedded the collection.
JUDGE = "minilm"
AUTO, OWN_READER, CHAT_READER, NO_READER = "auto", "own", "chat", "none"
OWN_READERS = (AUTO, OWN_READER, CHAT_READER)
GGUF = "gguf:"

_loaded: dict[tuple[str, Path, TorchOptions], EmbeddingModel] = {}
_readers: dict[tuple[Path, str], Reads] = {}
_loading = threading.Lock()  # two threads that ask at once must not load the same model twice


def silent(message: str) -> None:
    pass


def torch_options(settings: Settings) -> TorchOptions:
    return TorchOptions(settings.device, settings.dtype, settings.embed_batch)


def load_model(settings: Settings, on_message: Tell = silent) -> EmbeddingModel:
    """The embedding model of the settings; a local one is loaded once a process."""
    name, cache_dir, torch = settings.embeddings, settings.cache_dir, torch_options(settings)
    if is_remote(name):
        return load_embedding_model(name, cache_dir=cache_dir, on_message=on_message)
    key = (name, cache_dir, torch)
    with _loading:
        if key not in _loaded:
            _loaded[key] = load_embedding_model(name, cache_dir=cache_dir, on_message=on_message, torch=torch)
        return _loaded[key]


def load_judge(settings: Settings, on_message: Tell = silent) -> EmbeddingModel:
    return load_model(settings.model_copy(update={"embeddings": JUDGE}), on_message)


def load_reader(settings: Settings, on_message: Tell = silent) -> Reads:
    """What reads questions and claims beside texts, as RAG_READER says; opened once a process."""
    from vectorstore import CrossEncoderReader, NoReader, Reader

    if settings.reader == NO_READER:
        return NoReader()
    precision = getattr(load_judge(settings, on_message).embeddings, "precision", "f32")
    with _loading:
        own = _readers.setdefault((settings.cache_dir, precision), Reader(settings.cache_dir, precision))
    return own if settings.reader in OWN_READERS else CrossEncoderReader(settings.reader, own)


def build_store(settings: Settings) -> Store:
    return open_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url)


def build_vector_cache(settings: Settings) -> VectorCache:
    return VectorCache(settings.cache_dir / "vectors.sqlite3", max_bytes=settings.vector_cache_mb * 1_000_000)


def load_page(source: str | Path, page: int | None = None, *, settings: Settings | None = None) -> str:
    """The stored text that the offsets of chunks and citations of this source and page point into."""
    return build_store(settings or Settings()).load_page(str(source), page)


def load_retriever(
    *,
    k: int | None = None,
    sources: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    on_message: Tell = silent,
) -> HybridRetriever:
    """A LangChain retriever of the `k` best passages (RAG_TOP_K by default), for chains of one's own.

    `sources` and `where` choose documents, as `vectorstore.types.SourceFilter` says. Raises CollectionError where the
    collection is empty, or of another model or distance, or where no document is chosen.
    """
    settings, chosen = settings or Settings(), SourceFilter.of(sources, where)
    store = build_store(settings)
    require_documents(store)
    store.require(Fingerprint(settings.embeddings, settings.distance))
    if chosen and not store.catalogue.matching(chosen):
        raise CollectionError("no document of the collection fits --source and --where", "rag list shows them all")
    return HybridRetriever(
        store=store,
        model=load_model(settings, on_message),
        distance=settings.distance,
        k=k or settings.top_k,
        filter=chosen,
        reader=load_reader(settings, on_message) if settings.reader != NO_READER else None,
    )


def require_documents(store: Store) -> None:
    if not store.catalogue.has_documents():
        raise CollectionError(f"the collection {store.name} is empty", f"rag ingest --collection {store.name} PATH")


def load_chain(
    *,
    sources: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    on_message: Tell = silent,
) -> Runnable[Request, Answer]:
    """The chain that answers a question from the documents chosen, with a retriever as of `load_retriever`.

    `answering.chain.build_chain` says what it takes and raises.
    """
    settings = settings or Settings()
    retriever = load_retriever(sources=sources, where=where, settings=settings, on_message=on_message)
    return chain_over(retriever, settings, build_writer(settings), on_message)


def chain_over(
    retriever: HybridRetriever, settings: Settings, writer: Writer | None, on_message: Tell
) -> Runnable[Request, Answer]:
    """The chain that answers from this retriever's passages."""
    judge, reader = load_judge(settings, on_message), load_reader(settings, on_message)
    return build_chain(retriever, judge=judge, reader=reader, writer=writer, split=load_split(settings.sentences))


def build_writer(settings: Settings) -> Writer | None:
    """The chat model that RAG_LLM names, and what checks it, or None: quotes. Raises SettingsError."""
    chat_model = build_chat_model(settings)
    if chat_model is None:
        return None
    # A model that is small enough for this process judges worse than the reader, and takes a minute for it.
    judges = settings.reader == CHAT_READER or (settings.reader == AUTO and not settings.llm.startswith(GGUF))
    return Writer(chat_model, settings.llm, settings.context_tokens, judges)


def build_chat_model(settings: Settings) -> BaseChatModel | None:
    if settings.llm == QUOTES:
        return None
    from rag_app.answering.generation.chat_models import load_chat_model  # 0.5 s that quotes do not need

    return load_chat_model(settings.llm)


def build_ingest_options(settings: Settings) -> "IngestOptions":
    # The readers of files take 0.3 s to import, for which no question should wait.
    from ingest import load_find_sentences
    from ingest.pipeline import IngestOptions
    from ingest.reader_process import Bounds

    return IngestOptions(
        distance=settings.distance,
        chunk_tokens=settings.chunk_tokens,
        max_file_bytes=settings.max_file_mb * 1_000_000,
        speech_model=settings.whisper,
        password=settings.file_password.get_secret_value() if settings.file_password else None,
        allow_private_urls=settings.allow_private_urls,
        find_sentences=load_find_sentences(settings.sentences),
        bounds=Bounds(settings.max_file_seconds, settings.max_reader_mb * 1_000_000),
    )


def ingest_paths(
    paths: Sequence[str | Path],
    settings: Settings | None = None,
    *,
    prune: bool = False,
    rebuild: bool = False,
    include_all: bool = False,
    on_progress: "Callable[[Progress], None]" = lambda progress: None,
    on_message: Tell = silent,
) -> "IngestReport":
    """Bring the settings' collection, made if there is none, in step with these files, folders and URLs.

    Raises what `ingest.pipeline.ingest_files` raises.
    """
    from ingest.discovery import find_files, judge_absent, split_urls
    from ingest.pipeline import ingest_files

    settings = settings or Settings()
    options = replace(build_ingest_options(settings), prune=prune, rebuild=rebuild, include_all=include_all)
    if settings.collection not in list_collections(settings.data_dir):
        # A mistyped first path is refused before a model is converted for it and a collection made.
        _, local = split_urls(paths)
        judge_absent(find_files(local, include_all=include_all, max_bytes=options.max_file_bytes), known={})
    return ingest_files(
        paths,
        store=create_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url),
        model=load_model(settings, on_message),
        options=options,
        cache=build_vector_cache(settings),
        on_progress=on_progress,
        on_wait=on_message,
    )
