"""Data files are read as programs read them, their escapes written out; text and source code are their own text."""

import base64
import json

import pytest

from tests.ingest.documents import text_of

JSON_ENDINGS = ("json", "jsonl", "ndjson", "json5", "geojson", "arb", "xcstrings", "webmanifest")


@pytest.mark.shows("code", "escaped letters in JSON", "read", "`Vard\\u00f8` as `Vardø`, `\\/` as `/`, pairs joined")
@pytest.mark.parametrize("ending", JSON_ENDINGS)
def test_letters_that_json_escapes_are_letters(ending: str) -> None:
    value = {"name": "Vardø", "days": "火曜日", "sign": "👩‍🚀 42\u00a0km", "tag": "<b>"}
    written = json.dumps(value).replace("<", "\\u003C").replace("/", "\\/")
    assert text_of(f"a.{ending}", written) == json.dumps(value, ensure_ascii=False)


@pytest.mark.shows("code", "escaped quotation marks, line ends and controls in JSON", "read", "as written")
@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r'"C:\\u00f8 \\\u00f8"', r'"C:\\u00f8 \\ø"'),
        (r'"one\ntwo \"three\" \t"', r'"one\ntwo \"three\" \t"'),
        (r'"\u000a \u001b[31m \u2028 \u202e \ufeff"', r'"\u000a \u001b[31m \u2028 \u202e \ufeff"'),
        (r'"\ud83d \ude00 \ud83dx \ud83d\ude00"', r'"\ud83d \ude00 \ud83dx 😀"'),
        (r'"\u0022\u005c\u0026\u0027"', r'''"\"\\&'"'''),
        (r'"\u12 \u00g8 \uD8', r'"\u12 \u00g8 \uD8'),
        (r'"https:\/\/example.org\/a"', '"https://example.org/a"'),
    ],
)
def test_what_json_cannot_do_without_stays_as_it_is_written(written: str, read: str) -> None:
    assert text_of("a.json", written) == read


@pytest.mark.shows(
    "code", "escaped letters, and lines that go on, in `.properties`", "read", "`\\u00f8` as `ø`, the lines as one"
)
def test_java_properties_are_read_as_java_reads_them() -> None:
    comment = "# kept in C:\\u00fcber\\\n"
    written = "farewell=Tsch\\u00fcss, https\\://example.org\\#top\nlong = The pump \\\n    stops\\n now\n"
    assert text_of("a.properties", comment + written) == (
        comment + "farewell=Tschüss, https://example.org#top\nlong = The pump stops\\n now\n"
    )
    assert text_of("a.properties", "gr\\u00f6\\u00dfe=Größe".encode("latin-1")) == "größe=Größe"


@pytest.mark.shows(
    "code", "escapes within double quotes in YAML and TOML", "read", "letters as letters, folded lines as one"
)
@pytest.mark.parametrize("ending", ["yaml", "yml", "toml"])
def test_in_yaml_and_toml_double_quotes_have_escapes(ending: str) -> None:
    written = """name: "Vard\\xF8 \\u00f8 \\U0001F600" # "
path: C:\\u00f8 and 5" by 'C:\\xF8'
list: ["\\u00c5se", {"k\\u00e5": "said \\"no\\" \\\\u00f8"}]
folded: "it goes \\
  \\ on"
"""
    assert (
        text_of(f"a.{ending}", written)
        == """name: "Vardø ø 😀" # "
path: C:\\u00f8 and 5" by 'C:\\xF8'
list: ["Åse", {"kå": "said \\"no\\" \\\\u00f8"}]
folded: "it goes  on"
"""
    )
    block = 'text = """\nVard\\u00f8 "here" \\\n   goes on"""'
    assert text_of(f"a.{ending}", block) == 'text = """\nVardø "here" goes on"""'


