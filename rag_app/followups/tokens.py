"""From a text to its words, each with its place and what stands between it and the word before."""

import re
from dataclasses import dataclass

from rag_app.answering.generation.marker_forms import WORD_JOINER
from rag_app.answering.generation.markers import without_markers

TOKEN = re.compile(r"\w+(?:[-–.’'/&]\w+)*")
CLITIC = re.compile(r"['’](?:s|re|ve|ll|d|m)$", re.IGNORECASE)
# Marks of Markdown that stand around words, and the joiner that keeps a document's text from being a marker.
MARKUP = re.compile(rf"[*`~#{WORD_JOINER}]+|(?<!\w)_+|_+(?!\w)")
SENTENCE_BREAK = re.compile(r"[.!?:;|\"“”„«»(]")
# After one of these, or a single capital, a full stop ends no sentence.
SHORTENED = frozenset(["dr", "mr", "mrs", "ms", "prof", "st"])


@dataclass(frozen=True, slots=True)
class Token:
    """A word; `text[start:end]` of the text it was found in, and `'s` and its like are tokens of their own.

    `breaks`: something other than white space stands before it. `opens`: a sentence, a quotation or a cell begins.
    """

    text: str
    start: int
    end: int
    breaks: bool
    opens: bool

    @property
    def word(self) -> str:
        return self.text.lower().replace("’", "'")

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def is_clitic(self) -> bool:
        return self.text[0] in "'’"


def plain(text: str) -> str:
    """A text without markers of citations and without marks of Markdown."""
    return MARKUP.sub("", without_markers(text))


def one_line(text: str) -> str:
    return " ".join(text.split())


def tokenize(text: str) -> list[Token]:
    tokens: list[Token] = []
    last = 0
    for match in TOKEN.finditer(text):
        gap = text[last : match.start()]
        if tokens and is_shortened(tokens[-1]):
            gap = gap.removeprefix(".")
        breaks = not tokens or bool(gap.strip())
        opens = not tokens or bool(SENTENCE_BREAK.search(gap))
        tokens += split_clitic(match[0], match.start(), breaks=breaks, opens=opens)
        last = match.end()
    return tokens


def split_clitic(text: str, start: int, *, breaks: bool, opens: bool) -> list[Token]:
    end = start + len(text)
    clitic = CLITIC.search(text)
    cut = start + clitic.start() if clitic else end
    host = Token(text[: cut - start], start, cut, breaks, opens)
    return [host, Token(text[cut - start :], cut, end, breaks=False, opens=False)] if clitic else [host]


def is_shortened(token: Token) -> bool:
    return token.word in SHORTENED or (len(token.text) == 1 and token.is_capital)
