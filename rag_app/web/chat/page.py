"""Draws the page *Chat*: the welcome or the questions with their answers, and the open source in a second column."""

import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag_app.safe_text import one_line
from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from rag_app.settings import WRITTEN_ANSWERS, Settings
from rag_app.web.chat.conversation import (
    BackgroundAnswer,
    Conversation,
    Turn,
    current,
    open_chain,
    start_new,
    wait_for_answers,
)
from rag_app.web.components import POLL_S, counted, draw_error, in_background, load_component, plain, result_of
from rag_app.web.session_settings import QUOTES, page_settings
from rag_app.web.sources import cite_chunk, draw_source_panel, offer_source
from vectorstore.errors import CollectionError, RagError

if TYPE_CHECKING:
    from rag_app.types import Answer, Citation
    from vectorstore.types import Passage

HINT = "Ask in whole sentences. Each sentence of an answer opens the exact words of a document that say so."
WAITING = "Waits for the answer before it …"
# An answer that takes no longer is drawn at once, without the words on its progress.
AT_ONCE_S = 0.3
CLOSEST = "Closest passages"
CLOSEST_PASSAGES, CARD_CHARACTERS = 3, 220
# Drawn lines and marks of Markdown, which say nothing in an excerpt of two lines.
TABLE_OR_HEADING = re.compile(r"\||-{3,}|^#{1,6} ", re.MULTILINE)
Ask = Callable[[str], None]
logger = logging.getLogger(__name__)


def show() -> None:
    conversation = current()
    st.chat_input("Ask about your documents", key="typed", on_submit=ask_typed)
    chat, panel = st.columns([11, 9], gap="large")
    with chat:
        draw_heading(conversation)
        if not conversation.turns:
            draw_welcome(ask=conversation.ask)
        for number, turn in enumerate(conversation.turns):
            draw_turn(conversation, turn, key=f"answer-{number}")
    with panel, st.container(key="panel"):
        draw_source_panel("source", of=conversation.id)


def ask_typed() -> None:
    current().ask(st.session_state["typed"])


def draw_heading(conversation: Conversation) -> None:
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.title("Ask your documents", anchor=False)
        if conversation.turns:
            st.button("New chat", icon=":material/edit_square:", type="tertiary", on_click=start_new)


def draw_turn(conversation: Conversation, turn: Turn, *, key: str) -> None:
    with st.chat_message("user"):
        st.text(turn.question)
    with st.chat_message("assistant"):
        if turn is conversation.pending():
            answer_pending(conversation, turn)
        if turn.outcome is not None:
            with st.container():  # as the fragment of an answer in progress is one, the element stays and nothing jumps
                draw_finished(conversation, turn, turn.outcome, key=key)
        elif turn.running:
            draw_running(conversation, turn, turn.running, key=key)
        else:
            st.caption(WAITING)


def answer_pending(conversation: Conversation, turn: Turn) -> None:
    """Start to answer, or see whether the answer is there."""
    within_s = 0.0
    if turn.running is None:
        context = get_script_run_ctx()
        session = context.session_id if context else ""
        turn.running = BackgroundAnswer(
            page_settings(),
            {"question": turn.question, "history": conversation.history(turn)},
            is_watched=lambda: get_instance().is_active_session(session),
        ).start()
        within_s = AT_ONCE_S
    if turn.running.has_ended(within_s=within_s) and turn.running.outcome:
        conversation.finish(turn, turn.running.outcome)


@st.fragment(run_every=POLL_S)
def draw_running(conversation: Conversation, turn: Turn, running: BackgroundAnswer, *, key: str) -> None:
    """Redrawn again and again by itself, so that nothing else on the page has to be, or has to wait."""
    if turn.running is None or running.has_ended():
        st.rerun()
    # Under the same key the outcome replaces it without a jump.
    progress = {"stage": running.stage, "text": running.text}
    load_component("answer")(key=key, data={"progress": progress}, on_stop_change=conversation.stop)


