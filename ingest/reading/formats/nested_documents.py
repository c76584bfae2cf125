"""Writes the documents inside another document as sections of its one page of Markdown."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.chunking.chunks import find_blocks
from ingest.reading.file_types import ParsedDocument, ParseOptions, has_markdown
from ingest.reading.markup.html_blocks import fence
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

# A mail in an archive in a mail is seen in practice; what lies deeper is a quine or a bomb.
MAX_DEPTH = 3
# An archive of more files is a folder to unpack: its one page of text would be no help to a reader.
MAX_PARTS = 5_000
# The worker that reads a file has 2 GB; a document takes up to five times its size while it is read.
MAX_UNPACKED_BYTES = 256 * 2**20
MAX_CHARACTERS = 20_000_000
UNPACK = "unpack it and ingest the folder"
_MAX_NAME = 200
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADING = re.compile(r"^( {0,3})(#{1,5})(?=[ \t])", re.MULTILINE)
_UNDERLINE = re.compile(r"(?<=\S)([ \t]*\n)(?= {0,3}(?:=+|-+)[ \t]*$)", re.MULTILINE)


@dataclass(slots=True)
class Nesting:
    """Reads the documents inside one file of the disk, at any depth, as far as its bounds allow.

    `read` raises UnreadableFileError; `left_out` says what of the file was not read; the other fields are what may
    still be unpacked.
    """

    read: Callable[[Path, bytes, "Nesting"], ParsedDocument]
    options: ParseOptions
    depth: int = 0
    parts: int = MAX_PARTS
    unpacked_bytes: int = MAX_UNPACKED_BYTES
    characters: int = MAX_CHARACTERS
    left_out: list[str] = field(default_factory=list)

    def read_part(self, name: str, data: bytes) -> ParsedDocument:
        if self.depth >= MAX_DEPTH:
            raise UnreadableFileError(f"nested more than {MAX_DEPTH} deep", UNPACK)
        self.depth += 1
        try:
            return self.read(Path(name), data, self)
        finally:
            self.depth -= 1

    def count_part(self, size: int) -> None:
        self.parts -= 1
        if self.parts < 0:
            raise UnreadableFileError(f"holds more than {MAX_PARTS} files", UNPACK)
        self.count_bytes(size)

    def count_bytes(self, size: int) -> None:
        self.unpacked_bytes -= size
        if self.unpacked_bytes < 0:
            raise UnreadableFileError(f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB", UNPACK)

    def write_section(self, heading: str, pages: Sequence[Page], kind: str) -> str:
        text = "\n\n".join(page.text.strip("\n") for page in pages)
        section = f"# {section_name(heading)}\n\n{as_markdown(text, kind)}"
        self.characters -= len(section)
        if self.characters < 0:
            raise UnreadableFileError(f"holds more than {MAX_CHARACTERS} characters of text", UNPACK)
        return section

    @property
    def is_exhausted(self) -> bool:
        """Whether a bound is passed: what is read after that would be a part of the file, chosen by chance."""
        return min(self.parts, self.unpacked_bytes, self.characters) < 0

    def write_attachment(self, name: str, data: bytes, heading: str = "") -> str:
        """A section under `# Attachment: name`, or the line that says why it has none."""
        self.count_part(len(data))
        try:
            part = self.read_part(section_name(name), data)
        except UnreadableFileError as error:
            if self.is_exhausted:
                raise
            return f"Attachment {section_name(name)} was not read: {error.message}"
        return self.write_section(f"Attachment: {heading or name}", part.pages, part.kind)


def section_name(name: str) -> str:
    """A name on one line and of bounded length: in an archive or a mail it is anything its writer wanted."""
    return " ".join(_CONTROLS.sub(" ", name).split())[:_MAX_NAME] or "without a name"


def as_markdown(text: str, kind: str) -> str:
    """The text as blocks that end where it ends, its headings one level below the section's own."""
    if has_markdown(kind):
        lowered = _lower_headings(text)
        return lowered if _is_closed(lowered) else fence(text)
    text = text if kind == "code" else _UNDERLINE.sub(r"\1\n", text)
    is_prose = all(block.kind not in ("heading", "code") for block in find_blocks(text, markdown=True))
    return text if is_prose and kind != "code" and _is_closed(text) else fence(text)


def _is_closed(text: str) -> bool:
    """Whether a heading after it would be one: not inside a fence or a comment that the text leaves open."""
    return find_blocks(f"{text}\n\n# end", markdown=True)[-1].kind == "heading"


def _lower_headings(text: str) -> str:
    pieces, end = [], 0
    for block in find_blocks(text, markdown=True):
        if block.kind == "heading":
            heading = _HEADING.sub(r"\1#\2", text[block.start : block.end], count=1)
            pieces += [text[end : block.start], heading]
            end = block.end
    return "".join([*pieces, text[end:]])
