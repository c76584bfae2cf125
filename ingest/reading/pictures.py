"""A file turned into its pictures, for a collection of pictures: each is a chunk that has a line of the page's text.

The line is the picture's caption where the page has one for it, else what can be told of it: a name and a size.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.reading.disguises import true_kind
from ingest.reading.document_pictures import Figures, read_figures
from ingest.reading.file_types import ParseOptions
from ingest.reading.formats.scans import has_ocr
from ingest.reading.parsing import HEAD_BYTES, ParsedDocument, detect_kind, parse_document
from vectorstore.embeddings import Box
from vectorstore.errors import NothingToReadError, UnreadableFileError
from vectorstore.pictures import Pixels, keep_picture, read_pixels
from vectorstore.types import Chunk, IngestedSource, Page, Picture, hash_pages

# Of the line of the picture that an object is on.
SHOWN_CHARACTERS = 60


def with_objects(
    item: IngestedSource, find_objects: Callable[[bytes], Sequence[Box]], size: ChunkSize
) -> IngestedSource:
    """The source with a line at the end of the page for each object on its pictures, and a chunk for each line."""
    texts = {page.number: page.text for page in item.pages}
    chunks, pictures = list(item.chunks), dict(item.pictures)
    for chunk in item.chunks:
        pixels = read_pixels(item.pictures[chunk.picture].data)
        boxes = find_objects(item.pictures[chunk.picture].data)
        for number, box in enumerate(boxes, 1):
            left, top, right, bottom = box
            part = keep_picture(pixels[top:bottom, left:right])
            line = tell(chunk, number, len(boxes), in_original(box, item.pictures[chunk.picture], pixels))
            texts[chunk.page] += f"\n\n{line}"
            chunks.append(chunk_of_line(chunk, texts[chunk.page], line, part, size))
            pictures[part.hash] = part
    pages = [Page(page.number, texts[page.number]) for page in item.pages]
    record = replace(item.record, chunks=len(chunks), text_id=hash_pages(pages))
    return IngestedSource(record, pages, chunks, pictures)


def in_original(box: Box, picture: Picture, pixels: Pixels) -> Box:
    scale = picture.width / pixels.shape[1]
    left, top, right, bottom = (round(number * scale) for number in box)
    return left, top, right, bottom


def tell(chunk: Chunk, number: int, count: int, box: Box) -> str:
    left, top, right, bottom = box
    shown = " ".join(chunk.text.split())[:SHOWN_CHARACTERS].rstrip()
    return f"{shown}, object {number} of {count} ({right - left} × {bottom - top} at {left}, {top})"


def chunk_of_line(chunk: Chunk, text: str, line: str, part: Picture, size: ChunkSize) -> Chunk:
    """`line` is the end of `text`, the page's."""
    begin = len(text) - len(line)
    pages = [Page(chunk.page, line)]
    first = chunk_pages(chunk.source, chunk.title, pages, markdown=False, size=size, is_titled=chunk.is_titled)[0]
    return replace(first, start=begin + first.start, end=begin + first.end, picture=part.hash)


