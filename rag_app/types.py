"""Defines the types of an answer and the sentence that refuses; renders answers as JSON, and as HTML in notebooks.

What documents and models wrote is escaped in the HTML.
"""

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rag_app.safe_text import make_visible
from vectorstore.errors import RagError as RagError
from vectorstore.types import Passage, name_place

REFUSAL = "The documents do not answer this question."
State = Literal["proved", "similar", "contradicted", "not proved", "not a claim"]
# What a reader is told of a sentence, and how it is underlined in a notebook; the other states need no word.
REMARKS: dict[State, str] = {
    "similar": "similar words only",
    "contradicted": "the documents say otherwise",
    "not proved": "not proved",
}
UNDERLINES: dict[State, str] = {"similar": "dashed", "contradicted": "wavy", "not proved": "dotted"}
# Notebooks read `$5 to $6` as a formula, except in elements of these classes (MathJax 2 and 3).
PLAIN = 'class="tex2jax_ignore mathjax_ignore"'
CLOSEST_PASSAGES = 3
# Characters of the passage that are shown before and after a quote.
CONTEXT_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of a document that prove something: `page_text[start:end] == quote`, always.

    `marker` is the number that is `[marker]` in the answer's text; `page` is None where the format has none;
    `time` is when it is said in a recording, such as `12:34`.
    """

    marker: int
    source: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str
    time: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`time` is there for recordings alone."""
        return {name: value for name, value in asdict(self).items() if name != "time" or value is not None}

    def _repr_html_(self) -> str:
        return citation_to_html(self)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of an answer; `start` and `end` are offsets into the answer's text, and all pieces together cover it.

    `markers` are the citations that prove it, that have similar words, or that say otherwise, as `state` tells.
    """

    text: str
    start: int
    end: int
    state: State
    markers: tuple[int, ...]

    @property
    def supported(self) -> bool:
        return self.state == "proved"

    @property
    def words(self) -> str:
        """The text without the markers and the white space at its end."""
        return self.text.rstrip().removesuffix("".join(f"[{marker}]" for marker in self.markers)).rstrip()

    @property
    def after(self) -> str:
        """The white space at the text's end."""
        return self.text[len(self.text.rstrip()) :]

    @property
    def remark(self) -> str:
        """What a reader is told of it, in brackets; empty where it is proved or claims nothing, as without a word."""
        return f" ({REMARKS[self.state]})" if self.state in REMARKS and re.search(r"\w", self.words) else ""

    @property
    def shown(self) -> str:
        """The text with the remark."""
        return self.text.rstrip() + self.remark + self.after

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "supported": self.supported,
            "state": self.state,
            "markers": list(self.markers),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The finished answer.

    `answered_by` is `quotes` or the `provider:model` that wrote the text; `answerability`, in [0, 1], is how likely it
    is that the passages hold an answer, whoever answered; `searched_for` is the question as it was searched, which
    differs from `question` in a follow-up; `seconds` is the time from question to finished answer.
    """

    question: str
    text: str
    refused: bool
    answered_by: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    answerability: float
    searched_for: str
    seconds: float

    @property
    def search_note(self) -> str:
        """A line for people on what was searched for; empty where it is the question."""
        if self.searched_for.split() == self.question.split():
            return ""
        added = self.searched_for.removeprefix(f"{self.question} ")
        if added == self.searched_for:
            return f"Searched for: {self.searched_for}"
        return f"Searched for: {self.question} (with words from before: {added})"

    def _repr_html_(self) -> str:
        return answer_to_html(self)

    def to_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "answer": self.text,
            "refused": self.refused,
            "answered_by": self.answered_by,
            "sentences": [sentence.to_json() for sentence in self.sentences],
            "citations": [citation.to_json() for citation in self.citations],
            "passages": [passage.to_json() for passage in self.passages],
            "answerability": self.answerability,
            "searched_for": self.searched_for,
            "seconds": self.seconds,
        }


def escape(text: str) -> str:
    return html.escape(make_visible(text))


def answer_to_html(answer: Answer) -> str:
    """The question, the sentences with their markers as links, and what they lead to: quotes marked in their passages.

    A refusal has the closest passages below it.
    """
    name = hashlib.sha256(f"{answer.question}\n{answer.text}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if answer.refused:
        said = f"<em>{escape(answer.text)}</em>"
        below = "".join(passage_to_html(passage) for passage in answer.passages[:CLOSEST_PASSAGES])
        below = f"<p>Closest passages</p>{below}" if below else ""
    else:
        said = "".join(sentence_to_html(sentence, name) for sentence in answer.sentences)
        below = "".join(citation_to_html(citation, answer.passages, name) for citation in answer.citations)
    searched = f"<p>{escape(answer.search_note)}</p>" if answer.search_note else ""
    return (
        f"<div {PLAIN}><p><strong>{escape(answer.question)}</strong></p>{searched}"
        f'<p style="white-space: pre-wrap">{said}</p>{below}'
        f"<p><small>Answered by {escape(answer.answered_by)} in {answer.seconds:.1f} s</small></p></div>"
    )


def sentence_to_html(sentence: Sentence, name: str) -> str:
    """`name` distinguishes the links of answers in the same notebook."""
    links = "".join(f' <a href="#{name}-{marker}">[{marker}]</a>' for marker in sentence.markers)
    said = escape(sentence.words)
    if sentence.remark:
        said = f'<span style="text-decoration: underline {UNDERLINES[sentence.state]}">{said}</span>'
    return said + links + sentence.remark + escape(sentence.after)


def citation_to_html(citation: Citation, passages: Sequence[Passage] = (), name: str = "") -> str:
    """The quoted words in `<mark>`, in the passage that they are from where it is among those given."""
    place = escape(name_place(citation.title, citation.page, citation.time))
    quote = f"<mark>{escape(citation.quote)}</mark>"
    if passage := next((passage for passage in passages if holds(passage, citation)), None):
        before, after = around(passage, citation)
        quote = f"{escape(before)}{quote}{escape(after)}"
    identity = f' id="{name}-{citation.marker}"' if name else ""
    return (
        f'<blockquote {PLAIN}{identity}>[{citation.marker}] <span title="{escape(citation.source)}">{place}</span>'
        f'<br><span style="white-space: pre-wrap">{quote}</span></blockquote>'
    )


def holds(passage: Passage, citation: Citation) -> bool:
    chunk = passage.chunk
    is_there = (chunk.source, chunk.page) == (citation.source, citation.page)
    return is_there and chunk.start <= citation.start and citation.end <= chunk.end


def around(passage: Passage, citation: Citation) -> tuple[str, str]:
    """The text before and after the quote in its passage, bounded."""
    text, offset = passage.chunk.text, passage.chunk.start
    before, after = text[: citation.start - offset], text[citation.end - offset :]
    start = "…" if len(before) > CONTEXT_CHARACTERS else ""
    end = "…" if len(after) > CONTEXT_CHARACTERS else ""
    return start + before[-CONTEXT_CHARACTERS:], after[:CONTEXT_CHARACTERS] + end


def passage_to_html(passage: Passage) -> str:
    chunk = passage.chunk
    place = escape(name_place(chunk.title, chunk.page, chunk.time))
    return (
        f'<blockquote {PLAIN}><span title="{escape(chunk.source)}">{place}</span> <small>{passage.score:.2f}</small>'
        f'<br><span style="white-space: pre-wrap">{escape(chunk.text)}</span></blockquote>'
    )
