"""Reads a file into its pictures, for a collection of pictures: each is a chunk of one line of its page's text.

The line is the picture's caption where the page has one for it, else its name and size.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.reading.file_types import ParsedDocument, ParseOptions, detect_kind
from ingest.reading.formats.document_pictures import Figure, read_figures
from ingest.reading.parsing import parse_document
from vectorstore.embeddings import Box
from vectorstore.errors import EmptyDocumentError, UnreadableFileError
from vectorstore.pictures import keep_picture, read_pixels
from vectorstore.types import Chunk, IngestedSource, Page, Picture, hash_pages

# Of the line of the picture that an object is on.
SHOWN_CHARACTERS = 60
# A line that begins as captions do, whatever signs of emphasis precede it.
CAPTION = re.compile(
    r"^[>*_#\s]*((?:fig(?:ure|\.)?|abb(?:ildung|\.)|figura|plate|chart|diagram|photo(?:graph)?|image|illustration)"
    r"\s*\d+\b.*\S)",
    re.IGNORECASE | re.MULTILINE,
)


# The page, start and end of the line of a picture, in the text of that page.
Place = tuple[int | None, int, int, Picture]


class Pictured(NamedTuple):
    """The document with its page texts complete, a chunk for each picture, the pictures, and what was left out."""

    document: ParsedDocument
    chunks: Sequence[Chunk]
    pictures: Sequence[Picture]
    left_out: str


def read_pictured(source: str, path: Path, data: bytes, *, size: ChunkSize, password: str | None = None) -> Pictured:
    """Raises UnreadableFileError, EmptyDocumentError where there is no picture in it."""
    kind = detect_kind(path, data) if data else None
    if kind == "image":
        picture, left_out = keep_picture(read_pixels(data)), ""
        document = _read_text(path, data, kind)
        first, *others = document.pages or (Page(None, ""),)
        line = f"Picture: {path.name} ({picture.width} × {picture.height})"
        text = f"{line}\n\n{first.text}" if first.text else line
        pages: tuple[Page, ...] = (Page(first.number, text), *others)
        places: list[Place] = [(first.number, 0, len(text), picture)]
    else:
        figures, left_out = read_figures(data, kind=kind, password=password) if kind else ([], "")
        if kind is None or not figures:
            raise _nothing(left_out)
        document = _read_text(path, data, kind, password)
        pages, places = place_figures(document.pages, figures)
    document = replace(document, pages=pages)
    texts = {page.number: page.text for page in pages}
    title, is_titled = document.title, document.is_titled
    lines = [
        Chunk(source, title, page, start, end, texts[page][start:end], (), is_titled, picture.hash)
        for page, start, end, picture in places
    ]
    return Pictured(document, [_cut_to_window(line, size) for line in lines], [place[-1] for place in places], left_out)


def _nothing(left_out: str) -> UnreadableFileError:
    if left_out:
        return UnreadableFileError(f"no picture could be read: {left_out}", "save it again in its own program")
    hint = "texts belong in a collection of a model of texts, such as RAG_EMBEDDINGS=minilm"
    return EmptyDocumentError("no picture in it", hint)


def _read_text(path: Path, data: bytes, kind: str, password: str | None = None) -> ParsedDocument:
    """A picture or a scan that nothing reads the text of is a document without pages."""
    try:
        return parse_document(path, data, ParseOptions(password))
    except UnreadableFileError:
        return ParsedDocument(path.stem or path.name, (), kind, is_titled=False)


def place_figures(pages: Sequence[Page], figures: Sequence[Figure]) -> tuple[tuple[Page, ...], list[Place]]:
    """The pages, with a line at the end for each picture that no caption of theirs is for, and where all lines are.

    As many captions as pictures on a page are theirs, in order; of another number nobody knows whose they are.
    """
    texts = {page.number: page.text for page in pages}
    if len(pages) == 1 and None in {pages[0].number, figures[0][0]}:  # a document that is all one page
        figures = [(pages[0].number, picture) for _, picture in figures]
    places: list[Place] = []
    for number in dict.fromkeys(number for number, _ in figures):
        shown = [picture for page, picture in figures if page == number]
        text = texts.get(number, "")
        spans = [match.span(1) for match in CAPTION.finditer(text)]
        if len(spans) != len(shown):
            spans = []
            for place, picture in enumerate(shown, 1):
                text, span = _append_line(text, f"Picture {place} ({picture.width} × {picture.height})")
                spans.append(span)
        texts[number] = text
        places += [(number, *span, picture) for span, picture in zip(spans, shown, strict=True)]
    ordered = sorted(texts, key=lambda number: number or 0)
    return tuple(Page(number, texts[number]) for number in ordered), places


def _append_line(text: str, line: str) -> tuple[str, tuple[int, int]]:
    text += f"\n\n{line}" if text else line
    return text, (len(text) - len(line), len(text))


def _cut_to_window(line: Chunk, size: ChunkSize) -> Chunk:
    """As much of the line as the model's window takes."""
    pages = [Page(line.page, line.text)]
    first = chunk_pages(line.source, line.title, pages, markdown=False, size=size, is_titled=line.is_titled)[0]
    start, end = line.start + first.start, line.start + first.end
    return replace(first, start=start, end=end, picture=line.picture)


def with_objects(
    item: IngestedSource, find_objects: Callable[[bytes], Sequence[Box]], size: ChunkSize
) -> IngestedSource:
    """The source with a line at the end of the page for each object on its pictures, and a chunk for each line."""
    texts = {page.number: page.text for page in item.pages}
    chunks, pictures = list(item.chunks), dict(item.pictures)
    for chunk in item.chunks:
        picture = item.pictures[chunk.picture]
        pixels = read_pixels(picture.data)
        scale = picture.width / pixels.shape[1]  # of the original to the picture that is kept
        name = " ".join(chunk.text.split())[:SHOWN_CHARACTERS].rstrip()
        boxes = find_objects(picture.data)
        for number, box in enumerate(boxes, 1):
            left, top, right, bottom = box
            part = keep_picture(pixels[top:bottom, left:right])
            x, y, end_x, end_y = (round(edge * scale) for edge in box)
            line = f"{name}, object {number} of {len(boxes)} ({end_x - x} × {end_y - y} at {x}, {y})"
            texts[chunk.page], (start, end) = _append_line(texts[chunk.page], line)
            shown = replace(chunk, start=start, end=end, text=line, picture=part.hash)
            chunks.append(_cut_to_window(shown, size))
            pictures[part.hash] = part
    pages = [Page(page.number, texts[page.number]) for page in item.pages]
    record = replace(item.record, chunks=len(chunks), text_id=hash_pages(pages))
    return IngestedSource(record, pages, chunks, pictures)
