"""Slides read with their notes, comments, charts and marks, in words that stay whole."""

import pytest

from tests.ingest.documents import parse
from tests.ingest.office_files import chart_part, element, relations, series, zipped


def run(text: str, properties: str = "") -> str:
    return f"<a:r><a:rPr {properties}/><a:t>{text}</a:t></a:r>"


def paragraph(*runs: str, properties: str = "") -> str:
    return f"<a:p>{properties}{''.join(one if one.startswith('<') else run(one) for one in runs)}</a:p>"


def shape(*paragraphs: str, kind: str | None = None, more: str = "") -> str:
    placeholder = "" if kind is None else f'<p:ph type="{kind}"/>'
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="x" {more}/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>'
        f"<p:txBody>{''.join(paragraphs)}</p:txBody></p:sp>"
    )


def frame(what: str) -> str:
    return f"<p:graphicFrame><a:graphic><a:graphicData>{what}</a:graphicData></a:graphic></p:graphicFrame>"


def slide(*shapes: str, attributes: str = "") -> str:
    return element(f"p:sld {attributes}", f"<p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld>")


def presentation(*slides: str, **parts: str) -> bytes:
    """The other parts are related to every slide; the file names of slides run backwards."""
    paths = [f"slides/slide{len(slides) - place}.xml" for place in range(len(slides))]
    kinds = {f"../{name}.xml": name.rstrip("0123456789") for name in parts}
    kinds |= {path: "diagramData" for path in kinds if path.startswith("../data")}
    listed = "".join(f'<p:sldId id="9" r:id="slide{len(slides) - place}"/>' for place in range(len(slides)))
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations({"ppt/presentation.xml": "officeDocument"}),
            "ppt/_rels/presentation.xml.rels": relations(
                {**dict.fromkeys(paths, "slide"), "commentAuthors.xml": "commentAuthors"}
            ),
            "ppt/presentation.xml": element("p:presentation", f"<p:sldIdLst>{listed}</p:sldIdLst>"),
            **{f"ppt/{path}": text for path, text in zip(paths, slides, strict=True)},
            **{f"ppt/slides/_rels/{path[7:]}.rels": relations(kinds) for path in paths},
            **{f"ppt/{name}.xml": text for name, text in parts.items()},
        }
    )


def read(*slides: str, **parts: str) -> list[str]:
    return [page.text for page in parse("a.pptx", presentation(*slides, **parts)).pages]


@pytest.mark.shows(
    "pptx", "titles, lists, shapes, groups of shapes", "read", "in the order of the shapes, each slide a page"
)
@pytest.mark.shows("pptx", "hidden slides", "marked", "`(hidden)` after the title")
def test_slides_in_the_order_of_the_presentation_with_titles_lists_and_groups() -> None:
    inner = shape(paragraph("In", "side"))
    first = slide(
        f"<p:grpSp><p:grpSp>{inner}</p:grpSp></p:grpSp>",
        shape(paragraph("Turbine hall"), kind="title"),
        shape(paragraph("One"), paragraph("2. Typed"), paragraph("Two", properties='<a:pPr lvl="1"/>'), kind="body"),
        shape(paragraph("3"), kind="sldNum"),
    )
    auto = '<a:pPr><a:buAutoNum type="{}"/></a:pPr>'
    second = slide(
        shape(
            paragraph("Open", properties=auto.format("arabicPeriod")),
            paragraph("Close", properties=auto.format("arabicPeriod")),
            paragraph("Lock", properties=auto.format("alphaLcParenBoth")),
        ),
        attributes='show="0"',
    )
    assert read(first, second) == [
        "## Turbine hall\n\nInside\n\n- One\n2. Typed\n  - Two",
        "## Slide 2 (hidden)\n\n1. Open\n2. Close\n(c) Lock",
    ]


