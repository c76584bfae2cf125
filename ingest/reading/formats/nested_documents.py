"""Documents inside another (attachments, members of an archive) turned into sections of one page of Markdown."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.chunking.blocks import find_blocks
from ingest.reading.file_types import ParseOptions
from vectorstore.errors import UnreadableFileError
from vectorstore.types import Page

# A mail in an archive in a mail is seen in practice; what lies deeper is a quine or a bomb.
MAX_DEPTH = 3
# An archive of more files is a folder to unpack: its one page of text would be no help to a reader.
MAX_PARTS = 5_000
# The worker that reads a file has 2 GB; a document takes up to five times its size while it is read.
MAX_UNPACKED_BYTES = 256 * 2**20
MAX_CHARACTERS = 20_000_000
_UNPACK = "unpack it and ingest the folder"
_MAX_NAME = 200
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADING = re.compile(r"^( {0,3})(#{1,5})(?=[ \t])", re.MULTILINE)
_UNDERLINE = re.compile(r"(?<=\S)([ \t]*\n)(?= {0,3}(?:=+|-+)[ \t]*$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of a part; `markdown` says whether its text has Markdown structure, `code` that lines count."""

    pages: tuple[Page, ...]
    markdown: bool
    code: bool = False


@dataclass(slots=True)
class Allowance:
    """What may still be unpacked for one file of the disk, at any depth; shared by all that is inside it."""

    parts: int = MAX_PARTS
    unpacked_bytes: int = MAX_UNPACKED_BYTES
    characters: int = MAX_CHARACTERS

    def take_part(self, size: int) -> None:
        self.parts -= 1
        self.unpacked_bytes -= size
        if self.parts < 0:
            raise UnreadableFileError(f"holds more than {MAX_PARTS} files", _UNPACK)
        if self.unpacked_bytes < 0:
            raise UnreadableFileError(f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB", _UNPACK)

    def take_text(self, text: str) -> str:
        self.characters -= len(text)
        if self.characters < 0:
            raise UnreadableFileError(f"holds more than {MAX_CHARACTERS} characters of text", _UNPACK)
        return text


@dataclass(frozen=True, slots=True)
class Nesting:
    """How a reader of containers has a part read, and how deep it is; `read` raises UnreadableFileError."""

    read: Callable[[str, bytes, "Nesting"], Part]
    depth: int
    allowance: Allowance
    options: ParseOptions = field(default_factory=ParseOptions)

    def read_part(self, name: str, data: bytes) -> Part:
        if self.depth >= MAX_DEPTH:
            raise UnreadableFileError(f"nested more than {MAX_DEPTH} deep", _UNPACK)
        return self.read(name, data, Nesting(self.read, self.depth + 1, self.allowance, self.options))


def section_name(name: str) -> str:
    """A name on one line and of bounded length: in an archive or a mail it is anything its writer wanted."""
    return " ".join(_CONTROLS.sub(" ", name).split())[:_MAX_NAME] or "without a name"


def write_section(heading: str, part: Part, allowance: Allowance) -> str:
    text = "\n\n".join(page.text.strip("\n") for page in part.pages)
    return allowance.take_text(f"# {section_name(heading)}\n\n{as_markdown(text, part)}")


def as_markdown(text: str, part: Part) -> str:
    """The text as blocks that end where it ends, its headings one level below the section's own."""
    if part.markdown:
        lowered = _lower_headings(text)
        return lowered if _is_closed(lowered) else fence(text)
    text = text if part.code else _UNDERLINE.sub(r"\1\n", text)
    is_prose = all(block.kind not in ("heading", "code") for block in find_blocks(text, markdown=True))
    return text if is_prose and not part.code and _is_closed(text) else fence(text)


def fence(text: str) -> str:
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    marks = "`" * (longest + 1)
    return f"{marks}\n{text}\n{marks}"


def _is_closed(text: str) -> bool:
    """Whether a heading after it would be one: not inside a fence or a comment that the text leaves open."""
    *_, last = find_blocks(f"{text}\n\n# end", markdown=True)
    return last.kind == "heading"


def _lower_headings(text: str) -> str:
    pieces, end = [], 0
    for block in find_blocks(text, markdown=True):
        if block.kind == "heading":
            heading = _HEADING.sub(r"\1#\2", text[block.start : block.end], count=1)
            pieces += [text[end : block.start], heading]
            end = block.end
    return "".join([*pieces, text[end:]])
