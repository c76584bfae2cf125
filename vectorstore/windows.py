"""Chunks turned into what the lexical index holds of each: its words and those of its neighbours in the document."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from vectorstore.analysis import analyze, detect_language
from vectorstore.types import Chunk

# So many characters of neighbours are taken on either side: names and subjects are said once and then go on as "it".
# On SciFact's training queries whole abstracts (about 1,500 characters) find better than chunks of 200 tokens do.
NEIGHBOUR_CHARACTERS = 1_000
# A chunk's own words count twice where it has neighbours, so that of two neighbours the one that says it comes first.
OWN_WEIGHT = 2


def lexical_texts(chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, str, str]]:
    """Each chunk with its language and its terms, parted by spaces; a source's chunks come together and in order."""
    for _, group in groupby(chunks, key=lambda chunk: chunk.source):
        yield from _of_one_source(list(group))


def _of_one_source(chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, str, str]]:
    language = detect_language("\n".join(chunk.text for chunk in chunks[:8]))
    own = [" ".join(analyze(chunk.text, language)) for chunk in chunks]
    names: dict[tuple[str, ...], str] = {}
    for place, chunk in enumerate(chunks):
        heads = (chunk.title, *chunk.headings)
        if heads not in names:
            names[heads] = " ".join(analyze("\n".join(heads), language))
        around = [own[i] for i in neighbours(chunks, place)]
        times = OWN_WEIGHT if around else 1
        yield chunk, language, " ".join((names[heads], *around, *[own[place]] * times))


def neighbours(chunks: Sequence[Chunk], place: int) -> list[int]:
    """The nearest chunks before and after one, as far as NEIGHBOUR_CHARACTERS go on either side."""
    found = []
    for step in (-1, 1):
        room, other = NEIGHBOUR_CHARACTERS, place + step
        while 0 <= other < len(chunks) and len(chunks[other].text) <= room:
            room -= len(chunks[other].text)
            found.append(other)
            other += step
    return found