@pytest.mark.shows("pptx", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`")
@pytest.mark.shows("pptx", "struck out words", "marked", "`~~900~~`")
@pytest.mark.shows("pptx", "hidden shapes", "marked", "`[hidden: words]`")
@pytest.mark.shows("pptx", "formulas", "marked", "in one line: `1/2`, `x^2`, `√(a+b)`")
def test_how_words_are_set_is_marked() -> None:
    square = "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    formula = f"<mc:AlternateContent><mc:Choice><m:m><m:oMath>{square}</m:oMath></m:m></mc:Choice><mc:Fallback>"
    formula += f"{run('picture')}</mc:Fallback></mc:AlternateContent>"
    text = slide(
        shape(paragraph("10", run("6", 'baseline="30000"'), " t of CO", run("2", 'baseline="-25000"'))),
        shape(paragraph("was ", run("900", 'strike="sngStrike"'), " 450", formula)),
        shape(paragraph("draft"), more='hidden="1"'),
    )
    assert read(text) == ["10^6 t of CO₂\n\nwas ~~900~~ 450x^2\n\n[hidden: draft]"]


@pytest.mark.shows("pptx", "speaker notes", "marked", "a paragraph `Speaker note: …` at the end of the slide")
@pytest.mark.shows("pptx", "comments", "marked", "a paragraph `Comment by NAME: …` at the end of the slide")
@pytest.mark.shows("pptx", "footers", "marked", "each different one once, as `Footer: …`")
@pytest.mark.shows("pptx", "slide numbers and dates in footers", "left out")
def test_notes_and_comments_end_the_slide() -> None:
    notes = element(
        "p:notes", shape(paragraph("Cut to 2.7 million."), kind="body") + shape(paragraph("1"), kind="sldNum")
    )
    comments = '<p:cm authorId="4"><p:text>Which budget?</p:text></p:cm>'
    footer = shape(paragraph("Internal"), kind="ftr")
    one, two = read(
        slide(shape(paragraph("Budget")), footer, shape(paragraph("7 May"), kind="dt")),
        slide(footer, shape(paragraph("Staff"))),
        notesSlide1=notes,
        comments1=element("p:cmLst", comments),
        commentAuthors=element("p:cmAuthorLst", '<p:cmAuthor id="4" name="Jo Li"/>'),
    )
    remarks = "Speaker note: Cut to 2.7 million.\n\nComment by Jo Li: Which budget?"
    assert one == f"Budget\n\nFooter: Internal\n\n{remarks}"
    assert two == f"Staff\n\n{remarks}"


@pytest.mark.shows("pptx", "charts", "read", "a table of categories and values")
@pytest.mark.shows("pptx", "diagrams (SmartArt)", "read", "a list of their texts")
@pytest.mark.shows("pptx", "alternative texts of pictures", "marked", "`[picture: Cutaway drawing of the volute]`")
@pytest.mark.shows("pptx", "merged cells", "read", "each column and row says all that is merged above or beside it")
def test_tables_charts_diagrams_and_pictures() -> None:
    def cell(text: str, attributes: str = "") -> str:
        return f"<a:tc {attributes}><a:txBody>{paragraph(text)}</a:txBody></a:tc>"

    rows = (
        [cell("Item", 'rowSpan="2"'), cell("2025", 'gridSpan="2"'), cell("", 'hMerge="1"')],
        [cell("", 'vMerge="1"'), cell("plan"), cell("actual")],
        [cell("Steel"), cell("1"), cell("2")],
    )
    table = f"<a:tbl>{''.join(f'<a:tr>{chr(32).join(row)}</a:tr>' for row in rows)}</a:tbl>"
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="3" descr="A volute"/></p:nvPicPr></p:pic>'
    point = "<dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt>"
    (text,) = read(
        slide(frame(table), frame('<c:chart r:id="chart1"/>'), picture, frame('<dgm:relIds r:dm="data1"/>')),
        chart1=chart_part(series("Megawatts", {"North": "41.5", "South": "87.25"})),
        data1=element("dgm:dataModel", point),
    )
    assert text.split("\n\n") == [
        "| Item | 2025 plan | 2025 actual |\n| --- | --- | --- |\n| Steel | 1 | 2 |",
        "|  | Megawatts |\n| --- | --- |\n| North | 41.5 |\n| South | 87.25 |",
        "[picture: A volute]",
        "- Plan",
    ]


@pytest.mark.shows("pptx", "texts of the master and the layout", "left out")
@pytest.mark.shows("pptx", "transitions, sounds, videos and embedded files", "left out")
def test_what_is_no_text_of_the_slide_is_left_out() -> None:
    master = slide(shape(paragraph("Click to edit")))
    assert read(slide(shape(paragraph("Text")), frame("<p:oleObj/>")), slideLayout1=master) == ["Text"]
