"""Keeps a collection in step with files, folders and URLs: reads, chunks, embeds and stores what changed."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.batching import IngestOptions, store_all
from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.discovery import FoundFile, find_files, judge_absent, split_urls
from ingest.embedding_queue import Embedder
from ingest.reader_process import Reader, read_ahead
from ingest.reading.file_types import ParseOptions, describe_readers, has_markdown
from ingest.reading.pictures import with_objects
from ingest.reading.read_source import ReadOptions, ReadRequest, ReadSource
from ingest.report import FileProgress, FileReport, IngestLog, IngestReport, Progress, Status, Stopped, notice_languages
from vectorstore.embeddings import EmbeddingModel, VectorCache
from vectorstore.pictures import Looks
from vectorstore.storage.store import Store
from vectorstore.types import MISSING, READY, REMOVED, Fingerprint, IngestedSource, Refusal, SourceRecord, hash_pages

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
    began, sent = time.monotonic(), model.count_sent() if model.count_sent else 0
    urls, local = split_urls(paths)
    found = find_files(local, include_all=options.include_all, max_bytes=options.max_file_bytes)
    made_by = Fingerprint(model.name, options.distance)
    is_rebuild = options.rebuild and store.fingerprint is not None
    with (
        store.writing(None if is_rebuild else made_by, on_wait=on_wait),
        open_embedder(store, model, cache) as embedder,
    ):
        known = {record.source: record for record in store.catalogue.sources()}
        absent, warnings = judge_absent(found, known)
        absent = [source for source in absent if known[source].state != REMOVED]  # may be restored, on disk or not
        log = IngestLog(on_progress, known, total=len(found.files) + len(urls))
        changes = Changes(store, model, options, known, log, gone=absent)
        try:
            if is_rebuild:
                with store.rebuilding(made_by) as changes.store:
                    sync(changes, found.files, urls, embedder)
                    store_all(carry_over(changes, store), changes.store, embedder, log)
            else:
                sync(changes, found.files, urls, embedder)
                drop_gone(changes)
            warnings += notice_languages(store, model)
        except Stopped:
            if is_rebuild:
                log.reports.clear()
            store.take_back()
            warnings.append(f"stopped: {log.total - len(log.reports):,} of {log.total:,} files are left as they were")
    return IngestReport(
        collection=store.name,
        files=in_order(log.reports, [*(file.source for file in found.files), *urls]),
        chunks_embedded=log.chunks_embedded,
        characters_embedded=log.characters_embedded,
        seconds=time.monotonic() - began,
        warnings=(*warnings, *log.warnings),
        tokens_sent=model.count_sent() - sent if model.count_sent else None,
    )


def open_embedder(store: Store, model: EmbeddingModel, cache: VectorCache | None) -> Embedder:
    """With the signatures of the pictures that the collection has, where the model sees pictures."""
    return Embedder(model, cache, Looks(store.catalogue.signatures()) if model.embed_pictures else None)


def in_order(reports: dict[str, FileReport], sources: Sequence[str]) -> tuple[FileReport, ...]:
    """The reports in the order of `sources`, those of other sources last."""
    named = dict.fromkeys(sources)
    first = [reports[source] for source in named if source in reports]
    return (*first, *(report for source, report in reports.items() if source not in named))


@dataclass(slots=True)
class Changes:
    """The changes of one ingest: `known` is what the collection had, `gone` the sources that are no longer there."""

    store: Store
    model: EmbeddingModel
    options: IngestOptions
    known: Mapping[str, SourceRecord]
    log: IngestLog
    gone: list[str]
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    new_refusals: list[Refusal] = field(default_factory=list)

    def ready_record(self, source: str) -> SourceRecord | None:
        """The record of a source that need not be read again while its content is the same."""
        record = None if self.options.rebuild else self.known.get(source)
        return record if record and record.state == READY else None


def sync(changes: Changes, files: Sequence[FoundFile], urls: Sequence[str], embedder: Embedder) -> None:
    """Read, embed and store what is new or has changed."""
    options, store = changes.options, changes.store
    readers = describe_readers(options.password, options.speech_model)
    changes.refusals = {} if options.rebuild else store.catalogue.refusals(readers)
    with closing(read_changed(changes, files, urls)) as items:  # an ingest that is stopped ends its reader at once
        store_all(items, store, embedder, changes.log)
    store.catalogue.note_refusals(changes.new_refusals, reader=readers)


def read_changed(
    changes: Changes, files: Sequence[FoundFile], urls: Sequence[str]
) -> Generator[IngestedSource, None, None]:
    """The documents of these files and URLs that are new or have changed; reports the outcome of all others."""
    options, model, log = changes.options, changes.model, changes.log
    by_source = {file.source: file for file in files}
    requests = [request for file in files if (request := judge(changes, file))]
    requests += [ReadRequest(url, None, content_hash_of(changes.ready_record(url))) for url in urls]
    for request in requests:
        log.show(FileProgress(request.source, "waiting"))
    parse = ParseOptions(options.password, model.sequence_letters, options.speech_model)
    size, sees = size_of(model, options), model.embed_pictures is not None
    how = ReadOptions(size, options.max_file_bytes, parse, options.allow_private_urls, sees)
    with closing(read_ahead(note_begun(log, requests), Reader(how, options.bounds), on_wait=log.show)) as reads:
        for read in reads:
            item = judge_read(changes, read, by_source.get(read.source))
            if item:
                yield with_objects(item, model.find_objects, size) if model.find_objects else item


def size_of(model: EmbeddingModel, options: IngestOptions) -> ChunkSize:
    return ChunkSize(options.chunk_tokens, model.max_tokens, model.count_tokens, options.find_sentences)


def note_begun(log: IngestLog, requests: Iterable[ReadRequest]) -> Iterator[ReadRequest]:
    for request in requests:
        log.show(FileProgress(request.source, "reading"))
        yield request


def content_hash_of(record: SourceRecord | None) -> str | None:
    return record.content_hash if record else None


def judge(changes: Changes, file: FoundFile) -> ReadRequest | None:
    """The request to read a file; None, and a report, where the outcome is known without reading it."""
    if file.skip_reason:
        is_failure = file.skip_reason.startswith("cannot be read")
        changes.log.report(FileReport(file.source, "failed" if is_failure else "skipped", reason=file.skip_reason))
        return None
    record = changes.ready_record(file.source)
    if record and (record.size, record.mtime_ns) == (file.size, file.mtime_ns):
        changes.log.report(FileReport(file.source, "unchanged", record.chunks))
        return None
    refusal = changes.refusals.get(file.source)
    if refusal and (refusal.size, refusal.mtime_ns) == (file.size, file.mtime_ns):
        status: Status = "skipped" if refusal.status == "skipped" else "failed"
        changes.log.report(FileReport(file.source, status, reason=refusal.reason))
        return None
    return ReadRequest(file.source, file.path, content_hash_of(record))


def judge_read(changes: Changes, read: ReadSource, file: FoundFile | None) -> IngestedSource | None:
    """The document that was read; None, and a report, where there is none to store."""
    log = changes.log
    if read.outcome == "same":
        if file is not None:
            changes.store.catalogue.touch(read.source, size=file.size, mtime_ns=file.mtime_ns)
        log.report(FileReport(read.source, "unchanged", changes.known[read.source].chunks))
        return None
    if read.outcome == "gone" and read.source in changes.known:
        changes.gone.append(read.source)
        return None
    if read.document is None:
        log.report(FileReport(read.source, "skipped" if read.outcome == "skipped" else "failed", reason=read.reason))
        if file is not None and read.is_final:
            refusal = Refusal(read.source, file.size, file.mtime_ns, read.outcome, read.reason or "")
            changes.new_refusals.append(refusal)
        return None
    if read.left_out:
        log.warnings.append(f"{read.source}: {read.left_out}")
    document = read.document
    record = SourceRecord(
        source=read.source,
        title=document.title,
        is_titled=document.is_titled,
        kind=document.kind,
        text_id=hash_pages(document.pages),
        content_hash=read.content_hash,
        size=file.size if file else read.n_bytes,
        mtime_ns=file.mtime_ns if file else 0,
        chunks=len(read.chunks),
        state=READY,
        ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return IngestedSource(record, document.pages, read.chunks, {picture.hash: picture for picture in read.pictures})


def carry_over(changes: Changes, before: Store) -> Iterator[IngestedSource]:
    """The sources that a rebuild has not read again, from their stored text."""
    rebuilt = {record.source for record in changes.store.catalogue.sources()}
    for record in changes.known.values():
        if record.source in rebuilt:
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
        found = [
            chunk for chunk, _ in before.fetch(sorted(before.catalogue.chunk_ids(sources=[record.source]))).values()
        ]
        pictures = before.catalogue.pictures([chunk.picture for chunk in found])
        chunks = [chunk for chunk in found if chunk.picture in pictures]
        return IngestedSource(replace(record, chunks=len(chunks)), pages, chunks, pictures)
    size, markdown = size_of(changes.model, changes.options), has_markdown(record.kind)
    chunks = chunk_pages(record.source, record.title, pages, markdown=markdown, size=size, is_titled=record.is_titled)
    return IngestedSource(replace(record, chunks=len(chunks)), pages, chunks)


def drop_gone(changes: Changes) -> None:
    """Leave sources that are gone from disk out of answers; with `prune`, delete them from the collection."""
    prune = changes.options.prune
    going = [source for source in changes.gone if prune or changes.known[source].state != MISSING]
    if going:
        changes.store.remove(going, forget=prune)
    for source in changes.gone:
        changes.log.report(gone_report(changes, source))


def gone_report(changes: Changes, source: str) -> FileReport:
    where = "from the web" if "://" in source else "from disk"
    return FileReport(source, "removed" if changes.options.prune else "missing", reason=f"gone {where}")
