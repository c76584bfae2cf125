"""From settings and paths to a collection in step with them; apart from `wiring`, since readers are slow to import."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.pipeline import IngestOptions, ingest_files, judge_absent
from ingest.report import IngestReport, Progress
from ingest.sources import find_files
from rag_app.settings import Settings
from rag_app.wiring import LOADED, Tell, silent
from vectorstore.collections import create_store, list_collections


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
    if settings.collection not in list_collections(settings.data_dir):
        # A first path that is mistyped is told before a model is converted for it and a collection made.
        judge_absent(find_files(paths, include_all=include_all, max_bytes=options.max_file_bytes), known={})
    return ingest_files(
        paths,
        store=create_store(settings.data_dir, settings.collection, chroma_url=settings.chroma_url),
        model=LOADED.get(settings, on_message),
        distance=settings.distance,
        options=options,
        on_progress=on_progress,
        on_wait=on_message,
    )
