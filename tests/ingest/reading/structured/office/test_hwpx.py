"""Documents of Hangul in XML read with their notes, margins, marks and tables."""

import pytest

from tests.ingest.documents import text_of
from tests.ingest.office_files import zipped

HANCOM = "http://www.hancom.co.kr/hwpml/2011"
NAMES = " ".join(f'xmlns:{short}="{HANCOM}/{name}"' for short, name in (("hp", "paragraph"), ("hs", "section")))
PROPERTIES = (
    '<charPr id="1"><supscript/></charPr><charPr id="2"><strikeout shape="SOLID"/></charPr>'
    '<charPr id="3"><subscript/></charPr><paraPr id="1"><heading type="OUTLINE" level="0"/></paraPr>'
)


def run(inside: str, style: int = 0) -> str:
    return f'<hp:run charPrIDRef="{style}">{inside}</hp:run>'


def t(text: str) -> str:
    return f"<hp:t>{text}</hp:t>"


def p(*runs: str, shape: int = 0) -> str:
    return f'<hp:p paraPrIDRef="{shape}">{"".join(runs)}</hp:p>'


def control(name: str, text: str) -> str:
    return run(f"<hp:ctrl><hp:{name}><hp:subList>{p(run(t(text)))}</hp:subList></hp:{name}></hp:ctrl>")


def cell(text: str, columns: int = 1, rows: int = 1) -> str:
    span = f'<hp:cellSpan colSpan="{columns}" rowSpan="{rows}"/>'
    return f"<hp:tc><hp:subList>{p(run(t(text)))}</hp:subList>{span}</hp:tc>"


@pytest.mark.shows("hwpx", "headings, tables, text boxes", "read")
@pytest.mark.shows("hwpx", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`, `found.[12]`")
@pytest.mark.shows("hwpx", "struck out words", "marked", "`~~900~~`")
@pytest.mark.shows("hwpx", "tracked deletions", "left out")
@pytest.mark.shows(
    "hwpx", "footnotes and endnotes", "marked", "a paragraph `Footnote 2: …` after the one that refers to it"
)
@pytest.mark.shows("hwpx", "headers and footers", "marked", "`Header: …` before and `Footer: …` after the text")
@pytest.mark.shows("hwpx", "merged cells", "read", "each column and row says all that is merged above or beside it")
@pytest.mark.shows("hwpx", "alternative texts of pictures", "marked", "`[picture: Cutaway drawing of the volute]`")
def test_a_document_of_hangul_reads_with_its_parts() -> None:
    rows = (
        cell("Item", rows=2) + cell("2025", columns=2),
        cell("plan") + cell("actual"),
        cell("Steel") + cell("1") + cell("2"),
    )
    table = f"<hp:tbl>{''.join(f'<hp:tr>{row}</hp:tr>' for row in rows)}</hp:tbl>"
    box = f"<hp:rect><hp:drawText><hp:subList>{p(run(t('Never open.')))}</hp:subList></hp:drawText></hp:rect>"
    section = (
        p(run(t("Kiln")), shape=1)
        + p(run(t("10")), run(t("6"), 1), control("footNote", "Not in leap years."), run(t(" l of CO")), run(t("2"), 3))
        + p(run(t("was ")), run(t("900"), 2), run(t("<hp:deleteBegin/>old<hp:deleteEnd/> 450<hp:lineBreak/>EUR")))
        + p(control("header", "KX-2291-B"), control("endNote", "The diary."), run(table), run(box))
        + p(run("<hp:pic><hp:shapeComment>A volute</hp:shapeComment></hp:pic>"))
        + p(run("<hp:pic><hp:shapeComment>그림입니다. a.png</hp:shapeComment></hp:pic>"))
    )
    parts = {
        "mimetype": "application/hwp+zip",
        "Contents/header.xml": f"<head>{PROPERTIES}</head>",
        "Contents/section0.xml": f"<hs:sec {NAMES}>{section}</hs:sec>",
    }
    assert text_of("a.hwpx", zipped(parts)).split("\n\n") == [
        "Header: KX-2291-B",
        "# Kiln",
        "10^6 l of CO₂",
        "Footnote 1: Not in leap years.",
        "was ~~900~~ 450\nEUR",
        "Endnote 1: The diary.",
        "| Item | 2025 plan | 2025 actual |\n| --- | --- | --- |\n| Steel | 1 | 2 |",
        "Never open.",
        "[picture: A volute]",
    ]
