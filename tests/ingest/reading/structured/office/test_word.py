"""A Word document reads with its notes, marks, charts and formulas, and without what was deleted."""

import pytest

from tests.ingest.documents import text_of
from tests.ingest.office_files import (
    cell,
    chart_part,
    element,
    paragraph,
    row,
    run,
    series,
    table,
    word_file,
)

SUPER, SUB = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'


def read(body: str, **parts: str) -> str:
    return text_of("a.docx", word_file(body, **parts))


@pytest.mark.shows("docx", "superscripts and subscripts", "marked", "`10^6`, `m²`, `CO₂`, `found.[12]`")
@pytest.mark.shows("docx", "struck out words", "marked", "`~~900~~`")
@pytest.mark.shows("docx", "hidden words", "marked", "`[hidden: words]`")
def test_how_a_run_is_set_is_marked_by_its_own_properties_or_those_of_its_styles() -> None:
    styles = element(
        "w:styles",
        '<w:style w:type="character" w:styleId="Raised"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Mark"><w:basedOn w:val="Raised"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Draft"><w:rPr><w:vanish/></w:rPr></w:style>',
    )
    moved = '<w:position w:val="{}"/>'
    text = read(
        paragraph("10", run("6", SUPER), " litres of CO", run("2", SUB), " over 3 m", run("2", SUPER))
        + paragraph("as found.", run("12", '<w:rStyle w:val="Mark"/>'), " It cost ", run("9", "<w:strike/>"))
        + paragraph("10", run("6", moved.format(6)), " of H", run("2", moved.format(-4)), run("O", moved.format(2)))
        + paragraph(run("O", '<w:sz w:val="116"/>' + moved.format(-7)), "nce")
        + paragraph(run("00", '<w:dstrike/><w:strike w:val="0"/>'), " 450", run(" not", '<w:vanish w:val="false"/>'))
        + paragraph("Ask legal.", run(" Shown.", '<w:vanish w:val="0"/>'), properties='<w:pStyle w:val="Draft"/>'),
        styles=styles,
    )
    assert text.split("\n\n") == [
        "10^6 litres of CO₂ over 3 m²",
        "as found.[12] It cost ~~9~~",
        "10^6 of H₂O",
        "Once",
        "~~00~~ 450 not",
        "[hidden: Ask legal.] Shown.",
    ]


@pytest.mark.shows("docx", "tracked deletions and the source of a move", "left out")
@pytest.mark.shows("docx", "tracked insertions and the target of a move", "read")
def test_tracked_changes_read_as_if_accepted() -> None:
    deleted_row = row("gone", "gone", properties="<w:del/>")
    text = read(
        paragraph(
            "The term is ",
            "<w:del><w:r><w:delText>30</w:delText></w:r></w:del>",
            f"<w:ins>{run('60')}</w:ins>",
            f"<w:moveFrom>{run(' gone')}</w:moveFrom>",
            f"<w:moveTo>{run(' days')}</w:moveTo>",
        )
        + paragraph("One ", properties="<w:rPr><w:del/></w:rPr>")
        + paragraph("sentence.")
        + table(row("a", "b"), deleted_row, row("c", "d"))
    )
    assert text == "The term is 60 days\n\nOne sentence.\n\n| a | b |\n| --- | --- |\n| c | d |"


