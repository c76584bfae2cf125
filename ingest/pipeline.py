"""Keeps a collection in step with files, folders and URLs: reads, chunks, embeds and stores what changed."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.chunking.chunks import ChunkSize
from ingest.chunking.sentences import FindSentences, find_sentences
from ingest.discovery import FoundFile, find_files, is_gone, judge_absent, split_urls
from ingest.embedding_queue import Embedder, store_all
from ingest.reader_process import Bounds, Reader, read_ahead
from ingest.reading.file_types import ParsedDocument, ParseOptions, describe_readers
from ingest.reading.pictures import with_objects
from ingest.reading.read_source import ReadOptions, ReadRequest, ReadSource, chunk_document, hash_file
from ingest.report import FileProgress, FileReport, IngestLog, IngestReport, Progress, Status, Stopped, notice_languages
from vectorstore import Store
from vectorstore.embeddings import EmbeddingModel, VectorCache
from vectorstore.pictures import Looks
from vectorstore.types import MISSING, READY, REMOVED, Fingerprint, IngestedSource, Refusal, SourceRecord


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """`chunk_tokens` is the size of a chunk in tokens of the embedding model; sizes of files are in bytes.

    `prune` forgets what is gone from disk, `rebuild` builds the whole collection again while the old one answers,
    `include_all` reads hidden files too. `password` opens encrypted files, `speech_model` is the folder of a Whisper
    model. `bounds` limits what reading one file may use. `find_sentences` finds the places where a paragraph over size
    may be split.
    """

    distance: str = "cosine"
    chunk_tokens: int = 170
    max_file_bytes: int = 200_000_000
    prune: bool = False
    rebuild: bool = False
    include_all: bool = False
    password: str | None = None
    speech_model: str | None = None
    allow_private_urls: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    find_sentences: FindSentences = find_sentences

    def chunk_size(self, model: EmbeddingModel) -> ChunkSize:
        return ChunkSize(self.chunk_tokens, model.max_tokens, model.count_tokens, self.find_sentences)


DEFAULTS = IngestOptions()


def ingest_files(
    paths: Sequence[str | Path],
    *,
    store: Store,
    model: EmbeddingModel,
    options: IngestOptions = DEFAULTS,
    cache: VectorCache | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_wait: Callable[[str], None] = lambda message: None,
) -> IngestReport:
    """Bring the collection in step with these files, folders and URLs, and report on each.

    What cannot be read is a line in the report, and its last good version stays. Raises InputError where a path
    leads nowhere, WrongModelError before anything is written, ProviderError and StorageError; what was stored stays.

    `on_progress` is called between two steps, and each half second while a file is read. Where it raises Stopped the
    ingest ends: files that are finished stay, the others are as they were (in a rebuild, all), and a warning says so.
    """
    log, sent = IngestLog(on_progress), model.count_sent() if model.count_sent else 0
    urls, local = split_urls(paths)
    found = find_files(local, include_all=options.include_all, max_bytes=options.max_file_bytes)
    log.total = len(found.files) + len(urls)
    made_by = Fingerprint(model.name, options.distance)
    is_rebuild = options.rebuild and store.fingerprint is not None
    # With the signatures of the pictures that the collection has, where the model sees pictures.
    looks = Looks(store.catalogue.signatures()) if model.embed_pictures else None
    with store.writing(None if is_rebuild else made_by, on_wait=on_wait), Embedder(model, cache, looks) as embedder:
        log.known = known = {record.source: record for record in store.catalogue.sources()}
        absent, log.warnings = judge_absent(found, known)
        # A removed source may be restored, whether its file is on disk or not.
        gone = [source for source in absent if known[source].state != REMOVED]
        changes = Changes(store, model, options, known, log, gone)
        try:
            with store.rebuilding(made_by) if is_rebuild else nullcontext(store) as changes.store:
                sync(changes, found.files, urls, embedder)
                if is_rebuild:
                    store_all(carry_over(changes, store), changes.store, embedder, log)
                else:
                    drop_gone(changes)
                note_outcomes(changes)
            log.warnings += notice_languages(store, model)
        except Stopped:
            if is_rebuild:
                log.reports.clear()
            store.take_back()
            left = log.total - len(log.reports)
            log.warnings.append(f"stopped: {left:,} of {log.total:,} files are left as they were")
    named = [*(file.source for file in found.files), *urls]
    return log.finish(store.name, named, tokens_sent=model.count_sent() - sent if model.count_sent else None)


@dataclass(slots=True)
class Changes:
    """The changes of one ingest: `known` is what the collection had, `gone` the sources that are no longer there,
    `emptied` those that are and have no text any more."""

    store: Store
    model: EmbeddingModel
    options: IngestOptions
    known: Mapping[str, SourceRecord]
    log: IngestLog
    gone: list[str]
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    new_refusals: list[Refusal] = field(default_factory=list)
    new_stamps: dict[str, int] = field(default_factory=dict)
    emptied: list[str] = field(default_factory=list)

    def ready_record(self, source: str) -> SourceRecord | None:
        """The record of a source that need not be read again while its content is the same."""
        record = None if self.options.rebuild else self.known.get(source)
        return record if record and record.state == READY else None

    @property
    def readers(self) -> str:
        return describe_readers(self.options.password, self.options.speech_model)

    def known_hash(self, source: str) -> str | None:
        record = self.ready_record(source)
        return record.content_hash if record else None


def sync(changes: Changes, files: Sequence[FoundFile], urls: Sequence[str], embedder: Embedder) -> None:
    """Read, embed and store what is new or has changed."""
    changes.refusals = {} if changes.options.rebuild else changes.store.catalogue.refusals(changes.readers)
    with closing(read_changed(changes, files, urls)) as items:  # an ingest that is stopped ends its reader at once
        store_all(items, changes.store, embedder, changes.log)


def note_outcomes(changes: Changes) -> None:
    """Note what spares the next ingest to read files, and which of those that were refused have gone since."""
    catalogue, reported = changes.store.catalogue, changes.log.reports
    catalogue.note_stamps(changes.new_stamps)
    gone = [source for source in changes.refusals if source not in reported and is_gone(source)]
    catalogue.note_refusals(changes.new_refusals, reader=changes.readers, gone=gone)


def read_changed(
    changes: Changes, files: Sequence[FoundFile], urls: Sequence[str]
) -> Generator[IngestedSource, None, None]:
    """The documents of these files and URLs that are new or have changed; reports the outcome of all others."""
    options, model, log = changes.options, changes.model, changes.log
    requests = [request for file in files if (request := judge(changes, file))]
    requests += [ReadRequest(url, None, changes.known_hash(url)) for url in urls]
    for request in requests:
        log.show(FileProgress(request.source, "waiting"))
    parse = ParseOptions(options.password, model.sequence_letters, options.speech_model)
    size, sees = options.chunk_size(model), model.embed_pictures is not None
    how = ReadOptions(size, options.max_file_bytes, parse, options.allow_private_urls, sees)
    with closing(read_ahead(note_begun(log, requests), Reader(how, options.bounds), on_wait=log.show)) as reads:
        for read in reads:
            if item := judge_read(changes, read):
                yield with_objects(item, model.find_objects, size) if model.find_objects else item


def note_begun(log: IngestLog, requests: Iterable[ReadRequest]) -> Iterator[ReadRequest]:
    for request in requests:
        log.show(FileProgress(request.source, "reading"))
        yield request


def judge(changes: Changes, file: FoundFile) -> ReadRequest | None:
    """The request to read a file; None, and a report, where the outcome is known without reading it."""
    log = changes.log
    record, refusal = changes.ready_record(file.source), changes.refusals.get(file.source)
    if file.skip_reason:
        is_failure = file.skip_reason.startswith("cannot be read")
        log.report(FileReport(file.source, "failed" if is_failure else "skipped", reason=file.skip_reason))
    elif record and is_same(file, record):
        if file.stamp != record.stamp:
            changes.new_stamps[file.source] = file.stamp
        log.report(FileReport(file.source, "unchanged", record.chunks))
    elif refusal and file.stamp and file.stamp == refusal.stamp:
        is_skipped = refusal.status == "skipped"
        log.report(FileReport(file.source, "skipped" if is_skipped else "failed", reason=refusal.reason))
    else:
        return ReadRequest(file.source, file.path, file_size=file.size, stamp=file.stamp)
    return None


def is_same(file: FoundFile, record: SourceRecord) -> bool:
    """By its stamp, else by its content: a stamp changes with a file's name and permissions, too."""
    if file.stamp and file.stamp == record.stamp:
        return True
    return file.size == record.size and hash_file(file.path) == record.content_hash


