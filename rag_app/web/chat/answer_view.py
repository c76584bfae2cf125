"""From an outcome to what is seen of it: sentences with their markers, cards, and who answered."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.web.chat.outcomes import Failure
from rag_app.web.components import load_component
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.links import Offered, Place, find_passage, offer
from vectorstore.types import name_place

if TYPE_CHECKING:
    from rag_app.library.conversations import Feedback
    from rag_app.types import Answer, Sentence
    from vectorstore.types import Passage

PARTS = ("sources", "progress", "actions")
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
    shown: Shown = Shown(),
    on_rate: Callable[[], None] = ignore,
    on_again: Callable[[], None] = ignore,
) -> None:
    """Draw it; a click on a marker or card opens its source in the browser alone. `on_rate` finds what is thought of
    the answer under `rate` of `st.session_state[key]`."""
    values = failure_values(outcome) if isinstance(outcome, Failure) else answer_values(outcome, shown)
    load_component("answer", *PARTS)(
        key=key,
        data={**values, "key": key, "latest": shown.is_last},
        on_rate_change=on_rate,
        on_again_change=on_again,
        on_stop_change=ignore,
    )


def draw_progress(stage: str, text: str, *, key: str, on_stop: Callable[[], None]) -> None:
    """Draw what there is of an answer; under the same key its outcome takes its place without a jump."""
    load_component("answer", *PARTS)(
        key=key,
        data={"progress": {"stage": stage, "text": text}},
        on_rate_change=ignore,
        on_again_change=ignore,
        on_stop_change=on_stop,
    )


def failure_values(failure: Failure) -> dict[str, Any]:
    return {
        "message": failure.message,
        "hint": failure.hint,
        "cardsTitle": "Closest passages",
        "cards": passage_cards(failure.passages, question=""),
    }


def answer_values(answer: "Answer", shown: Shown) -> dict[str, Any]:
    """How to turn written answers on is said once, under the last answer."""
    from rag_app.library.conversations import to_text
    from rag_app.settings import WRITTEN_ANSWERS

    cards = citation_cards(answer)
    return {
        "searchedFor": f"Searched for: {answer.searched_for}" if answer.was_rewritten else None,
        "refusal": answer.text if answer.refused else None,
        "sentences": [] if answer.refused else [sentence_values(sentence) for sentence in answer.sentences],
        # A model's answer without one proof is read beside what the model was given.
        "cardsTitle": None if cards else "Closest passages",
        "cards": cards or passage_cards(answer.passages, question=answer.searched_for),
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


def citation_cards(answer: "Answer") -> list[dict[str, Any]]:
    sources = offer_all(
        [Place.of_citation(citation) for citation in answer.citations], answer.passages, answer.searched_for
    )
    return [
        {
            "id": f"citation-{citation.marker}",
            "kind": "citation",
            "number": citation.marker,
            "source": source,
            "place": name_place(citation.title, citation.page, citation.time),
            "quote": shorten(citation.quote),
        }
        for citation, source in zip(answer.citations, sources, strict=True)
    ]


def passage_cards(passages: "Sequence[Passage]", *, question: str) -> list[dict[str, Any]]:
    closest = passages[:CLOSEST_PASSAGES]
    sources = offer_all([Place.of_chunk(passage.chunk) for passage in closest], passages, question)
    return [
        {
            "id": f"passage-{number}",
            "kind": "passage",
            "number": number,
            "source": source,
            "place": name_place(passage.chunk.title, passage.chunk.page, passage.chunk.time),
            "quote": shorten(TABLE_OR_HEADING.sub(" ", passage.chunk.text)),
        }
        for number, (passage, source) in enumerate(zip(closest, sources, strict=True), 1)
    ]


def offer_all(places: "Sequence[Place]", passages: "Sequence[Passage]", question: str) -> list[str]:
    """The names under which the browser asks for what stands there."""
    settings = page_settings()
    return [offer(Offered(settings, question, shown, find_passage(passages, shown))) for shown in places]


def shorten(text: str) -> str:
    """The beginning of a text on one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= CARD_CHARACTERS:
        return line
    return line[:CARD_CHARACTERS].rsplit(" ", 1)[0] + " …"
