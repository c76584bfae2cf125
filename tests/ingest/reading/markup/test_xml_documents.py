"""Documents in XML read as documents: headings, lists, tables, notes after the paragraph that refers to them."""

import pytest

from tests.ingest.documents import parse, text_of

DOCBOOK = """<book xmlns="http://docbook.org/ns/docbook" version="5.0"><info><title>Pump guide</title>
<edition>2</edition></info><chapter><title>Service</title>
<para>Draw 10<superscript>6</superscript> litres.<footnote><para>A year.</para>
</footnote> Was <emphasis role="strikethrough">900</emphasis>.</para><section><title>Parts</title>
<itemizedlist><listitem><para>plug</para></listitem><listitem><para>seal</para></listitem></itemizedlist>
<variablelist><varlistentry><term>Kit</term><listitem><para>SK-404</para></listitem></varlistentry></variablelist>
<programlisting>torque --nm 18</programlisting>
<mediaobject><imageobject><imagedata fileref="a.png"/></imageobject><textobject><phrase>The volute</phrase></textobject>
</mediaobject><informaltable><tgroup cols="3"><colspec colname="a"/><colspec colname="b"/><colspec colname="c"/><thead>
<row><entry morerows="1">Site</entry><entry namest="b" nameend="c">Output</entry></row>
<row><entry>2024</entry><entry>2025</entry></row></thead>
<tbody><row><entry>Lund</entry><entry>511</entry><entry>622</entry></row></tbody></tgroup></informaltable>
</section></chapter></book>"""


@pytest.mark.shows("xml", "DocBook, JATS: headings, lists, tables, formulas, quantities", "read", "as in web pages")
@pytest.mark.shows(
    "xml", "footnotes of DocBook", "marked", "a paragraph `Footnote 1: …` after the one that refers to it"
)
def test_docbook() -> None:
    document = parse("a.docbook", DOCBOOK)
    assert document.title == "Pump guide"
    assert document.pages[0].text == (
        "# Pump guide\n\nedition: 2\n\n## Service\n\nDraw 10^6 litres.[1] Was ~~900~~.\n\nFootnote 1: A year.\n\n"
        "### Parts\n\n- plug\n- seal\n\nKit: SK-404\n\n```\ntorque --nm 18\n```\n\n[picture: The volute]\n\n"
        "| Site | Output 2024 | Output 2025 |\n| --- | --- | --- |\n| Lund | 511 | 622 |"
    )


JATS = """<article><front><journal-meta><issn>2050-3911</issn></journal-meta><article-meta><title-group>
<article-title>Oscillators</article-title></title-group><contrib-group><contrib><name><surname>Choi</surname>
<given-names>Ryeol</given-names></name>
<aff><x><institution>Lab</institution></x>, Lund, 10 &mgr;l</aff></contrib></contrib-group><volume>12</volume>
<pub-date pub-type="epub"><day>30</day><month>05</month><year>2026</year></pub-date>
<abstract><p>We found it.</p></abstract></article-meta></front>
<body><sec><label>1</label><title>Introduction</title><p>As shown,<sup><xref ref-type="bibr" rid="b1">1</xref></sup> the
tank holds 10<sup>6</sup> litres.<xref ref-type="fn" rid="f1">2</xref> Next
<tex-math>\\begin{document}$E$\\end{document}</tex-math>.</p></sec></body>
<back><ref-list><title>References</title><ref><label>1</label><mixed-citation>J. Doe</mixed-citation></ref></ref-list>
</back></article>"""


def test_jats() -> None:
    assert text_of("a.xml", JATS) == (
        "# Oscillators\n\nChoi Ryeol\n\nLab, Lund, 10 μl\n\nvolume: 12\n\npub-date epub: 30 05 2026\n\nWe found it.\n\n"
        "## 1 Introduction\n\nAs shown,[1] the tank holds 10^6 litres.[2] Next $E$.\n\n## References\n\n- 1\n\n  J. Doe"
    )


FICTION = """<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink">
<description><title-info><book-title>Tides</book-title><annotation><p>About.</p></annotation></title-info></description>
<body><section><title><p>One</p><p>The sea</p></title><p>Rose 10<sup>6</sup> times<a l:href="#n1" type="note">1</a>, was
<strikethrough>9</strikethrough> <style name="x">ten</style>.</p><poem><stanza><v>Line one</v><v>Line two</v></stanza>
</poem><image l:href="#p" alt="The pier"/></section></body>
<body name="notes"><section id="n1"><title><p>1</p></title><p>A note.</p></section></body>
<binary id="p">aGVsbG8=</binary></FictionBook>"""


@pytest.mark.shows("fb2", "chapters, verses, pictures, quantities, struck out words", "read", "as in web pages")
@pytest.mark.shows("fb2", "notes", "marked", "a paragraph `Footnote 1: …` after the one that refers to it")
@pytest.mark.shows("fb2", "the description of the book, but for its title", "left out")
def test_fiction_book() -> None:
    document = parse("a.fb2", FICTION)
    assert document.title == "Tides"
    assert document.pages[0].text == (
        "## One The sea\n\nRose 10^6 times[1], was ~~9~~ ten.\n\nFootnote 1: A note.\n\nLine one\n\nLine two\n\n"
        "[picture: The pier]"
    )