def judge_read(changes: Changes, read: ReadSource) -> IngestedSource | None:
    """The document that was read; None, and a report, where there is none to store."""
    request, log = read.request, changes.log
    source = request.source
    if read.outcome == "same":
        log.report(FileReport(source, "unchanged", changes.known[source].chunks))
    elif read.outcome == "gone" and source in changes.known:
        changes.gone.append(source)
    elif read.item is None:
        status: Status = "failed" if read.outcome == "failed" else "skipped"
        log.report(FileReport(source, status, reason=read.reason))
        if read.outcome == "empty" and source in changes.known:
            changes.emptied.append(source)
            log.warnings.append(f"{source}: no text is left in it; what it had before is removed")
        if request.path is not None and read.is_final:
            refusal = Refusal(source, request.file_size, request.stamp, status, read.reason or "")
            changes.new_refusals.append(refusal)
    elif read.left_out:
        log.warnings.append(f"{source}: {read.left_out}")
    return read.item


def carry_over(changes: Changes, before: Store) -> Iterator[IngestedSource]:
    """The sources that a rebuild has not read again, from their stored text."""
    rebuilt = {record.source for record in changes.store.catalogue.sources()}
    for record in changes.known.values():
        if record.source in rebuilt or record.source in changes.emptied:
            continue
        if record.source in changes.gone:
            changes.log.report(gone_report(changes, record.source))
            if changes.options.prune:
                continue
            record = replace(record, state=MISSING)
        item = restore(changes, record, before)
        if record.source not in changes.log.reports and record.state == READY:
            changes.log.report(FileReport(record.source, "updated", len(item.chunks), "from its stored text"))
        yield item


