"""From a collection's catalogue to the rows of its shelf: what is kept of each document, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.kinds import describe_readers
from rag_app.settings import Settings
from vectorstore.records import REMOVED, Refusal, SourceRecord
from vectorstore.store import Store

FAILED = "failed"


def shelf_rows(store: Store, settings: Settings) -> list[dict[str, Any]]:
    """A row a document, and one a file that could not be read; 2,000 are sent with every click, so they are short."""
    password = settings.file_password.get_secret_value() if settings.file_password else None
    refusals = store.catalogue.refusals(describe_readers(password, settings.whisper))
    failed = {source: refusal for source, refusal in refusals.items() if refusal.status == FAILED}
    return list(rows_of(store.catalogue.sources(), failed))


def rows_of(records: Sequence[SourceRecord], failed: Mapping[str, Refusal]) -> Iterator[dict[str, Any]]:
    for record in records:
        if record.state != REMOVED:
            yield record_row(record, failed.get(record.source))
    for source in failed.keys() - {record.source for record in records}:
        refusal = failed[source]
        yield {
            "source": source,
            "title": name_of(source),
            "state": FAILED,
            "reason": refusal.reason,
            "size": refusal.size,
        }


def record_row(record: SourceRecord, refusal: Refusal | None) -> dict[str, Any]:
    row = {
        "source": record.source,
        "title": record.title,
        "kind": record.kind,
        "size": record.size,
        "chunks": record.chunks,
        "added": record.ingested_at,
        "state": record.state,
    }
    if refusal and refusal.mtime_ns > record.mtime_ns:
        row |= {"state": FAILED, "reason": f"Its newest version could not be read: {refusal.reason}"}
    return row


def name_of(source: str) -> str:
    """A file's name; of a web page the whole address."""
    return source if "://" in source else source.rpartition("/")[2]