def draw_finished(conversation: Conversation, turn: Turn, outcome: "Answer | RagError", *, key: str) -> None:
    """A click on a marker or card opens its source in the browser alone."""
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
    if turn.save_error:
        draw_error(RagError(f"this is not kept: {turn.save_error}", "rag doctor"), key=f"unsaved-{key}")


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

    quoted = answer.answered_by == QUOTES
    cards = cards_of(answer.citations, "citation", answer.passages, question=answer.searched_for)
    return {
        "searchedFor": answer.search_note or None,
        "refusal": answer.text if answer.refused else None,
        "sentences": []
        if answer.refused
        else [
            {
                "words": one.words,
                "after": one.after,
                "state": one.state,
                "remark": one.remark,
                "markers": list(one.markers),
            }
            for one in answer.sentences
        ],
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


def passage_cards(passages: "tuple[Passage, ...]", *, question: str) -> list[dict[str, Any]]:
    closest = [cite_chunk(passage.chunk, number) for number, passage in enumerate(passages[:CLOSEST_PASSAGES], 1)]
    return cards_of(closest, "passage", passages, question=question)


def cards_of(
    cited: "Sequence[Citation]", kind: str, passages: "tuple[Passage, ...]", *, question: str
) -> list[dict[str, Any]]:
    excerpts = (one.quote if kind == "citation" else TABLE_OR_HEADING.sub(" ", one.quote) for one in cited)
    return [
        {
            "id": f"{kind}-{one.marker}",
            "kind": kind,
            "number": one.marker,
            "quote": one_line(excerpt, CARD_CHARACTERS),
            **offer_source(one, question=question, passages=passages),
        }
        for one, excerpt in zip(cited, excerpts, strict=True)
    ]


def draw_welcome(*, ask: Ask) -> None:
    """Overview and suggestions; `ask` is called with the question that is clicked."""
    settings = page_settings()
    try:
        with st.spinner("Opening the collection …"):
            sources, generation = ready_sources(settings)
    except RagError as error:
        draw_error(error, key="notice")
        st.button("Try again", icon=":material/refresh:")
        return
    with st.container(key="overview"):
        st.text(f"{counted(len(sources), 'document')} in the collection {settings.collection}.")
        st.text(HINT)
    folder = SAMPLES_DIR.resolve()
    if all(Path(source).is_relative_to(folder) for source in sources):
        draw_questions(SUGGESTED_QUESTIONS, ask=ask)
    else:
        draw_suggestions(settings, generation, ask=ask)


def ready_sources(settings: Settings) -> tuple[list[str], int]:
    """The documents that can be asked, and the collection's generation.

    Raises RagError for a collection that is missing, cannot be opened or has no document.
    """
    from rag_app.wiring import build_store  # LangChain and Chroma: the heading is on the screen by now
    from vectorstore.types import READY

    store = build_store(settings)
    sources = [record.source for record in store.catalogue.sources() if record.state == READY]
    if not sources:
        raise CollectionError(f"the collection {store.name} is empty", f"rag ingest --collection {store.name} PATH")
    return sources, store.catalogue.generation()


def draw_suggestions(settings: Settings, generation: int, *, ask: Ask) -> None:
    """Found by quotes, whoever answers: no chat model is asked, nor an embedding model that is paid by the question."""
    from vectorstore.embeddings import is_remote

    if is_remote(settings.embeddings):
        return
    found = find_suggestions(settings.model_copy(update={"llm": "quotes"}), generation)
    questions = result_of(found)
    draw_questions(questions or [], ask=ask)


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Settings: Settings.model_dump_json})
def find_suggestions(settings: Settings, generation: int) -> "Future[list[str]]":  # noqa: ARG001 (part of the key)
    """Questions that the collection answers, found once for each generation of it."""
    return in_background(lambda: answered_questions(settings))


def answered_questions(settings: Settings) -> list[str]:
    from rag_app.library.suggested_questions import suggest
    from rag_app.wiring import build_store

    try:
        return list(suggest(build_store(settings).catalogue, open_chain(settings), before_each=wait_for_answers))
    except RagError as error:
        logger.info("no question is suggested: %s", error.message)
    except Exception:
        logger.exception("no question is suggested")
    return []


def draw_questions(questions: Sequence[str], *, ask: Ask) -> None:
    with st.container(key="suggestions", horizontal=True):
        for question in questions:
            st.button(plain(question), key=f"suggested-{question}", on_click=ask, args=(question,))
