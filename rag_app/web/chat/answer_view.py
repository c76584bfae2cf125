"""Draws an answer: its sentences with their markers, a card for each citation, who answered, and what can be done."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag_app.web.chat.background_answer import BackgroundAnswer
from rag_app.web.chat.conversation import Conversation, Turn
from rag_app.web.components import load_component
from rag_app.web.sources.links import cite_chunk, offer_source
from vectorstore.errors import RagError

if TYPE_CHECKING:
    from rag_app.types import Answer, Citation, Sentence
    from vectorstore.types import Passage

QUOTES = "quotes"
CLOSEST = "Closest passages"
CLOSEST_PASSAGES = 3
CARD_CHARACTERS = 220
# Drawn lines and marks of Markdown, which say nothing in an excerpt of two lines.
TABLE_OR_HEADING = re.compile(r"\||-{3,}|^#{1,6} ", re.MULTILINE)


def draw_outcome(conversation: Conversation, turn: Turn, outcome: "Answer | RagError", *, key: str) -> None:
    """Draw it; a click on a marker or card opens its source in the browser alone."""
    is_last, is_fresh = turn is conversation.turns[-1], turn is conversation.fresh
    if isinstance(outcome, RagError):
        values = error_values(outcome)
    else:
        values = answer_values(outcome, turn, is_last=is_last, is_fresh=is_fresh)
    load_component("answer")(
        key=key,
        data={**values, "key": key, "latest": is_last},
        on_rate_change=lambda: conversation.rate(turn, st.session_state[key]["rate"]),
        on_again_change=lambda: conversation.ask_again(turn),
    )


def draw_progress(conversation: Conversation, answer: BackgroundAnswer, *, key: str) -> None:
    """Draw the answer so far; under the same key its outcome replaces it without a jump."""
    progress = {"stage": answer.stage, "text": answer.text}
    load_component("answer")(key=key, data={"progress": progress}, on_stop_change=conversation.stop)


def error_values(error: RagError) -> dict[str, Any]:
    """The error, and the passages that were found before it."""
    passages: tuple[Passage, ...] = getattr(error, "passages", ())
    return {
        "message": error.message,
        "hint": error.hint,
        "cardsTitle": CLOSEST,
        "cards": passage_cards(passages, question=""),
        "canRetry": True,
    }


def answer_values(answer: "Answer", turn: Turn, *, is_last: bool, is_fresh: bool) -> dict[str, Any]:
    """How to turn written answers on is said once, under the last answer."""
    from rag_app.library.conversations import to_text
    from rag_app.settings import WRITTEN_ANSWERS

    quoted = answer.answered_by == QUOTES
    cards = cards_of(answer.citations, "citation", answer.passages, question=answer.searched_for)
    return {
        "searchedFor": answer.search_note or None,
        "refusal": answer.text if answer.refused else None,
        "sentences": [] if answer.refused else [sentence_values(sentence) for sentence in answer.sentences],
        # Without one proof, a model's answer is read next to the passages that it was given.
        "cardsTitle": None if cards else CLOSEST,
        "cards": cards or passage_cards(answer.passages, question=answer.searched_for),
        "answeredBy": f"Answered by {answer.answered_by}",
        "quoted": quoted,
        "seconds": f"{answer.seconds:.1f} s",
        "howToChange": f"{WRITTEN_ANSWERS}." if is_last and quoted else None,
        "announcement": "The answer is there." if is_fresh else "",
        "actions": {
            "copied": to_text(answer),
            "again": is_last,
            "rated": turn.feedback,
            "canRate": turn.saved_as is not None,
        },
    }


def sentence_values(sentence: "Sentence") -> dict[str, Any]:
    return {
        "words": sentence.words,
        "after": sentence.after,
        "supported": not sentence.is_unsupported,
        "markers": list(sentence.markers),
    }


def passage_cards(passages: "tuple[Passage, ...]", *, question: str) -> list[dict[str, Any]]:
    closest = [cite_chunk(passage.chunk, number) for number, passage in enumerate(passages[:CLOSEST_PASSAGES], 1)]
    return cards_of(closest, "passage", passages, question=question)


def cards_of(
    cited: "Sequence[Citation]", kind: str, passages: "tuple[Passage, ...]", *, question: str
) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{kind}-{one.marker}",
            "kind": kind,
            "number": one.marker,
            "quote": shorten(one.quote if kind == "citation" else TABLE_OR_HEADING.sub(" ", one.quote)),
            **offer_source(one, question=question, passages=passages),
        }
        for one in cited
    ]


def shorten(text: str) -> str:
    """The beginning of a text on one line, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= CARD_CHARACTERS else line[:CARD_CHARACTERS].rsplit(" ", 1)[0] + " …"
