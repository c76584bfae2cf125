"""Web pages become text that says what the page shows: quantities, notes, forms, pictures; and not what it hides."""

import pytest

from tests.ingest.documents import parse, text_of

QUANTITIES = [
    ("10<sup>6</sup> litres, 2.5 × 10<sup>-3</sup> bar", "10^6 litres, 2.5 × 10^-3 bar"),
    ("40 m<sup>2</sup> and 8 N/mm <sup>2</sup>", "40 m² and 8 N/mm ²"),
    ("H<sub>2</sub>O at v<sub>max</sub>", "H₂O at v_max"),
    ('10<span style="vertical-align: super">6</span>', "10^6"),
    ("3<sup>1</sup>&frasl;<sub>2</sub> or &frac12; &minus;5", "3 1⁄2 or ½ −5"),
    ("<style>.c3{vertical-align:super} @media print {.c3{display:none}}</style>10<b class='x c3'>6</b>", "10^6"),
    ("x<sup>a<sub>1</sub></sup>", "x^a₁"),
]
STRUCK = [
    *((f"was <{tag}>900</{tag}> <b>450</b> euros", "was ~~900~~ 450 euros") for tag in ("s", "del", "strike")),
    ('was <span style="text-decoration:line-through">900</span> 450', "was ~~900~~ 450"),
    ("<style>p .x, .old { text-decoration: line-through }</style><i class=old>900</i> 450", "~~900~~ 450"),
    ("was <del>9</del><ins>10</ins> euros", "was ~~9~~10 euros"),
    ("<del><p>Old rule.</p></del><p>New rule.</p>", "~~Old rule.~~\n\nNew rule."),
]


@pytest.mark.shows("html epub", "superscripts, subscripts, fractions", "marked", "`10^6`, `m²`, `H₂O`; by CSS too")
@pytest.mark.parametrize(("page", "text"), QUANTITIES)
def test_raised_and_lowered_characters_keep_their_meaning(page: str, text: str) -> None:
    assert text_of("a.html", f"<p>{page}</p>") == text


@pytest.mark.shows("html epub", "struck out words", "marked", "`~~900~~`, by CSS too; inserted words plainly")
@pytest.mark.parametrize(("page", "text"), STRUCK)
def test_struck_out_words_are_marked(page: str, text: str) -> None:
    assert text_of("a.html", page) == text


@pytest.mark.shows("html epub", "references to notes", "marked", "`found.[12]`; the notes are read in their place")
@pytest.mark.parametrize(
    ("reference", "mark"),
    [
        ("<sup>12</sup>", "[12]"),
        ('<sup><a href="#fn12">12</a></sup>', "[12]"),
        ('<sup id="cite"><a href="#note"><span>[</span>12<span>]</span></a></sup>', "[12]"),
        ('<a href="#fn12" role="doc-noteref"><sup>12</sup></a>', "[12]"),
        ('<a class="noteref" href="notes.html#n">12</a>', "[12]"),
        ('<a href="#n"><sup>12</sup></a>', "[12]"),
        ("<sup>*</sup>", "*"),
    ],
)
def test_a_reference_to_a_note_is_apart_from_the_sentence(reference: str, mark: str) -> None:
    assert text_of("a.html", f"<p>As the survey found.{reference} Next.</p>") == f"As the survey found.{mark} Next."
    if mark == "[12]" and "href" in reference:
        assert text_of("a.html", f"<p>The tank holds 10{reference} litres.</p>") == "The tank holds 10[12] litres."