@pytest.mark.shows(
    "docx", "footnotes and endnotes", "marked", "a paragraph `Footnote 2: …` after the one that refers to it"
)
@pytest.mark.shows("docx", "comments", "marked", "a paragraph `Comment by NAME: …` after the one that it is about")
def test_notes_follow_the_paragraph_or_table_that_refers_to_them() -> None:
    def note(kind: str, note_id: int, text: str, more: str = "") -> str:
        return f'<w:{kind} w:id="{note_id}" {more}>{paragraph(text)}</w:{kind}>'

    def refer(kind: str, note_id: int, more: str = "") -> str:
        return f'<w:r><w:rPr>{SUPER}</w:rPr><w:{kind}Reference w:id="{note_id}" {more}/></w:r>'

    own = f'<w:r><w:footnoteReference w:id="9" w:customMarkFollows="1"/><w:t>*</w:t></w:r>{run(" later")}'
    text = read(
        paragraph("Mixed on Mondays.", refer("footnote", 2), refer("endnote", 2), refer("comment", 0))
        + table(row("a", "b"), f"<w:tr><w:tc>{paragraph('c', refer('footnote', 5))}</w:tc>{cell('d')}</w:tr>")
        + paragraph("Fired", own),
        footnotes=element(
            "w:footnotes",
            note("footnote", 2, "Not in leap years.")
            + note("footnote", 5, "About.")
            + f'<w:footnote w:id="9">{paragraph("* Or", refer("footnote", 9))}{paragraph("sooner.")}</w:footnote>',
        ),
        endnotes=element("w:endnotes", note("endnote", 2, "The diary.")),
        comments=element("w:comments", note("comment", 0, "Is it?", 'w:author="Jo  Li"')),
    )
    assert text.split("\n\n") == [
        "Mixed on Mondays.",
        "Footnote 1: Not in leap years.",
        "Endnote 1: The diary.",
        "Comment by Jo Li: Is it?",
        "| a | b |\n| --- | --- |\n| c | d |",
        "Footnote 2: About.",
        "Fired later",
        "Footnote *: Or\nsooner.",
    ]


@pytest.mark.shows("docx", "headers and footers", "marked", "`Header: …` before and `Footer: …` after the text")
@pytest.mark.shows("docx", "page numbers in headers and footers", "left out")
def test_headers_and_footers_are_read_once_where_they_are_shown() -> None:
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    number = f"{field.format('begin')}<w:r><w:instrText> PAGE </w:instrText></w:r>{field.format('separate')}"
    number += f"{run('7')}{field.format('end')}"
    watermark = '<w:r><w:pict><v:shape><v:textpath string="DRAFT"/></v:shape></w:pict></w:r>'
    references = (
        '<w:headerReference w:type="default" r:id="header1"/><w:headerReference w:type="first" r:id="header2"/>'
        '<w:headerReference w:type="even" r:id="header3"/><w:footerReference w:type="default" r:id="footer1"/>'
    )
    parts = {
        "header1": element("w:hdr", paragraph("Contract KX-2291-B", watermark)),
        "header2": element("w:hdr", paragraph("First page")),
        "header3": element("w:hdr", paragraph("Even page")),
        "footer1": element("w:ftr", paragraph("Released by I. Solheim") + paragraph("Page ", number)),
    }
    section = f"<w:sectPr>{references}</w:sectPr>"
    text = read(paragraph("Text.", properties=section) + section, **parts)
    assert text == "Header: Contract KX-2291-B DRAFT\n\nText.\n\nFooter: Released by I. Solheim"
    titled = section.replace("</w:sectPr>", "<w:titlePg/></w:sectPr>")
    settings = element("w:settings", "<w:evenAndOddHeaders/>")
    text = read(paragraph("Text.") + titled, **parts, settings=settings)
    assert text.startswith("Header: Contract KX-2291-B DRAFT\n\nHeader: First page\n\nHeader: Even page\n\nText.")


def drawing(what: str, described: str = "", frame: str = "inline") -> str:
    return f'<w:drawing><wp:{frame}><wp:docPr id="1" descr="{described}"/>{what}</wp:{frame}></w:drawing>'


def inline(what: str, described: str = "", frame: str = "inline") -> str:
    return f"<w:r>{drawing(what, described, frame)}</w:r>"


@pytest.mark.shows("docx", "alternative texts of pictures", "marked", "`[picture: Cutaway drawing of the volute]`")
@pytest.mark.shows("docx", "text boxes and shapes", "read", "after the paragraph that they hang on")
def test_pictures_say_their_alternative_text_and_boxes_follow_their_paragraph() -> None:
    box = f"<w:txbxContent>{paragraph('Never open.')}</w:txbxContent>"
    both = f"<w:r><mc:AlternateContent><mc:Choice>{drawing(box)}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    text = read(
        paragraph("Press ", inline("", "the OK button"), " twice.", f"{both}</mc:AlternateContent></w:r>")
        + paragraph("See", inline("", "A volute", "anchor"), inline("", "", "anchor"), inline("", "image1.png"), ".")
    )
    assert text == "Press [picture: the OK button] twice.\n\nNever open.\n\nSee.\n\n[picture: A volute]"


