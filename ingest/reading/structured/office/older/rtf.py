"""Reads RTF with its notes, comments, headers and text boxes, and without what was deleted."""

import re
from dataclasses import replace

from ingest.reading.marks import Style, labelled, moved, picture_text
from ingest.reading.structured.document_tree import Block, join_blocks
from ingest.reading.structured.office.older.rtf_flows import Flow, State
from ingest.reading.structured.office.signs import decode, page_of_charset, to_unicode
from vectorstore.types import Page

_TOKEN = re.compile(r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}\r\n\0]+)", re.DOTALL)
_MAX_DEPTH = 2_000
_SIGNS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ",
    "~": "\N{NO-BREAK SPACE}", "_": "\N{NON-BREAKING HYPHEN}", "\n": "\n", "\r": "\n", "{": "{", "}": "}", "\\": "\\",
    "page": "\n", "column": "\n", "softline": "\n",
}  # fmt: skip
# Groups whose words are not the document's.
_UNREAD = """colortbl info pict objdata themedata datastore generator listtable listoverridetable revtbl rsidtbl filetbl
xmlnstbl fldinst bkmkstart bkmkend ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn nonshppict mmathPict latentstyles
template sn xe tc tcn rxe private do atnid atndate atnref atntime atnicn atnparent objclass falt panose shprslt"""
_GONE = frozenset(_UNREAD.split())
_PARAGRAPHS = frozenset(("par", "sect", "cell", "nestcell", "row"))
_COLLECTED = frozenset(("fonttbl", "stylesheet", "atnauthor", "title", "sn", "sv", "fldinst"))
_SWITCHES = {"strike": "struck", "striked": "struck", "v": "hidden", "deleted": "deleted"}
_HALF_POINTS = {"up": ("shift", 1, 6), "dn": ("shift", -1, 6), "fs": ("size", 1, 24)}
_MARGINS = "header headerl headerr headerf footer footerl footerr footerf"
_GROUPS = frozenset(f"{_MARGINS} footnote fonttbl stylesheet title listtext pntext upr".split())
# Groups that are marked as ones to pass over where they are not known.
_KNOWN = frozenset(["shpinst", "shptxt", "annotation", "atnauthor", "fldinst", "ud", "sv", "shppict"])
_NAME = re.compile(r"heading ([1-9])", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)


def read_rtf(data: bytes) -> tuple[str | None, tuple[Page, ...]] | None:
    """Title and page; None for what is no RTF."""
    if data.lstrip()[:5] != b"{\\rtf":
        return None
    reader = _Reader()
    reader.read(data.decode("latin-1"))
    return reader.title.strip() or None, (Page(None, join_blocks(reader.blocks())),)