@pytest.mark.shows("html epub", "formulas in MathML", "marked", "`x = (a + b)/2`, `10^6`, `√(x)`")
@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<msup><mn>10</mn><mn>6</mn></msup>", "10^6"),
        ("<msup><mn>10</mn><mrow><mo>-</mo><mn>3</mn></mrow></msup>", "10^-3"),
        ("<mi>x</mi><mo>=</mo><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "x = (a + b)/2"),
        ("<mn>3</mn><mfrac><mn>1</mn><mn>2</mn></mfrac>", "3 1/2"),
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac><mi>x</mi>", "1/2 x"),
        ("<mfrac><mn>1</mn><mrow><mi>a</mi><mi>b</mi></mrow></mfrac>", "1/(ab)"),
        ("<mfrac><mn>1</mn><mrow><mn>2</mn><mi>x</mi></mrow></mfrac>", "1/(2x)"),
        ("<mo>(</mo><mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac><mo>)</mo>", "(n over k)"),
        ("<mn>2</mn><mroot><mn>8</mn><mn>3</mn></mroot>", "2 ³√(8)"),
        ("<msup><mi>x</mi><mi>y</mi></msup><mi>z</mi>", "x^y z"),
        ("<msub><mi>v</mi><mtext>max</mtext></msub><mo>=</mo><mn>4</mn>", "v_max = 4"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x + 1)"),
        ("<mn>2</mn><mo>&InvisibleTimes;</mo><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "2x₁²"),
        ("<semantics><mrow><mi>E</mi></mrow><annotation>E tex</annotation></semantics>", "E"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", "1, 2"),
    ],
)
def test_formulas_are_written_on_a_line(formula: str, text: str) -> None:
    assert text_of("a.html", f"<p>Take <math>{formula}</math> now.</p>") == f"Take {text} now."


def test_formulas_of_xhtml_have_a_namespace() -> None:
    math = (
        '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:msup><m:mn>10</m:mn><m:mn>6</m:mn></m:msup></m:math>'
    )
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{math} litres</p></body></html>'
    assert text_of("a.xhtml", page) == "10^6 litres"


@pytest.mark.shows("html epub", "alternative text of pictures and drawings", "marked", "`[picture: words]`")
@pytest.mark.parametrize(
    ("picture", "text"),
    [
        ('<img src="a.png" alt="Cutaway drawing\n of the volute">', "[picture: Cutaway drawing of the volute]"),
        ("<svg><title>Flow</title><text>in <tspan>x</tspan></text><text>out</text></svg>", "[picture: Flow: in x out]"),
        ('Well done <img src="a.png" alt="🙂">', "Well done 🙂"),
        ('See <img src="pixel.gif" alt="tracker" width="1" height="1"><img src="a.png"><img alt="">this', "See this"),
        ("Text<img alt=pier>more<img alt=sea>.", "Text [picture: pier] more [picture: sea]."),
        ('<a href="/"><img alt="Home page"></a>', "[picture: Home page]"),
        (
            "<figure><img alt='Volute'><figcaption>Figure 3: in bronze.</figcaption></figure>",
            "[picture: Volute]\n\nFigure 3: in bronze.",
        ),
    ],
)
def test_pictures_say_what_they_show(picture: str, text: str) -> None:
    assert text_of("a.html", f"<body>{picture}</body>") == text


@pytest.mark.shows("html", "form fields", "read", "values, the chosen option or else all, boxes as `[x]` and `[ ]`")
@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("<select><option>Alpha</option><option>Beta</option></select>", "Alpha, Beta"),
        ("<select><option>Alpha<option selected>Beta<option>Gamma</select>", "Beta"),
        ('Name <input value="Ada"><input type=hidden value=x><input type=submit value=Send>', "Name Ada"),
        ("<label><input type=checkbox checked> Paid</label><br><input type=radio>Later", "[x] Paid\n[ ] Later"),
        ("<p>Remarks<textarea>two  lines</textarea></p>", "Remarks two lines"),
        ("<button>Save</button><button>Close</button>", "Save Close"),
    ],
)
def test_forms_say_what_was_filled_in(form: str, text: str) -> None:
    assert text_of("a.html", f"<form>{form}</form>") == text


