"""The pictures of a source turned into those of the objects on them, too: each a chunk with a line of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ingest.chunking import ChunkSize, chunk_pages
from vectorstore.embeddings import Box
from vectorstore.pixels import Pixels, keep_picture, read_pixels
from vectorstore.records import IngestedSource, hash_pages
from vectorstore.types import Chunk, Page, Picture

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