class _Reader:
    def __init__(self) -> None:
        self._body = Flow()
        self._margins: dict[str, dict[str, None]] = {"Header": {}, "Footer": {}}
        self._stack: list[State] = []
        self._state = State(self._body)
        self._fonts: dict[int, tuple[int, str]] = {}
        self._headings: dict[int, int] = {}
        self._code_page = 1252
        self._bytes = bytearray()
        self._to_skip = 0
        self._collected = ""
        self._author = ""
        self._name = ""
        self._numbers = {"Footnote": 0, "Endnote": 0}
        self._starred = False
        self._style_number = 0
        self.title = ""

    def blocks(self) -> list[Block]:
        body = self._body.finish()
        head, foot = ([Block(labelled(kind, text)) for text in texts if text] for kind, texts in self._margins.items())
        return [*head, *body, *foot]

    def read(self, text: str) -> None:
        place = 0
        while (found := _TOKEN.search(text, place)) is not None:
            place = found.end()
            word, number, code, sign, brace, plain = found.groups()
            if code is not None or plain is not None:
                self._add_bytes(bytes([int(code, 16)]) if plain is None else plain.encode("latin-1"))
                continue
            self._flush()
            if word == "bin":
                place += max(0, int(number or 0))
            elif brace and not self._brace(brace):
                return
            elif word or sign:
                self._control(word, sign, None if number is None else int(number))
        self._flush()

    def _control(self, word: str | None, sign: str, number: int | None) -> None:
        if self._to_skip and (word or sign) in _SIGNS:
            self._to_skip -= 1
        elif word:
            self._word(word, number)
        elif sign in _SIGNS:
            self._add(_SIGNS[sign])
        self._starred = sign == "*"

    def _brace(self, brace: str) -> bool:
        self._to_skip = 0
        if brace == "{":
            self._stack.append(self._state)
            self._state = replace(self._state)
            return len(self._stack) < _MAX_DEPTH
        if self._stack:
            inner, self._state = self._state, self._stack.pop()
            if inner.group and inner.group != self._state.group:
                self._end_group(inner)
        return bool(self._stack)

    def _add_bytes(self, data: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            data = data[skipped:]
        self._bytes += data

    def _flush(self) -> None:
        if self._bytes:
            page, name = self._fonts.get(self._state.font, (self._code_page, ""))
            page = self._code_page if self._state.group == "fonttbl" else page
            if page == 2:
                text = to_unicode("".join(chr(0xF000 + byte) if byte > 31 else "" for byte in self._bytes), name)
            else:
                text = decode(bytes(self._bytes), page)
            self._bytes.clear()
            self._add(text)

    def _add(self, text: str) -> None:
        state = self._state
        if state.group in _COLLECTED:
            self._collected += text
            if state.group in ("fonttbl", "stylesheet") and ";" in text:
                self._end_entry()
        elif state.group == "listtext" and state.flow is not None:
            state.flow.label += text
        elif state.flow is not None and not state.deleted:
            raised = state.style or moved(state.shift, state.size)
            style: Style = "hidden" if state.hidden else "struck" if state.struck else raised
            state.flow.runs.append((text, style))

    def _end_entry(self) -> None:
        """Of the table of fonts or of styles."""
        name = self._collected.partition(";")[0].strip()
        self._collected = ""
        if self._state.group == "fonttbl":
            page = self._fonts.get(self._state.font, (self._code_page, ""))[0]
            self._fonts[self._state.font] = (page, name)
        elif found := _NAME.match(name):
            self._headings[self._style_number] = int(found[1])

    def _word(self, word: str, number: int | None) -> None:
        state = self._state
        if self._starred and word not in _KNOWN and word not in _GROUPS and not word.startswith("pntext"):
            state.flow, state.group = None, "unknown"
        elif word == "u" and number is not None:
            self._add_unicode(number % 65536)
        elif word in _SIGNS:
            self._add(_SIGNS[word])
        elif word in _GONE or word in _GROUPS or word in _KNOWN:
            self._begin_group(word)
        elif word in _PARAGRAPHS:
            self._end_paragraph(word)
        else:
            self._set(word, number)

    def _add_unicode(self, code: int) -> None:
        name = self._fonts.get(self._state.font, (0, ""))[1]
        if 0xD800 <= code < 0xE000:  # one half of a character: joined where it is complete
            self._add(chr(code))
        else:
            self._add(to_unicode(chr(code), name))
        self._to_skip = self._state.replaced

    def _begin_group(self, word: str) -> None:
        state = self._state
        if word in ("listtext", "pntext"):
            state.group = "listtext"
        elif word in ("footnote", "annotation", "shptxt", "ud") or word.startswith(("header", "footer")):
            if state.flow is not None or word in ("ud", "shptxt"):
                state.group = word
                state.flow = Flow()
                state.style, state.shift, state.level = "", 0, 0
                state.hidden = state.struck = state.in_table = False
        elif word not in ("shpinst", "shppict"):
            state.group = word
            state.flow = None
            self._collected = ""

    def _end_group(self, inner: State) -> None:
        if inner.group in _COLLECTED:
            self._end_collected(inner.group)
            self._collected = ""
        elif inner.flow is not None and inner.flow is not self._state.flow:
            self._end_flow(inner.group, inner.flow)

    def _end_collected(self, kind: str) -> None:
        target = self._nearest()
        if kind == "title":
            self.title = self._collected
        elif kind == "atnauthor":
            self._author = " ".join(self._collected.split())
        elif kind == "sn":
            self._name = self._collected.strip()
        elif kind == "fldinst" and target is not None and _PAGE_NUMBER.match(self._collected):
            target.has_page_number = self._state.is_page_number = True
        elif kind == "sv" and target is not None and self._name == "wzDescription":
            target.runs.append((picture_text(self._collected), ""))

    def _nearest(self) -> Flow | None:
        return next((state.flow for state in (self._state, *reversed(self._stack)) if state.flow is not None), None)

    def _end_flow(self, kind: str, ended: Flow) -> None:
        target = self._nearest()
        if kind.startswith(("header", "footer")):
            self._margins[kind[:6].title()].setdefault(ended.margin_text())
            return
        blocks = ended.finish()
        text = "\n".join(block.text for block in blocks).strip()
        if target is None:
            return
        if kind == "footnote":
            name = ended.kind or "Footnote"
            self._numbers[name] += 1
            target.after.append(Block(labelled(f"{name} {self._numbers[name]}", text)))
        elif kind == "annotation":
            target.after.append(Block(labelled(f"Comment by {self._author}" if self._author else "Comment", text)))
            self._author = ""
        elif kind == "ud":
            target.runs.append((text, ""))
        else:
            target.after += blocks

    def _end_paragraph(self, word: str) -> None:
        flow = self._state.flow
        if flow is None or self._state.deleted:
            return
        if word in ("cell", "nestcell"):
            if word == "cell":
                flow.end_cell()
            else:
                flow.end_paragraph(0, in_table=True)
        elif word == "row":
            flow.end_row()
        elif word in ("par", "sect"):
            flow.end_paragraph(self._state.level, in_table=self._state.in_table)

    def _set(self, word: str, number: int | None) -> None:
        state, is_on = self._state, number != 0
        if word in ("super", "sub", "nosupersub"):
            state.style = "" if not is_on or word == "nosupersub" else "raised" if word == "super" else "lowered"
        elif word in _SWITCHES:
            setattr(state, _SWITCHES[word], is_on)
        elif word == "plain":
            state.style, state.shift, state.size = "", 0, 24
            state.struck = state.hidden = state.deleted = False
        elif word in _HALF_POINTS:
            name, sign, usual = _HALF_POINTS[word]
            setattr(state, name, sign * (usual if number is None else number))
        elif word == "fldrslt" and state.is_page_number:
            state.flow = None
        elif word == "f" and number is not None:
            state.font = number
        elif word == "uc":
            state.replaced = max(0, min(number or 0, 16))
        else:
            self._set_paragraph(word, number or 0)

    def _set_paragraph(self, word: str, number: int) -> None:
        state = self._state
        if word == "pard":
            state.level, state.in_table = 0, False
        elif word == "s":
            state.level = self._headings.get(number, 0)
            self._style_number = number
        elif word == "outlinelevel":
            state.level = number + 1 if 0 <= number < 9 else 0
        elif word in ("intbl", "itap"):
            state.in_table = word == "intbl" or number > 0
        elif word == "ansicpg":
            self._code_page = number
        elif word == "fcharset":
            self._fonts[state.font] = (2 if number == 2 else page_of_charset(number) or self._code_page, "")
        elif state.flow is not None:
            self._set_table(state.flow, word, number)

    def _set_table(self, flow: Flow, word: str, number: int) -> None:
        if word == "trowd":
            flow.edges, flow.goes_on = [], False
        elif word == "clvmrg":
            flow.goes_on = True
        elif word == "cellx":
            flow.edges = [*flow.edges, (number, flow.goes_on)]
            flow.goes_on = False
        elif word == "ftnalt":
            flow.kind = "Endnote"
