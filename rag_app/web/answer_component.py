"""From an outcome to what is seen of it: sentences with their markers, cards, and who answered."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.web.conversation import Failure, Kind, Opened
from rag_app.web.frontend import load_component

if TYPE_CHECKING:
    from rag_app.history.store import Feedback
    from rag_app.types import Answer, Citation, Sentence
    from vectorstore.types import Passage

PARTS = ("progress", "actions")
QUOTES = "quotes"
CLOSEST_PASSAGES = 3
CARD_CHARACTERS = 220
# Drawn lines and marks of Markdown, which say nothing in an excerpt of two lines.
TABLE_OR_HEADING = re.compile(r"\||-{3,}|^#{1,6} ", re.MULTILINE)


def ignore() -> None:
    """What a click does where there is nothing to click."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer is shown with: the last one can be asked again, one just given is told to screen readers, one that
    is kept can be rated."""

    is_last: bool = False
    is_fresh: bool = False
    is_kept: bool = False
    feedback: "Feedback | None" = None


def draw_outcome(
    outcome: "Answer | Failure",
    *,
    key: str,
    opened: Opened | None = None,
    shown: Shown = Shown(),
    on_open: Callable[[], None] = ignore,
    on_rate: Callable[[], None] = ignore,
    on_again: Callable[[], None] = ignore,
) -> None:
    """Draw it; a click calls `on_open` or another, and `st.session_state[key]` then says under `open` on what, under
    `rate` what is thought of it."""
    values = failure_values(outcome) if isinstance(outcome, Failure) else answer_values(outcome, shown)
    values["opened"] = card_id(opened.kind, opened.number) if opened else None
    load_component("answer", *PARTS)(
        key=key,
        data=values,
        on_open_change=on_open,
        on_rate_change=on_rate,
        on_again_change=on_again,
        on_stop_change=ignore,
    )


def draw_progress(stage: str, text: str, *, key: str, on_stop: Callable[[], None]) -> None:
    """Draw what there is of an answer; under the same key its outcome takes its place without a jump."""
    load_component("answer", *PARTS)(
        key=key,
        data={"progress": {"stage": stage, "text": text}},
        on_open_change=ignore,
        on_rate_change=ignore,
        on_again_change=ignore,
        on_stop_change=on_stop,
    )


def failure_values(failure: Failure) -> dict[str, Any]:
    return {
        "message": failure.message,
        "hint": failure.hint,
        "cardsTitle": "Closest passages",
        "cards": passage_cards(failure.passages),
    }


def answer_values(answer: "Answer", shown: Shown) -> dict[str, Any]:
    """How to turn written answers on is said once, under the last answer."""
    from rag_app.console import WRITTEN_ANSWERS
    from rag_app.history.export import to_text

    cards = citation_cards(answer.citations)
    return {
        "searchedFor": f"Searched for: {answer.searched_for}" if answer.was_rewritten else None,
        "refusal": answer.text if answer.refused else None,
        "sentences": [] if answer.refused else [sentence_values(sentence) for sentence in answer.sentences],
        # A model's answer without one proof is read beside what the model was given.
        "cardsTitle": None if cards else "Closest passages",
        "cards": cards or passage_cards(answer.passages),
        "answeredBy": f"Answered by {answer.answered_by}",
        "quoted": answer.answered_by == QUOTES,
        "seconds": f"{answer.seconds:.1f} s",
        "howToChange": f"{WRITTEN_ANSWERS}." if shown.is_last and answer.answered_by == QUOTES else None,
        "told": "The answer is there." if shown.is_fresh else "",
        "actions": {
            "copied": to_text(answer),
            "again": shown.is_last,
            "rated": {"good": shown.feedback.is_good, "note": shown.feedback.note} if shown.feedback else None,
            "canRate": shown.is_kept,
        },
    }


def sentence_values(sentence: "Sentence") -> dict[str, Any]:
    """The sentence without its markers, which stand at its end, and the white space after them."""
    shown = sentence.text.rstrip()
    words = shown.removesuffix("".join(f"[{marker}]" for marker in sentence.markers)).rstrip()
    return {
        "words": words,
        "after": sentence.text[len(shown) :],
        "supported": sentence.supported or not re.search(r"\w", words),
        "markers": list(sentence.markers),
    }


def citation_cards(citations: "Sequence[Citation]") -> list[dict[str, Any]]:
    return [
        {
            "id": card_id("citation", citation.marker),
            "kind": "citation",
            "number": citation.marker,
            "place": place(citation.title, citation.page),
            "quote": shorten(citation.quote),
        }
        for citation in citations
    ]


def passage_cards(passages: "Sequence[Passage]") -> list[dict[str, Any]]:
    return [
        {
            "id": card_id("passage", number),
            "kind": "passage",
            "number": number,
            "place": place(passage.chunk.title, passage.chunk.page),
            "quote": shorten(TABLE_OR_HEADING.sub(" ", passage.chunk.text)),
        }
        for number, passage in enumerate(passages[:CLOSEST_PASSAGES], 1)
    ]


def card_id(kind: Kind, number: int) -> str:
    return f"{kind}-{number}"


def place(title: str, page: int | None) -> str:
    return f"{title}, page {page}" if page is not None else title


def shorten(text: str) -> str:
    """The beginning of a text on one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= CARD_CHARACTERS:
        return line
    return line[:CARD_CHARACTERS].rsplit(" ", 1)[0] + " …"