@pytest.mark.shows("text", "texts to translate (`.po`, `.strings`)", "read", "a message over several lines is one")
def test_messages_to_translate_are_whole() -> None:
    assert (
        text_of("a.po", 'msgid ""\n"The pump "\n"must stop.\\n"\n"Now."\n')
        == 'msgid "The pump must stop.\\n"\n"Now."\n'
    )
    assert (
        text_of("a.strings", '"k" = "Sch\\U00f6n, d\\U00e9cad\\U00E9 \\\'a\\\'";\n') == '"k" = "Schön, décadé \'a\'";\n'
    )


@pytest.mark.shows(
    "text markdown", "escapes, entities and text that was decoded wrongly before", "read", "as they stand in the file"
)
@pytest.mark.shows("code", "escapes in source code", "read", "as they stand in the file")
@pytest.mark.parametrize(
    "name", ["a.txt", "a.md", "a.py", "a.js", "a.ts", "a.java", "a.css", "a.log", "a.ini", "a.sql"]
)
def test_text_and_source_code_are_their_own_text(name: str) -> None:
    text = 'x = "Vard\\u00f8 \\xf8 \\/ &oslash; VardÃ¸ {\\o}"  # =C3=B8\n continued \\\n line'
    assert text_of(name, text) == text


@pytest.mark.shows("text", "colours of a terminal, and characters typed over", "left out")
def test_what_steers_a_terminal_is_no_text() -> None:
    log = "\x1b[1;31mERROR\x1b[0m pump 7 "
    log += "\x1b]8;;http://a.example\x07stopped\x1b]8;;\x1b\\\x1b[K N\x08NA\x08AME _\x08x\x1b(B"
    assert text_of("a.log", log) == "ERROR pump 7 stopped NAME x"


@pytest.mark.shows(
    "text", "events of calendars (`.ics`)", "read", "folded lines whole, times as `2026-07-04 06:00 UTC`"
)
@pytest.mark.shows("text", "contacts (`.vcf`)", "read", "folded lines whole, quoted-printable text decoded")
@pytest.mark.shows("text", "pictures and other bytes in calendars and contacts", "left out")
def test_calendars_and_contacts_are_whole_lines() -> None:
    event = (
        "BEGIN:VEVENT\r\nSUMMARY:Hike to Troll\r\n tunga\\, if dry\r\nDTSTART:20260704T060000Z\r\n"
        "DTEND;TZID=Europe/Oslo:20260704T180000\r\nEXDATE;VALUE=DATE:20260705,20260706\r\nX-NUMBER:20260705\r\n"
        "ATTACH;FMTTYPE=image/png;ENCODING=BASE64;VALUE=BINARY:iVBORw0KGgo\r\n AAAANSUhEUg\r\n"
        "DESCRIPTION:Bring boots\\; gloves.\\nLeave C:\\\\new\r\nEND:VEVENT\r\n"
    )
    assert text_of("a.ics", event).splitlines() == [
        "BEGIN:VEVENT",
        "SUMMARY:Hike to Trolltunga, if dry",
        "DTSTART:2026-07-04 06:00 UTC",
        "DTEND;TZID=Europe/Oslo:2026-07-04 18:00",
        "EXDATE;VALUE=DATE:2026-07-05,2026-07-06",
        "X-NUMBER:20260705",
        "DESCRIPTION:Bring boots; gloves.",
        "Leave C:\\new",
        "END:VEVENT",
    ]
    card = "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:L=C3=B8n=\nn;=C3=85se\nPHOTO:data:image/png;base64,iVBO\nTEL:1\n"
    assert text_of("a.vcf", card) == "N:Lønn;Åse\nTEL:1\n"
    assert text_of("a.vcf", "NOTE;ENCODING=QUOTED-PRINTABLE:=FF=FE\n") == "NOTE;ENCODING=QUOTED-PRINTABLE:=FF=FE\n"


def test_directories_are_whole_lines() -> None:
    name = base64.b64encode("Åse Lønn".encode()).decode()
    assert text_of("a.ldif", f"cn:: {name}\ndescription: the kee\n per\njpegPhoto:: /9j/4A==\n") == (
        "cn: Åse Lønn\ndescription: the keeper\njpegPhoto:: /9j/4A==\n"
    )


