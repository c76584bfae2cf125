"""OpenDocument texts and slides, zipped or flat, read with their notes, marks, charts and formulas."""

import pytest

from tests.ingest.documents import parse, text_of
from tests.ingest.office_files import zipped

ODF = "urn:oasis:names:tc:opendocument:xmlns"
NAMES = ["office", "style", "text", "table", "drawing", "presentation", "form", "script"]
SPACES = " ".join(f'xmlns:{"draw" if name == "drawing" else name}="{ODF}:{name}:1.0"' for name in NAMES)
SPACES += f' xmlns:fo="{ODF}:xsl-fo-compatible:1.0" xmlns:svg="{ODF}:svg-compatible:1.0" xmlns:chart="{ODF}:chart:1.0"'
SPACES += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
SPACES += ' xmlns:math="http://www.w3.org/1998/Math/MathML"'


def style(name: str, properties: str = "", more: str = 'style:family="text"') -> str:
    return f'<style:style style:name="{name}" {more}><style:text-properties {properties}/></style:style>'


STYLES = (
    style("Sup", 'style:text-position="super 58%"')
    + style("Mark", "", 'style:family="text" style:parent-style-name="Sup"')
    + style("Sub", 'style:text-position="-25% 58%"')
    + style("Gone", 'style:text-line-through-style="solid"')
    + style("Secret", 'text:display="none"')
    + style("Draft", 'text:display="none"', 'style:family="paragraph"')
)
KIND = "application/vnd.oasis.opendocument."


def content(body: str, styles: str = STYLES, kind: str = "text") -> str:
    return (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )


def masters(*pages: str) -> str:
    inside = f"<office:master-styles>{''.join(pages)}</office:master-styles>"
    return f"<office:document-styles {SPACES}>{inside}</office:document-styles>"


def read(body: str, own_styles: str = STYLES, **parts: str) -> str:
    """Zipped, and flat where it has one part, with the same result."""
    named = {f"{name.replace('__', '/')}.xml": text for name, text in parts.items()}
    text = text_of("a.odt", zipped({"mimetype": f"{KIND}text", "content.xml": content(body, own_styles), **named}))
    if not parts:
        assert (
            text_of("a.fodt", content(body, own_styles).replace("office:document-content", "office:document")) == text
        )
        template = {"mimetype": f"{KIND}text-template", "content.xml": content(body, own_styles)}
        assert text_of("a.ott", zipped(template)) == text
        older = content(body, own_styles).replace(f"{ODF}:text:1.0", "http://openoffice.org/2000/text")
        assert text_of("a.sxw", zipped({"content.xml": older})) == text
    return text


def p(inside: str, name: str = "") -> str:
    return f'<text:p text:style-name="{name}">{inside}</text:p>'


def span(name: str, text: str) -> str:
    return f'<text:span text:style-name="{name}">{text}</text:span>'


