"""XML becomes text that keeps its attributes: data as records, feeds as entries, outlines as lists."""

import pytest

from tests.ingest.documents import parse, refusal, text_of

CATALOGUE = """<?xml version="1.0" encoding="ISO-8859-1"?><?pi x?><!-- old: 99 -->
<catalog xmlns:x="urn:x" x:kind="tides"><book id="b1" xml:lang="en"><title>Tide Tables of Skagen</title>
<price currency="DKK">249.50</price><note><![CDATA[Second edition <2026>]]></note></book>
<book id="b2"><title>Størrelser &amp; mål</title><price currency="SEK">99</price><empty/></book>
<x:count>2</x:count><about>The <b>whole</b> area is 10<sup>6</sup> m<sup>2</sup>.</about></catalog>"""


@pytest.mark.shows("xml", "elements with their attributes", "read", "a record a line: `price (currency: DKK): 249.50`")
@pytest.mark.shows("xml", "CDATA, entities, names without their namespace", "read")
@pytest.mark.shows("xml", "comments, processing instructions, `xml:` and `xsi:` attributes", "left out")
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_data_are_records_with_their_attributes(encoding: str) -> None:
    assert text_of("a.xml", CATALOGUE.encode(encoding)) == (
        "# catalog (kind: tides)\n\n"
        "- book (id: b1): title: Tide Tables of Skagen; price (currency: DKK): 249.50; note: Second edition <2026>\n"
        "- book (id: b2): title: Størrelser & mål; price (currency: SEK): 99\n"
        "- count: 2\n"
        "- about: The whole area is 10^6 m²."
    )


def test_what_is_too_long_for_a_record_is_a_section() -> None:
    words = "long words " * 60
    data = f"<a><b id='1'><c>{words}</c><d unit='kg'>5</d><e><f>x</f><f>y</f></e></b></a>"
    assert text_of("a.xml", data) == f"# a\n\n## b (id: 1)\n\nc: {words.strip()}\n\n- d (unit: kg): 5\n- e: f: x; f: y"


def test_marked_up_words_within_data_are_read_as_a_web_page() -> None:
    data = "<a><text><![CDATA[<p>One <b>cell</b>.</p><ul><li>10<sup>6</sup></li></ul>]]></text><n>1</n></a>"
    assert text_of("a.xml", data) == "# a\n\ntext: One cell.\n\n- 10^6\n\n- n: 1"


RSS = """<rss version="2.0" xmlns:content="urn:c" xmlns:dc="urn:d"><channel><title>Tide news</title><link>http://t</link>
<item><title>Spring tide</title><dc:creator>Ada</dc:creator><pubDate>Mon, 30 Nov 2026</pubDate>
<description>&lt;p&gt;Was &lt;s&gt;9&lt;/s&gt; 10 m.&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>At <b>noon</b>.</p><img alt="The pier">]]></content:encoded>
<enclosure url="http://t/a.mp3" length="7"/></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Tide news</title><entry><title>Spring tide</title>
<updated>2026-11-30</updated><author><name>Ada</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>At <b>noon</b>.</p></div></content></entry></feed>"""


@pytest.mark.shows("xml", "entries of RSS and Atom, their HTML", "read", "a section each; date, author, link on a line")
def test_feeds_are_sections_of_entries() -> None:
    document = parse("a.rss", RSS)
    assert document.title == "Tide news"
    assert document.pages[0].text == (
        "# Tide news\n\nlink: http://t\n\n## Spring tide\n\n"
        "creator: Ada; pubDate: Mon, 30 Nov 2026; enclosure (url: http://t/a.mp3, length: 7)\n\n"
        "Was ~~9~~ 10 m.\n\nAt noon.\n\n[picture: The pier]"
    )
    assert text_of("a.atom", ATOM) == (
        "# Tide news\n\n## Spring tide\n\nupdated: 2026-11-30; author: name: Ada\n\nAt noon."
    )


SHEET = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Output"><Table><Column/><Row><Cell><Data ss:Type="String">Site</Data></Cell><Cell ss:Index="3"><Data
ss:Type="String">2025</Data></Cell></Row><Row><Cell><Data ss:Type="String">Lund</Data></Cell><Cell><Data>a</Data></Cell>
<Cell><Data ss:Type="Number">622</Data></Cell></Row></Table></Worksheet></Workbook>"""


@pytest.mark.shows("xml", "workbooks that Excel saved as XML of 2003", "read", "tables; values, not their format")
@pytest.mark.parametrize("name", ["a.xml", "a.xls"])
def test_workbooks_in_xml_are_tables(name: str) -> None:
    table = "## Output\n\n| Site |  | 2025 |\n| --- | --- | --- |\n| Lund | a | 622 |"
    assert text_of(name, SHEET) == table


OUTLINE = """<opml version="2.0"><head><title>Reading</title></head><body><outline text="News">
<outline type="rss" text="Tides" title="Tides" xmlUrl="http://t/rss"/></outline></body></opml>"""


@pytest.mark.shows("opml", "outlines, with addresses and notes", "read", "nested lists")
def test_outlines_are_nested_lists() -> None:
    document = parse("a.opml", OUTLINE)
    assert (document.title, document.pages[0].text) == ("Reading", "- News\n  - Tides (xmlUrl: http://t/rss)")


@pytest.mark.shows("xml", "subtitles in TTML", "read", "without times")
def test_subtitles_are_lines() -> None:
    lines = '<p begin="1s">At <span tts:color="red" xmlns:tts="t">noon</span>,<br/>high\n tide.</p><p>Then low.</p>'
    assert text_of("a.ttml", f"<tt><head><style/></head><body><div>{lines}</div></body></tt>") == (
        "At noon,\nhigh tide.\nThen low."
    )


def test_broken_xml_is_read_as_far_as_it_goes_and_nothing_is_refused() -> None:
    assert "Lund & Oslo" in text_of("a.xml", "<a><b>Lund & Oslo</b><c>x</a>").replace("Lund  Oslo", "Lund & Oslo")
    assert "XML" in refusal("a.xml", "no element at all")[0]
    assert text_of("a.xml", "<a>&nbsp;&eacute; is no entity of XML, &dolphin; of others</a>").endswith(
        "é is no entity of XML, dolphin of others"
    )


@pytest.mark.parametrize("depth", [200, 100_000])
def test_xml_of_any_depth_and_bombs_are_bounded(depth: int) -> None:
    deep = f"{'<a>' * depth}words{'</a>' * depth}"
    assert "words" in text_of("a.xml", deep) if depth < 256 else "XML" in refusal("a.xml", deep)[0]
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(12))
    assert len(parse("a.xml", f"<!DOCTYPE a [{entities}]><a><b>seen</b><c>&l11;</c></a>").pages[0].text) < 20_000_000
    assert text_of("a.xml", '<!DOCTYPE a [<!ENTITY co "ACME">]><a><b>&co; Inc.</b></a>') == "# a\n\n- b: ACME Inc."
