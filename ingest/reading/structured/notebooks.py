"""Reads Jupyter notebooks: cells and what came out of them, without colours, tags and pictures."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from markdown_it import MarkdownIt

from ingest.reading.markup.html import read_html_text
from ingest.reading.markup.html_blocks import fence
from ingest.reading.text_decoding import decode_text
from vectorstore.errors import UnreadableFileError

_COLOURS = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)?)")
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?!\n)", re.MULTILINE)  # bars of progress
_NAME_OF_OBJECT = re.compile(r"<[^<>\n]+>")


def read_notebook(data: bytes) -> tuple[str | None, str]:
    """The title in its metadata, and its text as Markdown; raises UnreadableFileError."""
    try:
        notebook = json.loads(decode_text(data))
        sheets = [notebook, *notebook.get("worksheets", ())]  # of the third version of the format
        cells = [cell for sheet in sheets for cell in sheet.get("cells", ())]
        blocks = [block for cell in cells for block in _read_cell(cell)]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise UnreadableFileError(f"no notebook: {error}"[:200], "open it in Jupyter and save it again") from error
    metadata = notebook.get("metadata")
    title = metadata.get("title") if isinstance(metadata, dict) else None
    return (title if isinstance(title, str) else None), "\n\n".join(filter(None, map(str.rstrip, blocks)))


def _read_cell(cell: dict[str, Any]) -> Iterator[str]:
    kind, source = cell.get("cell_type"), _joined(cell.get("source", cell.get("input")))
    if kind == "code":
        yield fence(source)
        for output in cell.get("outputs") or ():
            yield from _read_output(output)
    elif kind == "markdown":
        yield _markdown(source)
    elif kind == "heading":
        yield f"{'#' * int(cell.get('level') or 1)} {source}"
    else:
        yield source


def _read_output(output: dict[str, Any]) -> Iterator[str]:
    if output.get("output_type") in ("error", "pyerr"):
        trace = _plain("\n".join(map(str, output.get("traceback") or ())))
        said = [str(output[name]) for name in ("ename", "evalue") if output.get(name)]
        is_repeated = bool(trace) and all(" ".join(words.split()) in " ".join(trace.split()) for words in said)
        yield _shown(trace if is_repeated else "\n".join(filter(None, [trace.rstrip("\n"), _plain(": ".join(said))])))
    elif "text" in output and output.get("output_type") == "stream":
        yield _shown(_plain(_joined(output["text"])))
    else:
        yield _best(output.get("data") or output)


def _best(data: dict[str, Any]) -> str:
    """The most readable of what says the same."""
    markdown, page, plain = (
        _joined(data.get(f"text/{name}", data.get(name))) for name in ("markdown", "html", "plain")
    )
    if markdown and (words := _markdown(markdown)):
        return words
    if page and (words := read_html_text(page)[1]):
        return words
    plain = _plain(plain or _joined(data.get("text")))
    return "" if _NAME_OF_OBJECT.fullmatch(plain.strip()) else _shown(plain)


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else ""


def _plain(text: str) -> str:
    return _OVERWRITTEN.sub("", _COLOURS.sub("", text))


def _shown(text: str) -> str:
    """Lines keep their places: they are tables and traces."""
    return fence(text.strip("\n")) if "\n" in text.strip() else text.strip()


def _markdown(source: str) -> str:
    return read_html_text(_renderer().render(source))[1]


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])