@pytest.mark.shows("text", "accents, letters and signs as commands of LaTeX", "read", '`{\\o}` as `ø`, `\\"u` as `ü`')
@pytest.mark.shows("text", "other commands of LaTeX", "read", "as they stand in the file")
@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"M\"uller, {\"u}ber, \"{o}l, {\"{A}}, na\"{\i}ve, \'{\i}", "Müller, über, öl, Ä, naïve, í"),
        (
            r"S{\o}ren, S\o{}ren, S\o ren, \O{}ygard, {\AA}se, \AA se, Stra{\ss}e, \L{}\'od\'z",
            "Søren, Søren, Søren, Øygard, Åse, Åse, Straße, Łódź",
        ),
        (r"Ho\v{s}ek, {\v S}koda, Dvo\v r\'ak, \c{c}a, Erd\H{o}s, \k{a}", "Hošek, Škoda, Dvořák, ça, Erdős, ą"),
        (r"Ver\-fah\-ren, MX\_77, 5\,\% of A\&B, \$3, \#4", r"Verfahren, MX_77, 5\,% of A&B, $3, #4"),
        (
            r"a \\ b \\[2pt] \omega \left( \section{One} \url{x} \item \=x \'{}",
            r"a \\ b \\[2pt] \omega \left( \section{One} \url{x} \item \=x \'{}",
        ),
        (r"\\= a & \\'t", r"\\= a & \\'t"),
    ],
)
def test_accents_of_latex_are_letters(written: str, read: str) -> None:
    assert text_of("a.tex", written) == read
    assert text_of("a.bib", f"title = {{{written}}}") == f"title = {{{read}}}"


@pytest.mark.shows("markdown", "raised and lowered characters, fractions", "read", "`10^6`, `m²`, `CO₂`, `1/2`")
@pytest.mark.shows("markdown", "words struck out", "marked", "`~~words~~`, as they are written")
@pytest.mark.shows("markdown", "code", "read", "as it is written")
def test_raised_characters_of_markdown_keep_their_meaning() -> None:
    written = "Ab `x<sup>2</sup>` 10<sup>6</sup> l of H<sub>2</sub>O, <sup>1</sup>/<sub>2</sub> for ~~900~~ 450.\n"
    fenced = "~~~html\n10<sup>6</sup>\n~~~\n"
    read = "Ab `x<sup>2</sup>` 10^6 l of H₂O, 1/2 for ~~900~~ 450.\n"
    assert text_of("a.md", f"{written}{fenced}m<SUP>2</SUP>\n") == f"{read}{fenced}m²\n"


WEB = """WEBVTT - Dam
Kind: captions

STYLE
::cue { color: red }

NOTE an old line --

1
00:01.000 --> 00:04.000 align:start
<v.loud Ada Falk>Welcome to <i>the dam</i></v> &amp; lake
<c.yellow>of</c> <00:00:02.000>Kaprun

00:05.000 --> 00:06.000
of Kaprun
It holds 10 &lt; 20.
"""
SUBRIP = """1
00:00:01,000 --> 00:00:04,000
{\\an8}<font color="red">Welcome</font>\\Nto the dam

2
00:00:05,000 --> 00:00:06,000
1954

was the year.
3
00:00:07,000 --> 00:00:08,000
a < b, 5 > 3
"""


@pytest.mark.shows(
    "vtt srt", "lines, and speakers", "read", "`Ada Falk: Welcome`; a line that comes twice in a row once"
)
@pytest.mark.shows("vtt srt", "times, numbers, styles, notes", "left out")
def test_subtitles_are_lines_without_tags_and_times() -> None:
    assert text_of("a.vtt", WEB) == "Ada Falk: Welcome to the dam & lake\nof Kaprun\nIt holds 10 < 20."
    text = "Welcome\nto the dam\n1954\nwas the year.\na < b, 5 > 3"
    assert text_of("a.srt", SUBRIP) == text
    assert text_of("a.srt", "No times\nin it.") == "No times\nin it."
    assert text_of("a.srt", SUBRIP.replace("\n", "\r\n").encode("utf-8-sig")) == text
