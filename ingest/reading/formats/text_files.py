"""Reads text files: as they are, data files with the characters that they spell as escapes, subtitles as spoken.

Nobody could find `Vard\\u00f8` in JSON or `Vard{\\o}` in LaTeX, nor read `10<sup>6</sup>` in Markdown as a number. The
text is what the programs see that read such a file; source code, which a compiler reads, stays as it is.
"""

import base64
import html
import quopri
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

from ingest.reading.marks import Run, mark_runs
from ingest.reading.text_decoding import decode_lines

# What colours and moves text on a terminal, and characters that another is typed over.
_TERMINAL = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)?|[ -/]*[0-~])|[^\n]\x08")

_ESCAPE = re.compile(
    r"""\\(?: u(?P<pair>d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})
        | U(?P<long>00[01][0-9a-f]{5}) | u+(?P<short>[0-9a-f]{4}) | x(?P<byte>[0-9a-f]{2})
        | (?P<itself>[/:=\#!'\ ])
        | (?P<joint>\n[ \t]*(?:\\(?=[ \t]))?)
        | . )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
# No letters, but parts of words: the joiners of Persian and of emoji, soft hyphens, spaces that do not break.
_PARTS_OF_WORDS = "\u200c\u200d\u00ad\u00a0\u202f\u3000"
_COMMENT_OR_QUOTED = re.compile(
    r'(?<!\S)#[^\n]*|(?<![^\s\[({,:=])(?:"""(?:[^\\]|\\.)*?"""|"[^"\\]*(?:\\.[^"\\]*)*")', re.DOTALL
)
_COMMENT_OR_ENTRY = re.compile(r"^[ \t]*[#!][^\n]*|^[^\n\\]*(?:\\.[^\n\\]*)*", re.MULTILINE | re.DOTALL)
_PO_JOINT = re.compile(r'(?<!\\n)"\n[ \t]*"')

_FOLD = re.compile(r"\n[ \t]")
_LDIF_BYTES = re.compile(r"^([\w.;-]+)::[ ]*([A-Za-z0-9+/=]+)$", re.MULTILINE)
_CARD_PRINTABLE = re.compile(
    r"^([^:\n]{0,200});ENCODING=QUOTED-PRINTABLE([^:\n]{0,200}):((?:.*=\n)*.*)", re.MULTILINE | re.IGNORECASE
)
_CARD_CHARSET = re.compile(r";CHARSET=([\w-]+)", re.IGNORECASE)
_CARD_BYTES = re.compile(
    r"^[^:\n]{0,200}(?:;ENCODING=B(?:ASE64)?\b[^:\n]{0,200}:|:data:).*\n*", re.MULTILINE | re.IGNORECASE
)
_CARD_TIMES = re.compile(
    r"^(?:DT[A-Z]+|DUE|COMPLETED|CREATED|LAST-|RECURREN|EXDATE|RDATE|BDAY|REV|TRIGGER|FREEBUSY).*", re.MULTILINE
)
_CARD_TIME = re.compile(r"(?<=[:,/])(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?(?=[,/]|$)")
_CARD_ESCAPE = re.compile(r"\\([nN,;\\])")

_NAMES = ["o", "O", "l", "L", "aa", "AA", "ae", "AE", "oe", "OE", "dh", "DH", "dj", "DJ", "ss", "i", "j"]
_LATEX_LETTERS = dict(zip(_NAMES, "øØłŁåÅæÆœŒðÐđĐßıȷ", strict=True)) | {"-": "", "\\": "\\\\"}
_LATEX_LETTERS |= {sign: sign for sign in "_&%#$"}
_MARKS = "\u0300\u0301\u0302\u0303\u0304\u0307\u0308\u0306\u030c\u030b\u030a\u0327\u0328\u0323\u0331"
_LATEX_ACCENTS = dict(zip("`'^~=.\"uvHrckdb", _MARKS, strict=True))
_LATEX_ACCENT = (
    r"""\\(?:[`'^~=."]\ *|[uvHrckdb](?:\ +|(?=\{)))(?:\{(?:\\[ij]|[A-Za-z])\}|\\[ij](?![A-Za-z])|[A-Za-z])"""
)
_LATEX = re.compile(
    rf"""(?P<braced>\{{(?:{_LATEX_ACCENT})\}}) | (?P<bare>{_LATEX_ACCENT}) | \\(?P<sign>[_&%\#$\\-])
      | \{{\\(?P<within>aa|AA|ae|AE|oe|OE|dh|DH|dj|DJ|ss|[oOlLij])\}}
      | \\(?P<letter>aa|AA|ae|AE|oe|OE|dh|DH|dj|DJ|ss|[oOlLij])(?:\{{\}}|[ ]+|(?![A-Za-z]))""",
    re.VERBOSE,
)

# Code, which stays as it is, and raised and lowered characters, for which Markdown has the tags of HTML alone.
_CODE_OR_RAISED = re.compile(
    r"^(?P<fence>[ \t]*(`{3,}|~{3,})).*?(?:^[ \t]*\2[`~]*[ \t]*$|\Z)|(?P<ticks>`+)[^`\n]+(?P=ticks)"
    r"|<(?P<tag>su[pb])>(?P<words>[^<>\n]{1,80})</(?P=tag)>",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


def read_text(path: Path, data: bytes, *, kind: str) -> str:
    """The text of a file of the kind `markdown`, `text` or `code`; `path` is its name."""
    text = decode_lines(data)
    suffix = path.suffix.lower().removeprefix(".")
    if kind == "text" and suffix not in _WRITE_OUT:
        return _TERMINAL.sub("", text)
    write_out = _write_raised if kind == "markdown" else _WRITE_OUT.get(suffix)
    return write_out(text) if write_out else text


def _write_raised(text: str) -> str:
    if "<su" not in text and "<SU" not in text:
        return text
    runs: list[Run] = []
    end = 0
    for found in _CODE_OR_RAISED.finditer(text):
        if found["tag"]:
            runs += [
                (text[end : found.start()], ""),
                (found["words"], "raised" if found["tag"][-1] in "pP" else "lowered"),
            ]
            end = found.end()
    return "".join(mark_runs([*runs, (text[end:], "")]))


def _write_escapes(text: str) -> str:
    return _ESCAPE.sub(_write_escape, text) if "\\" in text else text


def _write_escape(match: re.Match[str]) -> str:
    if match["pair"]:
        character = bytes.fromhex(match["pair"].replace("\\u", "").replace("\\U", "")).decode("utf-16-be")
    elif code := match["long"] or match["short"] or match["byte"]:
        character = chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else ""
    elif match["joint"]:
        return ""
    else:
        return match["itself"] or match[0]
    if character in ('"', "\\"):
        return f"\\{character}"
    return character if character and (character.isprintable() or character in _PARTS_OF_WORDS) else match[0]


def _write_quoted(text: str) -> str:
    """In YAML and TOML only what double quotes enclose has escapes."""
    return _COMMENT_OR_QUOTED.sub(_write_uncommented, text) if "\\" in text else text


def _write_properties(text: str) -> str:
    return _COMMENT_OR_ENTRY.sub(_write_uncommented, text) if "\\" in text else text


def _write_uncommented(match: re.Match[str]) -> str:
    return match[0] if match[0].lstrip()[:1] in ("#", "!") else _write_escapes(match[0])


def _join_messages(text: str) -> str:
    return _PO_JOINT.sub("", text)


def _write_directory(text: str) -> str:
    """LDIF: long lines are folded, and values that are not ASCII in Base64."""
    return _LDIF_BYTES.sub(_write_base64, _FOLD.sub("", text))


def _write_base64(match: re.Match[str]) -> str:
    try:
        value = base64.b64decode(match[2], validate=True).decode()
    except ValueError:
        return match[0]
    return f"{match[1]}: {value}" if value.isprintable() else match[0]


def _write_card(text: str) -> str:
    """Calendars and contacts: whole lines, times to read, and no bytes of pictures."""
    text = _FOLD.sub("", _CARD_PRINTABLE.sub(_write_printable, text))
    text = _CARD_BYTES.sub("", text)
    text = _CARD_TIMES.sub(lambda line: _CARD_TIME.sub(_write_time, line[0]), text)
    return _CARD_ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


def _write_printable(match: re.Match[str]) -> str:
    name = f"{match[1]}{match[2]}"
    charset = _CARD_CHARSET.search(name)
    value = quopri.decodestring(match[3].encode())
    try:
        text = value.decode(charset[1] if charset else "utf-8")
    except (LookupError, UnicodeDecodeError):
        return match[0]
    return f"{_CARD_CHARSET.sub('', name)}:{text}".replace("\r\n", "\n").replace("\n", "\\n")


def _write_time(match: re.Match[str]) -> str:
    year, month, day, hour, minute, is_utc = match.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "") + (" UTC" if is_utc else "")


def _write_latex(text: str) -> str:
    return _LATEX.sub(_write_latex_letter, text)


def _write_latex_letter(match: re.Match[str]) -> str:
    if accented := match["braced"] or match["bare"]:
        mark, letter = accented.lstrip("{")[1], accented.rstrip("}")[-1]
        composed = unicodedata.normalize("NFC", letter + _LATEX_ACCENTS[mark])
        return composed if len(composed) == 1 else match[0]
    return _LATEX_LETTERS[match["sign"] or match["within"] or match["letter"]]


_WRITERS: dict[Callable[[str], str], str] = {
    _write_escapes: "json jsonl ndjson json5 jsonc jsonld geojson topojson webmanifest arb xcstrings har strings",
    _write_properties: "properties",
    _write_quoted: "yaml yml toml",
    _join_messages: "po pot",
    _write_directory: "ldif",
    _write_card: "ics vcf ical vcard",
    _write_latex: "tex bib sty cls bbl ltx",
}
_WRITE_OUT = {suffix: write_out for write_out, suffixes in _WRITERS.items() for suffix in suffixes.split()}


_SPEAKER = re.compile(r"<v(?:\.[\w.-]+)?\s+([^<>]+)>")
_STYLE = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>|</?>|\{\\[^{}]*\}")
_ALIGNMENT = re.compile(r"\{[\\=][^{}]*\}|\\h")


def read_subtitles(data: bytes) -> tuple[None, str]:
    """What is spoken in SubRip and WebVTT, and who speaks, without times and styles."""
    lines = decode_lines(data).split("\n")
    is_web = lines[0].startswith("WEBVTT")
    spoken: list[str] = []
    in_cue = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if "-->" in line:
            in_cue = True
        elif not line.strip():
            in_cue = in_cue and not is_web  # after an empty line WebVTT may have notes and styles
        elif in_cue and not ("-->" in following and (is_web or line.strip().isdigit())):
            spoken += [words for part in line.split("\\N") if (words := _words(part)) not in ("", *spoken[-1:])]
    return None, "\n".join(spoken if in_cue or spoken or is_web else lines)


def _words(line: str) -> str:
    named = _SPEAKER.sub(lambda speaker: f"{speaker[1].strip()}: ", line)
    return " ".join(html.unescape(_ALIGNMENT.sub(" ", _STYLE.sub("", named))).split())
