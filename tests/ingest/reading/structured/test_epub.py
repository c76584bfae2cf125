"""Books are read in the order of their spine, each chapter as a web page."""

import io
import zipfile

import pytest

from tests.ingest.documents import parse, refusal

CONTAINER = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Islands</dc:title></metadata><manifest><item id="a" href="text/c10.xhtml"/><item id="b" href="c%202.xhtml"/>
<item id="n" href="nav.xhtml" properties="nav"/></manifest>
<spine><itemref idref="n"/><itemref idref="b"/><itemref idref="a"/><itemref idref="gone"/></spine></package>"""
PAGE = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">{}</html>'
NOTED = (
    '<body><h1 id="x"/><p>10<sup>6</sup> m, found.<a epub:type="noteref" href="#n1">1</a> Next <s>9</s>.</p>'
    '<img alt="A map"/><aside epub:type="footnote" id="n1"><p>1. By ship.</p></aside></body>'
)


def book(**members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, content in {
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": PACKAGE,
            "OPS/text/c10.xhtml": PAGE.format("<body><p>Ten.</p></body>"),
            "OPS/c 2.xhtml": PAGE.format(NOTED),
            "OPS/nav.xhtml": PAGE.format("<body><nav>Contents</nav></body>"),
            **members,
        }.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.shows("epub", "chapters in the order of the spine", "read")
@pytest.mark.shows("epub", "the table of contents", "left out", "the headings themselves are read")
def test_chapters_come_in_the_order_of_the_spine() -> None:
    document = parse("a.epub", book())
    assert document.title == "Islands"
    assert document.pages[0].text == "10^6 m, found.[1] Next ~~9~~.\n\n[picture: A map]\n\n1. By ship.\n\nTen."


def test_a_book_that_is_locked_or_damaged_is_refused() -> None:
    locked = '<encryption><CipherReference URI="OPS/text/c10.xhtml"/></encryption>'
    assert refusal("a.epub", book(**{"META-INF/encryption.xml": locked}))[0] == "the file is encrypted"
    assert "damaged" in refusal("a.epub", book()[:-200])[0]


def test_a_book_without_a_package_is_read_by_the_names_of_its_pages() -> None:
    text = parse("a.epub", book(**{"META-INF/container.xml": "<x/>", "OPS/book.opf": "<package/>"})).pages[0].text
    assert text.startswith("10^6 m") and text.endswith("Ten.")  # noqa: PT018


STYLES = """@charset "utf-8"; @import url(a.css);
.up { vertical-align: super; font-size: 70% } span.down{vertical-align:sub} .old { text-decoration: line-through }
.moved { font-size: 0.8em; position: relative; top: -0.33em; vertical-align: baseline }
.dropped { font-size: 0.8em; position: relative; top: 0.08em } .title { position: relative; top: -1em; font-size: 2em }
.away { display: none }"""


@pytest.mark.shows("epub", "what the book's style sheets raise, lower, strike out and hide", "marked")
def test_the_style_sheets_of_the_book_are_followed() -> None:
    head = '<head><link rel="stylesheet" type="text/css" href="../my%20styles/book.css"/>'
    page = f"""{head}<link rel="stylesheet" href="http://example.org/gone.css"/></head><body><p>10<span
      class="up">9</span> m, CO<span class="down">2</span>,
      <span class="old">900</span> 870.</p><p class="away">Secret.</p><p>10<span
      class="moved">8</span> v<span class="dropped">max</span><span class="title"> Big</span></p></body>"""
    data = book(**{"OPS/text/c10.xhtml": PAGE.format(page), "OPS/my styles/book.css": STYLES})
    assert parse("a.epub", data).pages[0].text.endswith("\n\n10^9 m, CO₂, ~~900~~ 870.\n\n10^8 v_max Big")


@pytest.mark.shows("html epub", "pictures whose alternative text is the name of their file", "left out")
@pytest.mark.parametrize("name", ["cover.jpg", "../Images/my cover.png", r"C:\scans\p 1.tif"])
def test_the_name_of_a_file_describes_no_picture(name: str) -> None:
    page = PAGE.format(f'<body><p>Tower.</p><img alt="{name}"/><img alt="A map"/></body>')
    assert parse("a.epub", book(**{"OPS/text/c10.xhtml": page})).pages[0].text.endswith("Tower.\n\n[picture: A map]")