@pytest.mark.shows("docx", "charts", "read", "a table of categories and values")
@pytest.mark.shows("docx", "diagrams (SmartArt)", "read", "a list of their texts")
def test_charts_are_tables_and_diagrams_lists() -> None:
    points = "".join(f"<dgm:pt><dgm:t><a:p><a:r><a:t>{t}</a:t></a:r></a:p></dgm:t></dgm:pt>" for t in ("Plan", "Do"))
    text = read(
        paragraph(inline('<c:chart r:id="chart1"/>')) + paragraph(inline('<dgm:relIds r:dm="data1"/>')),
        chart1=chart_part(series("Megawatts", {"North": "41.5", "South": "87.25"}), "Installed power"),
        data1=element("dgm:dataModel", f"<dgm:ptLst>{points}</dgm:ptLst>"),
    )
    grid = "|  | Megawatts |\n| --- | --- |\n| North | 41.5 |\n| South | 87.25 |"
    assert text == f"Installed power\n\n{grid}\n\n- Plan\n- Do"


@pytest.mark.shows("docx", "formulas", "marked", "in one line: `1/2`, `x^2`, `√(a+b)`")
def test_formulas_stand_in_their_sentence() -> None:
    half = "<m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
    assert read(paragraph("Take ", f"<m:oMath>{half}</m:oMath>", " of it.")) == "Take 1/2 of it."


@pytest.mark.shows("docx", "automatic numbers of headings and lists", "read", "`1.2 Scope`, `3. Close the damper`")
def test_numbers_that_word_counts_are_read() -> None:
    def level(at: int, shape: str, text: str, style: str = "") -> str:
        own = f'<w:pStyle w:val="{style}"/>' if style else ""
        return f'<w:lvl w:ilvl="{at}"><w:numFmt w:val="{shape}"/>{own}<w:lvlText w:val="{text}"/></w:lvl>'

    def numbered(text: str, num: int, at: int = 0) -> str:
        return paragraph(text, properties=f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{num}"/></w:numPr>')

    def heading(text: str, at: int) -> str:
        return paragraph(text, properties=f'<w:pStyle w:val="H{at}"/>')

    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="H{at}"><w:name w:val="heading {at}"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for at in (1, 2)
    )
    lists = [
        level(0, "decimal", "%1", "H1") + level(1, "decimal", "%1.%2", "H2"),
        level(0, "decimal", "%1.") + level(1, "lowerLetter", "(%2)") + level(2, "bullet", "o"),
        level(0, "upperRoman", "Article %1"),
    ]
    nums = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in (1, 2, 3))
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    nums += f'<w:num w:numId="4"><w:abstractNumId w:val="2"/>{again}</w:num>'
    shapes = "".join(f'<w:abstractNum w:abstractNumId="{n}">{one}</w:abstractNum>' for n, one in enumerate(lists, 1))
    text = read(
        heading("Aim", 1)
        + heading("Scope", 1)
        + heading("Kiln", 2)
        + numbered("Check", 2)
        + numbered("twice", 2, 1)
        + numbered("or more", 2, 2)
        + paragraph("Wait.")
        + numbered("Close", 2)
        + numbered("Light", 4)
        + numbered("Term", 3)
        + numbered("none", 0),
        styles=element("w:styles", styles),
        numbering=element("w:numbering", shapes + nums),
    )
    assert text.split("\n\n") == [
        "# 1 Aim",
        "# 2 Scope",
        "## 2.1 Kiln",
        "1. Check\n  (a) twice\n    - or more",
        "Wait.",
        "2. Close\n5. Light",
        "Article I Term",
        "none",
    ]