@pytest.mark.shows("html epub", "short forms with their long form, ruby, quotation marks", "marked", "`WHO (…)`")
@pytest.mark.parametrize(
    ("words", "text"),
    [
        ('<abbr title="World Health Organization">WHO</abbr> says', "WHO (World Health Organization) says"),
        ("<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を", "漢字(かんじ)を"),
        ("He said <q>never</q>.", "He said “never”."),
        ("Com<wbr>press<wbr>or oil", "Compressor oil"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<dl><dt>Seal kit<dd>part SK-404<dt>A<dt>B<dd><ul><li>x</ul></dl>", "Seal kit: part SK-404\n\nA, B:\n\n- x"),
        ("<div>one</div>two<section>three</section>", "one\n\ntwo\n\nthree"),
        ("<h2>Title<br>goes on <a href='#x'>¶</a></h2>", "## Title goes on"),
        ("<ol start=3><li>three<li>four<ol><li>a</ol></ol>", "3. three\n4. four\n   1. a"),
        ("<blockquote>Never run it dry.</blockquote>", "> Never run it dry."),
        ("AT&T <unknown>tag</unknown> a < b", "AT&T tag a < b"),
    ],
)
def test_words_read_as_the_page_shows_them(words: str, text: str) -> None:
    assert text_of("a.html", f"<body>{words}</body>") == text


@pytest.mark.shows(
    "html", "menus (`nav`), what CSS or `hidden` hides, scripts, comments, fallbacks, JSON-LD", "left out"
)
@pytest.mark.parametrize(
    "hidden",
    [
        "<nav>secret</nav>",
        "<p style='display : none'>secret</p>",
        "<p hidden>secret</p>",
        "<span aria-hidden='true'>secret</span>",
        "<template>secret</template>",
        "<noscript>secret</noscript>",
        "<iframe srcdoc='secret'>secret</iframe>",
        "<script type='application/ld+json'>{\"secret\": 1}</script>",
        "<!-- secret -->",
        "<style>.x, p.y {display: none}</style><p class='a y'>secret</p>",
        "<style>#x{visibility:hidden} @media print {#x{display:block}}</style><p id=x>secret</p>",
        "<video>secret</video>",
        "<dialog>secret</dialog>",
        "<div title=secret data-x=secret><time datetime=secret></time><data value=secret></data></div>",
    ],
)
def test_what_is_not_seen_is_left_out(hidden: str) -> None:
    page = (
        f"<body>{hidden}<p>Seen <span class='sr-only'>aloud</span>.</p><div aria-hidden='true'>All of it.</div></body>"
    )
    assert text_of("a.html", page) == "Seen aloud.\n\nAll of it."


@pytest.mark.shows("html", "tabs and folded sections that a script or a class may open", "read")
@pytest.mark.parametrize(
    "page",
    [
        "<style>.tab{display:none} .tab.on{display:block}</style><p class=tab>Second.",
        "<style>.tab{display:none}</style><script>show('tab')</script><p class=tab>Second.",
        "<style>@media print {.tab{display:none}}</style><p class=tab>Second.",
        "<details><summary>Second.</summary></details>",
        "<p hidden=until-found>Second.",
    ],
)
def test_what_a_reader_may_open_is_read(page: str) -> None:
    assert text_of("a.html", f"<p>First.</p>{page}") == "First.\n\nSecond."


@pytest.mark.shows("html", "formulas in TeX", "read", "as they are written, `\\\\(10^6\\\\)`")
def test_formulas_in_tex_are_read_as_they_are_written() -> None:
    page = "<p>Take \\(10^6\\) and <script type='math/tex'>E_0</script>.</p>"
    assert text_of("a.html", page) == "Take \\(10^6\\) and E_0."


@pytest.mark.shows("html", "encodings that the page names, and those it names wrongly", "read")
@pytest.mark.parametrize(
    ("named", "written"),
    [
        ("iso-8859-1", "cp1252"),
        ("utf-8", "cp1252"),
        ("iso-8859-1", "utf-8"),
        ("windows-1251", "cp1251"),
        ("x", "utf-8"),
    ],
)
def test_the_encoding_is_that_of_the_bytes(named: str, written: str) -> None:
    words = (
        "Цена растёт каждый день"
        if written == "cp1251"
        else "Die schöne Frau zahlt früh am Morgen 15 €, größere Mengen kosten später mehr Geld"
    )
    page = f'<html><head><meta charset="{named}"><title>{words}</title></head><body>{words}</body></html>'
    document = parse("a.html", page.encode(written))
    assert (document.title, document.pages[0].text) == (words, words)


def test_japanese_pages_of_old_are_read() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset={}"><p>圧力は六気圧です。</p>'
    for encoding in ("iso-2022-jp", "shift_jis", "euc-jp", "utf-16"):
        assert text_of("a.html", page.format(encoding).encode(encoding)) == "圧力は六気圧です。"


def test_pages_are_text_by_the_encoding_that_they_name() -> None:
    page = '<meta charset="{}"><p>ความดันคือหกบาร์และอุณหภูมิคือยี่สิบองศา</p>'
    for encoding in ("tis-620", "windows-874"):
        assert text_of("a.html", page.format(encoding).encode("cp874")) == "ความดันคือหกบาร์และอุณหภูมิคือยี่สิบองศา"


def test_xhtml_keeps_what_follows_an_element_that_closes_itself() -> None:
    head = '<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">'
    page = (
        f"{head}<head><title/><script src='x'/></head><body><a id='p1'/><p>Preis&nbsp;für: 5 &euro;</p></body></html>"
    )
    assert text_of("a.xhtml", page.encode("cp1252")) == "Preis\N{NO-BREAK SPACE}für: 5 €"


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "ul><li", "blockquote"])
def test_a_page_of_any_depth_is_read(tag: str) -> None:
    assert text_of("a.html", f"<p>Before.</p>{f'<{tag}>' * 5_000}Deep.").split() == ["Before.", "Deep."]
