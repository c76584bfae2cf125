"""Documents made in memory, and what reading them gives: the text, or the words of the refusal."""

import io
import random
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.enum.text import WD_BREAK

from ingest.reading.file_types import ParsedDocument, ParseOptions
from ingest.reading.parsing import DEFAULT, parse_document
from vectorstore.errors import UnreadableFileError

NOISE = random.Random(0).randbytes(4000)
WEB_PAGE = """<html><head><title>The moon &amp; us</title><style>p {}</style><script>var a = 1;</script></head><body>
<nav><a href="/">Home</a></nav><h1>Moon_rock</h1>
<p>It is <b>old</b>, see <a href="http://example.org/a_(b)">this page</a>: 1 * 2 &lt; 3 [sic] # \\ `no` and a_b_c.</p>
<p>first line<br>second line <img src="x.png" alt="a picture"></p>
<ul><li>one<ul><li>deeper</li></ul></li><li>two</li></ul>
<table><tr><th>Name</th><th>Legs</th></tr><tr><td>Eagle</td><td>4|four</td></tr></table>
<pre><code>def f(a_b):
    return "*" </code></pre></body></html>"""


def parse(name: str, data: bytes | str, options: ParseOptions = DEFAULT) -> ParsedDocument:
    return parse_document(Path("folder") / name, data.encode() if isinstance(data, str) else data, options)


def text_of(name: str, data: bytes | str) -> str:
    (page,) = parse(name, data).pages
    return page.text


def refusal(name: str, data: bytes | str) -> tuple[str, str]:
    with pytest.raises(UnreadableFileError) as caught:
        parse(name, data)
    return caught.value.message, caught.value.hint


def word(fill: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.title = ""
    document.add_heading("The *lunar* module", 1)
    document.add_paragraph("Some snake_case text with [brackets], <angles>, 2 * 3 and a $5 note.")
    document.add_heading("Crew", 2)
    paragraph = document.add_paragraph("Two ")
    paragraph.add_run("landed").bold = True
    paragraph.add_run(", one did not.")
    for place in ("orbit", "surface"):
        document.add_paragraph(place, style="List Bullet")
    table = document.add_table(2, 2)
    for cell, words in zip(
        (c for row in table.rows for c in row.cells), ("Name", "Legs|feet", "Eagle", "4"), strict=True
    ):
        cell.text = words
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph(fill or "After the break.")
    return saved(document)


def saved(document: "docx.document.Document | openpyxl.Workbook") -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Missions"
    for row in (["Name", None, "Year"], ["Apollo 11", None, 1969], [None, None, None], ["Apollo 12", None, 1969.5]):
        first.append(row)
    book.create_sheet("Blank")
    book.create_sheet("Crew").append(["Armstrong"])
    return saved(book)
