"""From a collection to its chunks in the order in which they are read, and what they say without headings."""

import re
from collections.abc import Iterator

from vectorstore.store import Store
from vectorstore.types import Chunk

BATCH = 500
HEADING_MARKS = re.compile(r"^[#=*_\s]+|[#=*_:\s]+$")
HEADING_LINE = re.compile(r"#{1,6}\s")


def read_chunks(store: Store) -> list[Chunk]:
    """Every chunk that can be found, by source, page and place."""
    ids = sorted(store.catalogue.chunk_ids() - store.catalogue.hidden_ids())
    chunks = [
        chunk for start in range(0, len(ids), BATCH) for chunk, _ in store.fetch(ids[start : start + BATCH]).values()
    ]
    return sorted(chunks, key=lambda chunk: (chunk.source, chunk.page or 0, chunk.start))


def without_headings(chunk: Chunk) -> str:
    """A chunk's text without the headings that it begins with, which would give away what it is asked for."""
    lines = chunk.text.splitlines(keepends=True)
    names = {bare(name) for name in (*chunk.headings, chunk.title)}
    while lines and (HEADING_LINE.match(lines[0]) or bare(lines[0]) in names or not bare(lines[0])):
        del lines[0]
    return "".join(lines).strip()


def bare(line: str) -> str:
    return HEADING_MARKS.sub("", line).casefold()


def read_sentences(store: Store) -> Iterator[str]:
    """The texts that word vectors are learned from, each once."""
    seen: set[str] = set()
    for chunk in read_chunks(store):
        if chunk.text not in seen:
            seen.add(chunk.text)
            yield chunk.text