# A line that begins as captions do, whatever signs of emphasis stand before it.
CAPTION = re.compile(
    r"^[>*_#\s]*((?:fig(?:ure|\.)?|abb(?:ildung|\.)|figura|plate|chart|diagram|photo(?:graph)?|image|illustration)"
    r"\s*\d+\b.*\S)",
    re.IGNORECASE | re.MULTILINE,
)
NOTHING = NothingToReadError(
    "no picture in it", "texts belong in a collection of a model of texts, such as RAG_EMBEDDINGS=minilm"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the text of a page the line of a picture stands."""

    page: int | None
    start: int
    end: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class Pictured:
    """The document, its page texts complete, and what was made of it."""

    document: ParsedDocument
    chunks: tuple[Chunk, ...]
    pictures: tuple[Picture, ...]
    left_out: str


def read_pictured(source: str, path: Path, data: bytes, *, size: ChunkSize, password: str | None = None) -> Pictured:
    """Raises UnreadableFileError, NothingToReadError where there is no picture in it."""
    kind = detect_kind(path, data[:HEAD_BYTES])
    if kind is None or not data:
        raise NOTHING
    kind = true_kind(data, kind)
    if kind == "image":
        picture = keep_picture(read_pixels(data))
        document = _document_of_image(path, data, picture)
        first = document.pages[0]
        figures, places = Figures([(first.number, picture)]), [Place(first.number, 0, len(first.text), picture)]
    else:
        figures = read_figures(data, kind=kind, password=password)
        if not figures.found:
            raise _nothing(figures)
        document = _document_of_pages(path, data, kind, password)
        pages, places = place_figures(document.pages, figures.found)
        document = replace(document, pages=pages)
    chunks = tuple(_chunk_of(source, document, place, size) for place in places)
    return Pictured(document, chunks, tuple(place.picture for place in places), figures.describe_left_out())


def _nothing(figures: Figures) -> UnreadableFileError:
    if figures.refused:
        return UnreadableFileError(f"no picture could be read: {figures.describe_left_out()}", "save it anew")
    return NOTHING


def _document_of_image(path: Path, data: bytes, picture: Picture) -> ParsedDocument:
    line = f"Picture: {path.name} ({picture.width} × {picture.height})"
    read = None
    if has_ocr():
        try:
            read = parse_document(path, data)
        except UnreadableFileError:  # no text in it, or a format that only OpenCV reads
            read = None
    if read is None:
        return ParsedDocument(path.stem or path.name, (Page(None, line),), "image", markdown=False, is_titled=False)
    first, *others = read.pages
    return replace(read, pages=(Page(first.number, f"{line}\n\n{first.text}"), *others))


def _document_of_pages(path: Path, data: bytes, kind: str, password: str | None) -> ParsedDocument:
    """Its text; a scan that nothing reads the text of is a document all the same."""
    try:
        return parse_document(path, data, ParseOptions(password))
    except UnreadableFileError:
        return ParsedDocument(path.stem or path.name, (), kind, markdown=False, is_titled=False)


def place_figures(
    pages: Sequence[Page], figures: Sequence[tuple[int | None, Picture]]
) -> tuple[tuple[Page, ...], list[Place]]:
    """The pages, with a line at the end for each picture that no caption of theirs is for, and where all lines are.

    As many captions as pictures on a page are theirs, in order; of another number nobody knows whose they are.
    """
    texts = {page.number: page.text for page in pages}
    if len(pages) == 1 and None in {pages[0].number, figures[0][0]}:  # a document that is all one page
        figures = [(pages[0].number, picture) for _, picture in figures]
    places = []
    for number in dict.fromkeys(number for number, _ in figures):
        shown = [picture for page, picture in figures if page == number]
        text = texts.get(number, "")
        spans = [match.span(1) for match in CAPTION.finditer(text)]
        if len(spans) != len(shown):
            text, spans = with_lines(text, shown)
        texts[number] = text
        places += [Place(number, *span, picture) for span, picture in zip(spans, shown, strict=True)]
    ordered = sorted(texts, key=lambda number: number or 0)
    return tuple(Page(number, texts[number]) for number in ordered), places


def with_lines(text: str, pictures: Sequence[Picture]) -> tuple[str, list[tuple[int, int]]]:
    spans = []
    for number, picture in enumerate(pictures, 1):
        line = f"Picture {number} ({picture.width} × {picture.height})"
        text += f"\n\n{line}" if text else line
        spans.append((len(text) - len(line), len(text)))
    return text, spans


def _chunk_of(source: str, document: ParsedDocument, place: Place, size: ChunkSize) -> Chunk:
    """One chunk a picture: as much of its text as the model's window takes."""
    text = next(page.text for page in document.pages if page.number == place.page)[place.start : place.end]
    pages = [Page(place.page, text)]
    first = chunk_pages(source, document.title, pages, markdown=False, size=size, is_titled=document.is_titled)[0]
    start, end = place.start + first.start, place.start + first.end
    return replace(first, start=start, end=end, picture=place.picture.hash)
