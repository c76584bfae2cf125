"""From files to a collection in step with them: what is new is read, cut, embedded and stored; what is gone goes."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest.chunking import ChunkSize, chunk_pages
from ingest.parsing import HEAD_BYTES, ParsedDocument, detect_kind, parse_document
from ingest.report import FileReport, IngestReport, Progress
from ingest.sources import FoundFile, FoundFiles, find_files
from vectorstore.catalogue import MISSING, READY, SourceRecord, hash_pages
from vectorstore.embeddings import EmbeddingModel, embed_chunks
from vectorstore.errors import InputError, UnreadableFileError
from vectorstore.store import Fingerprint, IngestedSource, Store
from vectorstore.types import Chunk

# Sources are stored in groups of about so many chunks: few enough that a killed run loses seconds, many enough that
# committing the indexes costs little.
GROUP_CHUNKS = 512
# Between two of these the progress moves: about two seconds of embedding on two cores.
EMBED_CHUNKS = 128


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """`chunk_tokens` is the size of a chunk in tokens of the embedding model; sizes of files in bytes.

    `prune` forgets what is gone from disk, `rebuild` reads everything again, `include_all` reads hidden files too.
    """

    chunk_tokens: int = 200
    max_file_bytes: int = 200_000_000
    prune: bool = False
    rebuild: bool = False
    include_all: bool = False


@dataclass(slots=True)
class Pending:
    """A source that is read and cut, not yet embedded."""

    file: FoundFile
    content_hash: str
    document: ParsedDocument
    chunks: list[Chunk]
    is_new: bool


@dataclass(slots=True)
class Run:
    """One ingest under way: what it works with, and what it has found out so far."""

    store: Store
    model: EmbeddingModel
    options: IngestOptions
    on_progress: Callable[[Progress], None]
    known: dict[str, SourceRecord]
    total: int
    reports: dict[str, FileReport] = field(default_factory=dict)
    waiting: list[Pending] = field(default_factory=list)
    chunks_embedded: int = 0
    chunks_known: int = 0
    characters_embedded: int = 0

    def report(self, file: FileReport) -> None:
        self.reports[file.source] = file

    def tell(self, current: str) -> None:
        done = len(self.reports)
        self.on_progress(Progress(done, self.total, self.chunks_embedded, self.chunks_known, current))


def ingest_files(
    paths: Sequence[str | Path],
    *,
    store: Store,
    model: EmbeddingModel,
    distance: str = "cosine",
    options: IngestOptions = IngestOptions(),
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_wait: Callable[[str], None] = lambda message: None,
) -> IngestReport:
    """Bring the collection in step with these files and folders, and report on each file.

    A file that cannot be read is a line in the report, and its last good version stays. Raises InputError where a path
    leads nowhere, WrongModelError before anything is written, ProviderError and StorageError; what was stored stays.
    """
    began = time.monotonic()
    found = find_files(paths, include_all=options.include_all, max_bytes=options.max_file_bytes)
    with store.writing(Fingerprint(model.name, distance), on_wait=on_wait):
        known = {record.source: record for record in store.catalogue.sources()}
        absent, warnings = judge_absent(found, known)
        run = Run(store, model, options, on_progress, known, total=len(found.files))
        for file in found.files:
            run.tell(file.source)
            take_file(run, file)
        flush(run)
        drop_absent(run, absent)
    return IngestReport(
        collection=store.name,
        files=tuple(run.reports.values()),
        chunks_embedded=run.chunks_embedded,
        characters_embedded=run.characters_embedded,
        seconds=time.monotonic() - began,
        warnings=tuple(warnings),
    )


def judge_absent(found: FoundFiles, known: dict[str, SourceRecord]) -> tuple[list[str], list[str]]:
    """The known sources that are gone from disk, and warnings about folders that may only be unmounted."""
    present = {file.source for file in found.files}
    absent, warnings = [], []
    for folder in found.folders:
        inside = [source for source in known if is_below(source, folder) and source not in present]
        if not any(is_below(source, folder) for source in present):
            kept = f"; its {len(inside)} documents are kept" if inside else ""
            warnings.append(f"there is nothing to ingest in {folder}{kept}")
        else:
            # Hidden and ignored files that were named one by one are not found by walking, and yet are there.
            absent += [source for source in inside if is_gone(source)]
    for path in found.absent:
        inside = [source for source in known if is_below(source, path)]
        if str(path) in known:
            absent.append(str(path))
        elif inside:
            warnings.append(f"{path} is not there; its {len(inside)} documents are kept")
        else:
            raise InputError(
                f"there is no file or folder {path}",
                "check the path; rag ingest --help shows examples",
            )
    return absent, warnings


def is_gone(source: str) -> bool:
    """False too where nobody can tell, such as in a folder that may not be entered."""
    try:
        Path(source).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_below(source: str, folder: Path) -> bool:
    return source.startswith(f"{folder}/") or folder in Path(source).parents


def take_file(run: Run, file: FoundFile) -> None:
    if file.skip_reason:
        status = "failed" if file.skip_reason.startswith("cannot be read") else "skipped"
        run.report(FileReport(file.source, status, reason=file.skip_reason))  # type: ignore[arg-type]
        return
    record = None if run.options.rebuild else run.known.get(file.source)
    if record and record.state == READY and (record.size, record.mtime_ns) == (file.size, file.mtime_ns):
        run.report(FileReport(file.source, "unchanged", record.chunks))
        return
    try:
        read_file(run, file, record)
    except UnreadableFileError as error:
        run.report(FileReport(file.source, "failed", reason=f"{error.message} ({error.hint})"))
    except OSError as error:
        run.report(
            FileReport(
                file.source,
                "failed",
                reason=f"cannot be read: {error.strerror or error}",
            )
        )
    if sum(len(pending.chunks) for pending in run.waiting) >= GROUP_CHUNKS:
        flush(run)


def read_file(run: Run, file: FoundFile, record: SourceRecord | None) -> None:
    data = file.path.read_bytes()
    content_hash = hashlib.sha256(data).hexdigest()
    if record and record.state == READY and record.content_hash == content_hash:
        run.store.catalogue.touch(file.source, size=file.size, mtime_ns=file.mtime_ns)
        run.report(FileReport(file.source, "unchanged", record.chunks))
        return
    if data and detect_kind(file.path, data[:HEAD_BYTES]) is None:
        kind = file.path.suffix or "no suffix"
        run.report(
            FileReport(
                file.source,
                "skipped",
                reason=f"a kind of file that is not read ({kind})",
            )
        )
        return
    document = parse_document(file.path, data)
    size = ChunkSize(run.options.chunk_tokens, run.model.max_tokens, run.model.count_tokens)
    chunks = chunk_pages(
        file.source,
        document.title,
        document.pages,
        markdown=document.markdown,
        size=size,
    )
    run.chunks_known += len(chunks)
    run.waiting.append(Pending(file, content_hash, document, chunks, is_new=file.source not in run.known))


def flush(run: Run) -> None:
    """Embed and store what is waiting."""
    if not run.waiting:
        return
    chunks = [chunk for pending in run.waiting for chunk in pending.chunks]
    vectors = []
    for start in range(0, len(chunks), EMBED_CHUNKS):
        part = [chunk.embedded_text for chunk in chunks[start : start + EMBED_CHUNKS]]
        vectors.extend(embed_chunks(run.model, part))
        run.chunks_embedded += len(part)
        run.characters_embedded += sum(map(len, part))
        run.tell(chunks[start].source)
    run.store.replace(list(with_vectors(run.waiting, vectors)))
    for pending in run.waiting:
        status = "added" if pending.is_new else "updated"
        run.report(FileReport(pending.file.source, status, len(pending.chunks)))  # type: ignore[arg-type]
    run.waiting = []


def with_vectors(waiting: Iterable[Pending], vectors: Sequence[Sequence[float]]) -> Iterable[IngestedSource]:
    start = 0
    for pending in waiting:
        end = start + len(pending.chunks)
        yield IngestedSource(
            describe(pending),
            pending.document.pages,
            pending.chunks,
            vectors[start:end],
        )
        start = end


def describe(pending: Pending) -> SourceRecord:
    document, file = pending.document, pending.file
    return SourceRecord(
        source=file.source,
        title=document.title,
        kind=document.kind,
        text_id=hash_pages(document.pages),
        content_hash=pending.content_hash,
        size=file.size,
        mtime_ns=file.mtime_ns,
        chunks=len(pending.chunks),
        state=READY,
        ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def drop_absent(run: Run, absent: Sequence[str]) -> None:
    """What is gone from disk leaves the answers; with `prune` it leaves the collection."""
    prune = run.options.prune
    going = [source for source in absent if prune or run.known[source].state != MISSING]
    if going:
        run.store.remove(going, forget=prune)
    for source in absent:
        run.report(FileReport(source, "removed" if prune else "missing", reason="gone from disk"))
