"""Defines the Python API: ingest, chain, retriever and page, each from the settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from langchain_core.runnables import Runnable

from ingest.report import IngestReport
from rag_app.answering.chain import Request
from rag_app.settings import Settings
from rag_app.types import Answer
from rag_app.wiring import build_answer_chain, build_retriever, build_store, run_ingest
from vectorstore.search.retriever import HybridRetriever
from vectorstore.types import SourceFilter


def ingest_paths(
    paths: Sequence[str | Path],
    *,
    settings: Settings | None = None,
    prune: bool = False,
    rebuild: bool = False,
    include_all: bool = False,
) -> IngestReport:
    """Bring the collection in step with these files, folders and URLs; errors as of `ingest.pipeline.ingest_files`."""
    return run_ingest(paths, settings or Settings(), prune=prune, rebuild=rebuild, include_all=include_all)


def load_chain(*, settings: Settings | None = None) -> Runnable[Request, Answer]:
    """The chain that answers a question; see `answering.chain.build_chain` for what it takes and raises."""
    return build_answer_chain(settings or Settings())


def load_retriever(
    *,
    k: int | None = None,
    sources: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> HybridRetriever:
    """A LangChain retriever of the `k` best passages (RAG_TOP_K by default), for chains of one's own.

    `sources` and `where` choose documents, as `vectorstore.types.SourceFilter` says.
    """
    return build_retriever(settings or Settings(), k=k, source_filter=SourceFilter.of(sources, where))


def load_page(source: str | Path, page: int | None = None, *, settings: Settings | None = None) -> str:
    """The stored text that the offsets of chunks and citations of this source and page point into."""
    return build_store(settings or Settings()).load_page(str(source), page)