def restore(changes: Changes, record: SourceRecord, before: Store) -> IngestedSource:
    """A source from its stored text; for a model that sees pictures, with those that are stored."""
    pages = before.catalogue.pages(record.text_id)
    if record.state == MISSING:
        return IngestedSource(record, pages, [])
    if changes.model.embed_pictures:
        ids = sorted(before.catalogue.chunk_ids(sources=[record.source]))
        found = [chunk for chunk, _ in before.fetch(ids).values()]
        pictures = before.catalogue.pictures([chunk.picture for chunk in found])
        chunks = [chunk for chunk in found if chunk.picture in pictures]
        return IngestedSource(replace(record, chunks=len(chunks)), pages, chunks, pictures)
    document = ParsedDocument(record.title, tuple(pages), record.kind, record.is_titled)
    chunks = chunk_document(record.source, document, changes.options.chunk_size(changes.model))
    return IngestedSource(replace(record, chunks=len(chunks)), pages, chunks)


def drop_gone(changes: Changes) -> None:
    """Leave sources that are gone from disk out of answers; with `prune`, delete them from the collection.

    Those that are there and have no text are deleted, as a first ingest would not have added them.
    """
    prune = changes.options.prune
    if changes.emptied:
        changes.store.remove(changes.emptied, forget=True)
    going = [source for source in changes.gone if prune or changes.known[source].state != MISSING]
    if going:
        changes.store.remove(going, forget=prune)
    for source in changes.gone:
        changes.log.report(gone_report(changes, source))


def gone_report(changes: Changes, source: str) -> FileReport:
    where = "from the web" if "://" in source else "from disk"
    return FileReport(source, "removed" if changes.options.prune else "missing", reason=f"gone {where}")