@pytest.mark.shows("docx", "fields and form fields", "read", "as they were last shown; `☒`, `☐` and the chosen entry")
@pytest.mark.shows("docx", "signs of the fonts Symbol and Wingdings", "read", "`µ`, `°`, `≤`, `✓`")
def test_fields_signs_and_controls_read_as_they_are_shown() -> None:
    field = '<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{}</w:ffData></w:fldChar></w:r>'
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    checked = field.format("<w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>") + end
    open_box = field.format("<w:checkBox><w:default w:val='0'/></w:checkBox>") + end
    chosen = "<w:ddList><w:result w:val='1'/><w:listEntry w:val='Red'/><w:listEntry w:val='Blue'/></w:ddList>"
    broken = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DATE</w:instrText></w:r>'
    date = f"<w:fldSimple w:instr=' DATE '>{run('2 May')}</w:fldSimple>"
    sign = '<w:r><w:sym w:font="Symbol" w:char="F06D"/></w:r>'
    private = run("\uf0a3 5 \uf0b0C", '<w:rFonts w:ascii="Symbol"/>')
    text = read(
        paragraph(checked, " yes ", open_box, " no ", field.format(chosen), end, " on ", date)
        + paragraph("3 ", sign, "m ", private, "<w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t><w:tab/></w:r>", "c")
        + paragraph(f"<w:sdt><w:sdtPr/><w:sdtContent>{run('Paloma')}</w:sdtContent></w:sdt>", broken, " Reyes")
        + f"<w:sdt><w:sdtContent>{paragraph('Still here.')}</w:sdtContent></w:sdt>"
    )
    assert text.split("\n\n") == ["☒ yes ☐ no Blue on 2 May", "3 μm ≤ 5 °Ca‑b\tc", "Paloma", "Still here."]


@pytest.mark.shows("docx", "merged cells", "read", "each column and row says all that is merged above or beside it")
@pytest.mark.shows("docx", "tables within tables", "read", "their cells one after the other")
def test_merged_cells_are_said_in_each_column_and_row() -> None:
    wide, starts, goes_on = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    inner = f"<w:tc>{paragraph('limits')}{table(row('minimum', '320 C'), row('maximum', '410 C'))}</w:tc>"
    text = read(
        table(
            row(cell("Cost in EUR", '<w:gridSpan w:val="3"/>')),
            row(cell("Item", starts), cell("2025", wide)),
            row(cell("", goes_on), "plan", "actual"),
            row(cell("Steel", starts), "1", "2"),
            row(cell("", goes_on), inner, "4"),
        )
    )
    assert text == (
        "Cost in EUR\n\n| Item | 2025 plan | 2025 actual |\n| --- | --- | --- |\n"
        "| Steel | 1 | 2 |\n| Steel | limits minimum 320 C maximum 410 C | 4 |"
    )


@pytest.mark.shows("docx", "embedded documents, audio, video and programs", "left out")
@pytest.mark.shows("docx", "readings above characters (ruby)", "left out", "the characters themselves are read")
def test_what_is_no_text_of_the_document_is_left_out() -> None:
    ruby = f"<w:ruby><w:rt>{run('kan')}</w:rt><w:rubyBase>{run('漢')}</w:rubyBase></w:ruby>"
    body = paragraph("Text ", f"<w:r>{ruby}</w:r>", "<w:r><w:object/></w:r>") + '<w:altChunk r:id="chunk1"/>'
    assert read(body, chunk1="<html>other</html>") == "Text 漢"


@pytest.mark.parametrize("kind", ["page", "column", "textWrapping"])
def test_a_break_parts_words(kind: str) -> None:
    broken = f'<w:r><w:t>page one</w:t><w:br w:type="{kind}"/><w:t>page two</w:t></w:r>'
    alone = f'<w:r><w:br w:type="{kind}"/></w:r>'
    assert read(paragraph(broken, alone) + paragraph(alone, "End.") + paragraph(alone)) == "page one\npage two\n\nEnd."
