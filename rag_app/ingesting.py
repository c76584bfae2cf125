"""From settings and paths to a collection in step with them; apart from `wiring`, since readers are slow to import."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.absent import judge_absent
from ingest.pipeline import ingest_files
from ingest.report import IngestReport, Progress
from ingest.run import IngestOptions
from ingest.sentences import load_find_sentences
from ingest.sources import find_files, split_urls
from ingest.workers import Bounds
from rag_app.settings import Settings
from rag_app.wiring import LOADED, Tell, build_vector_cache, silent
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
        # A first path that is mistyped is told before a model is converted for it and a collection made.
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