@pytest.mark.shows("odt fodt sxw", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`, `found.[12]`")
@pytest.mark.shows("odt fodt sxw", "struck out words", "marked", "`~~900~~`")
@pytest.mark.shows("odt fodt sxw", "hidden words", "marked", "`[hidden: words]`")
def test_how_words_are_set_is_marked() -> None:
    text = read(
        p(f"10{span('Sup', '6')} l of CO{span('Sub', '2')}, found.{span('Mark', '12')}")
        + p(f"It was {span('Gone', '900')}\n  <text:s text:c='2'/>450{span('Secret', ' net')}<text:tab/>EUR")
        + p("Ask legal.", "Draft")
        + f'<text:section text:display="none">{p("Old.")}</text:section>'
    )
    assert text.split("\n\n") == [
        "10^6 l of CO₂, found.[12]",
        "It was ~~900~~   450 [hidden: net]\tEUR",
        "[hidden: Ask legal.]",
        "[hidden: Old.]",
    ]


@pytest.mark.shows(
    "odt fodt sxw", "footnotes and endnotes", "marked", "a paragraph `Footnote 2: …` after the one that refers to it"
)
@pytest.mark.shows(
    "odt fodt sxw", "comments", "marked", "a paragraph `Comment by NAME: …` after the one that it is about"
)
@pytest.mark.shows("odt fodt sxw", "tracked deletions", "left out")
@pytest.mark.shows("odt fodt sxw", "tracked insertions", "read")
def test_notes_follow_their_paragraph_and_deletions_are_gone() -> None:
    def note(kind: str, shown: str, text: str) -> str:
        citation = f"<text:note-citation>{shown}</text:note-citation>"
        return f'<text:note text:note-class="{kind}">{citation}<text:note-body>{text}</text:note-body></text:note>'

    comment = (
        f"<office:annotation><dc:creator>Jo Li</dc:creator><dc:date>2025</dc:date>{p('Is it?')}</office:annotation>"
    )
    deleted = f"<text:changed-region><text:deletion>{p('old')}</text:deletion></text:changed-region>"
    text = read(
        f"<text:tracked-changes>{deleted}</text:tracked-changes>"
        + p(
            f"Mixed{note('footnote', '2', p('Not in leap') + p('years.'))} on{note('endnote', 'i', p('Diary.'))} "
            f"Mondays{comment}<text:change text:change-id='c'/><text:change-start/> now<text:change-end/>."
        )
        + p(
            "<text:footnote><text:footnote-citation>3</text:footnote-citation><text:footnote-body>"
            f"{p('Older.')}</text:footnote-body></text:footnote>End."
        )
    )
    assert text.split("\n\n") == [
        "Mixed on Mondays now.",
        "Footnote 2: Not in leap\nyears.",
        "Endnote 1: Diary.",
        "Comment by Jo Li: Is it?",
        "End.",
        "Footnote 3: Older.",
    ]


@pytest.mark.shows("odt fodt sxw", "headers and footers", "marked", "`Header: …` before and `Footer: …` after the text")
@pytest.mark.shows("odt fodt sxw", "page numbers in headers and footers", "left out")
def test_headers_and_footers_are_read_once() -> None:
    numbered = p("Page <text:page-number>3</text:page-number>")
    page = f"<style:master-page><style:header>{p('KX-2291-B')}</style:header><style:footer>{numbered}</style:footer>"
    page += f"<style:footer-left>{p('Released by I. S.')}</style:footer-left></style:master-page>"
    assert read(p("Text."), styles=masters(page, page)) == ("Header: KX-2291-B\n\nText.\n\nFooter: Released by I. S.")


@pytest.mark.shows("odt fodt sxw", "headings, lists, tables, text boxes", "read")
@pytest.mark.shows("odt fodt", "automatic numbers of headings and lists", "read", "`1.2 Scope`, `3. Close the damper`")
@pytest.mark.shows("odt fodt", "merged cells", "read", "each column and row says all that is merged above or beside it")
def test_numbers_that_the_program_counts_and_merged_cells_are_read() -> None:
    def level(at: int, more: str, kind: str = "number") -> str:
        return f'<text:list-level-style-{kind} text:level="{at}" {more}/>'

    steps = level(1, 'style:num-format="1" style:num-suffix="."') + level(2, "", "bullet")
    clauses = level(1, 'style:num-format="1"') + level(2, 'style:num-format="1" text:display-levels="2"')
    styles = (
        f'<text:list-style style:name="L">{steps}</text:list-style><text:outline-style>{clauses}</text:outline-style>'
    )

    def items(*texts: str, more: str = "") -> str:
        inside = "".join(f"<text:list-item>{text}</text:list-item>" for text in texts)
        return f'<text:list text:style-name="L" {more}>{inside}</text:list>'

    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}>{p(text)}</table:table-cell>"

    covered = "<table:covered-table-cell/>"
    rows = (
        cell("Item", 'table:number-rows-spanned="2"') + cell("2025", 'table:number-columns-spanned="2"') + covered,
        covered + cell("plan") + cell("actual"),
        cell("Steel") + cell("1", 'table:number-columns-repeated="2"'),
    )
    text = read(
        '<text:h text:outline-level="1">Aim</text:h><text:h text:outline-level="2">Scope</text:h>'
        + items(p("Check") + items(p("twice")), p("Close") + p("slowly"))
        + p("Wait.")
        + items(p("Light"), more='text:continue-numbering="true"')
        + items(p("Again"))
        + f"<table:table>{''.join(f'<table:table-row>{row}</table:table-row>' for row in rows)}</table:table>"
        + p(f"See<draw:frame><draw:text-box>{p('Never open.')}</draw:text-box></draw:frame>."),
        styles,
    )
    assert text.split("\n\n") == [
        "# 1 Aim",
        "## 1.1 Scope",
        "1. Check\n  - twice\n2. Close",
        "slowly",
        "Wait.",
        "3. Light\n1. Again",
        "| Item | 2025 plan | 2025 actual |\n| --- | --- | --- |\n| Steel | 1 | 1 |",
        "See.",
        "Never open.",
    ]


def chart() -> str:
    def row(*texts: str) -> str:
        cells = "".join(f"<table:table-cell>{p(text)}</table:table-cell>" for text in texts)
        return f"<table:table-row>{cells}</table:table-row>"

    table = f"<table:table>{row('', 'Megawatts')}{row('North', '41.5')}</table:table>"
    inside = f"<chart:chart><chart:title>{p('Power')}</chart:title>{table}</chart:chart>"
    return content(inside, "", "chart")


@pytest.mark.shows("odt odp", "charts", "read", "a table of categories and values")
@pytest.mark.shows("odt odp", "formulas", "marked", "in one line: `1/2`, `x^2`, `√(a+b)`")
@pytest.mark.shows(
    "odt fodt odp fodp", "alternative texts of pictures", "marked", "`[picture: Cutaway drawing of the volute]`"
)
@pytest.mark.shows("odt", "form fields", "read", "`☒`, `☐`, the text and the chosen entry")
def test_charts_formulas_pictures_and_forms() -> None:
    def item(path: str) -> str:
        return f'<draw:frame><draw:object xlink:href="./{path}"/></draw:frame>'

    half = "<math:mfrac><math:mn>1</math:mn><math:mn>2</math:mn></math:mfrac><math:mi>sin</math:mi><math:mi>x</math:mi>"
    form = '<form:text form:id="c1" form:current-value="Alice"/><form:checkbox form:id="c2" form:label="agreed" '
    form += 'form:current-state="checked"/>'
    text = read(
        f"<office:forms><form:form>{form}</form:form></office:forms>"
        + p(f"Take {item('Formula')} of it. {item('Chart')}")
        + p("<draw:frame><draw:image/><svg:desc>A volute</svg:desc></draw:frame>")
        + p("Name: <draw:control draw:control='c1'/> <draw:control draw:control='c2'/> \uf06dm"),
        Chart__content=chart(),
        Formula__content=f"<math:math {SPACES}><math:mrow>{half}</math:mrow></math:math>",
    )
    assert text.split("\n\n") == [
        "Take 1/2 sin x of it.",
        "Power",
        "|  | Megawatts |\n| --- | --- |\n| North | 41.5 |",
        "[picture: A volute]",
        "Name: Alice ☒ agreed μm",
    ]


@pytest.mark.shows("odt fodt sxw", "links and fields", "read", "their words, as they were last shown")
def test_words_of_links_and_fields_are_read() -> None:
    assert read(p("See <text:a xlink:href='http://x'>the <text:title>Kiln</text:title></text:a> again.")) == (
        "See the Kiln again."
    )


@pytest.mark.shows("odt odp", "embedded spreadsheets", "read", "as tables")
def test_an_embedded_spreadsheet_is_a_table_and_nested_lists_of_their_own_style_begin_anew() -> None:
    def listed(style: str, *texts: str) -> str:
        inside = "".join(f"<text:list-item>{text}</text:list-item>" for text in texts)
        return f'<text:list text:style-name="{style}">{inside}</text:list>'

    numbers = [
        f'<text:list-style style:name="L{at}"><text:list-level-style-number text:level="{at}" style:num-format="1" '
        'style:num-suffix="."/></text:list-style>'
        for at in (1, 2)
    ]
    rows = "".join(f"<table:table-row><table:table-cell>{p(x)}</table:table-cell></table:table-row>" for x in "ab")
    cells = content(f"<table:table>{rows}</table:table>", "", "spreadsheet")
    body = listed("L1", p("A") + listed("L2", p("x"), p("y")), p("B") + listed("L2", p("z")))
    sheet = p('<draw:frame><draw:object xlink:href="./Sheet"/></draw:frame>')
    text = read(body + sheet, "".join(numbers), Sheet__content=cells)
    assert text == "1. A\n  1. x\n  2. y\n2. B\n  1. z\n\n| a |\n| --- |\n| b |"


@pytest.mark.shows("odp fodp", "titles, lists, shapes, tables", "read", "in the order of the shapes, each slide a page")
@pytest.mark.shows("odp fodp", "hidden slides", "marked", "`(hidden)` after the title")
@pytest.mark.shows("odp fodp", "speaker notes", "marked", "a paragraph `Speaker note: …` at the end of the slide")
@pytest.mark.shows("odp fodp", "comments", "marked", "a paragraph `Comment by NAME: …` at the end of the slide")
@pytest.mark.shows("odp fodp", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`")
@pytest.mark.shows("odp fodp", "texts of the master", "left out")
def test_slides_are_pages_with_their_notes() -> None:
    hidden = '<style:style style:name="dp" style:family="drawing-page"><style:drawing-page-properties '
    hidden += 'presentation:visibility="hidden"/></style:style>'

    def frame(inside: str, kind: str = "") -> str:
        return f'<draw:frame presentation:class="{kind}"><draw:text-box>{inside}</draw:text-box></draw:frame>'

    body = (
        f"<draw:page>{frame(p('10' + span('Sup', '6') + ' t'))}{frame(p('Hall'), 'title')}"
        f"<draw:g><draw:custom-shape>{p('Inside')}</draw:custom-shape></draw:g>"
        f"<office:annotation><dc:creator>Jo</dc:creator>{p('Why?')}</office:annotation>"
        f"<presentation:notes>{frame(p('Cut to 2.7 million.'), 'notes')}{frame(p('1'), 'page-number')}"
        f"</presentation:notes></draw:page><draw:page draw:style-name='dp'>{frame(p('Old'), 'title')}</draw:page>"
    )
    data = zipped({"mimetype": f"{KIND}presentation", "content.xml": content(body, STYLES + hidden, "presentation")})
    flat = content(body, STYLES + hidden, "presentation").replace("office:document-content", "office:document")
    assert parse("a.fodp", flat).pages == parse("a.otp", data).pages == parse("a.odp", data).pages
    assert [(page.number, page.text) for page in parse("a.odp", data).pages] == [
        (1, "## Hall\n\n10^6 t\n\nInside\n\nComment by Jo: Why?\n\nSpeaker note: Cut to 2.7 million."),
        (2, "## Old (hidden)"),
    ]
