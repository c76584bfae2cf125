"""The page *Settings*: shows each setting and its origin, lets some be chosen, and checks the installation."""

import os
import re
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import streamlit as st
from pydantic import SecretStr

from rag_app.settings import PREFIX, WRITTEN_ANSWERS, Settings
from rag_app.web.components import in_background, plain, result_of, shown_errors
from rag_app.web.session_settings import QUOTES, choose, chosen, forget, page_settings
from vectorstore.provider_errors import without_secrets

if TYPE_CHECKING:
    from rag_app.library.doctor import Check


SEVERITIES = {"ok": "OK", "warning": "Warning", "error": "Error"}
# As long as this, findings hold for all visitors with the same settings.
FRESH_S = 60.0
# With which most remedies end: to be copied by itself.
COMMAND = re.compile(r"\b(rag|pip) [a-z].*$")
# The providers' own names, which a model that is named reads.
PROVIDER_NAMES = {
    "OPENAI_API_KEY": "the key of openai:... models",
    "OPENAI_BASE_URL": "another OpenAI-compatible server",
}
# What a visitor may change: how much is read and shown, never where documents are sent. The sidebar has the collection.
CHANGEABLE = ("llm", "top_k", "context_tokens")


def show() -> None:
    settings = page_settings()
    with st.container(key="settings"):
        st.title("Settings", anchor=False)
        with st.container(key="choices"):
            st.header("In this session", anchor=False)
            draw_choices(settings, written_by=Settings().llm)
        with st.container(key="facts"):
            st.header("Collection", anchor=False)
            with shown_errors("no-collection"):
                draw_rows({name: plain(value) for name, value in collection_facts(settings).items()})
        with st.container(key="health"):
            draw_health(settings)
        with st.container(key="everything"):
            st.header("All settings", anchor=False)
            draw_rows(
                {
                    f"**{plain(name)}**  \n{plain(description)}": f"{plain(value)}  \n{origin}"
                    for name, value, origin, description in setting_rows(settings, chosen())
                }
            )


def draw_choices(settings: Settings, *, written_by: str) -> None:
    """`written_by` is the environment's: the only model that answers may be written by."""
    if written_by == QUOTES:
        st.text(f"Answers are the documents' own sentences. {WRITTEN_ANSWERS}.")
    else:
        st.session_state["chosen-llm"] = settings.llm
        st.radio(
            "Answers",
            [QUOTES, written_by],
            format_func=lambda llm: "The documents' own sentences" if llm == QUOTES else f"Written by {plain(llm)}",
            key="chosen-llm",
            on_change=keep_choice,
            args=("llm",),
            horizontal=True,
        )
    draw_number("top_k", "Passages found for a question", settings)
    if settings.llm != QUOTES:
        draw_number("context_tokens", "Tokens of passages that the model is shown", settings)
    st.button(
        "Back to the environment's",
        icon=":material/undo:",
        on_click=forget,
        args=CHANGEABLE,
        disabled=not set(CHANGEABLE) & chosen().keys(),
    )


def draw_number(name: str, label: str, settings: Settings) -> None:
    limits = {type(limit).__name__: limit for limit in Settings.model_fields[name].metadata}
    key = f"chosen-{name}"
    st.session_state[key] = getattr(settings, name)
    st.number_input(label, limits["Ge"].ge, limits["Le"].le, key=key, on_change=keep_choice, args=(name,))


def keep_choice(name: str) -> None:
    choose(**{name: st.session_state[f"chosen-{name}"]})


def draw_rows(rows: dict[str, str]) -> None:
    cells = {"Name": list(rows), "Value": list(rows.values())}
    st.table(cells, border="horizontal", hide_index=True, hide_header=True)


def setting_rows(settings: Settings, chosen: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Name, value, origin and description of each; `chosen` are those of this session."""
    named = {name.upper() for name, value in os.environ.items() if value}
    rows = []
    for name, field in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}"
        origin = "chosen here" if name in chosen else "environment" if variable in named else "default"
        rows.append((variable, in_words(getattr(settings, name)), origin, field.description or ""))
    for variable, description in PROVIDER_NAMES.items():
        value = os.environ.get(variable) or None
        shown = SecretStr(value) if value and variable.endswith("KEY") else value
        rows.append((variable, in_words(shown), "environment" if value else "default", description))
    return rows


def in_words(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, SecretStr):
        return "set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return without_secrets(str(value))


def draw_health(settings: Settings) -> None:
    with st.container(key="health-heading", horizontal=True, vertical_alignment="center"):
        st.header("Health", anchor=False)
        st.button("Check again", icon=":material/refresh:", type="tertiary", on_click=begin.clear, args=(settings,))
    checks = result_of(begin(settings))
    if checks is None:
        st.caption("Checking …")
        return
    with st.container(key="checks"):
        for number, check in enumerate(checks):
            draw_check(check, key=f"check-{check.severity}-{number}")


@st.cache_resource(ttl=FRESH_S, max_entries=8, show_spinner=False, hash_funcs={Settings: Settings.model_dump_json})
def begin(settings: Settings) -> "Future[list[Check]]":
    return in_background(lambda: check_all(settings))


def check_all(settings: Settings) -> "list[Check]":
    from rag_app.library.doctor import Check, run_checks

    try:
        return run_checks(settings)
    except Exception as error:  # noqa: BLE001 (what a broken installation raises is what one came to read)
        return [Check("checks", "error", f"{type(error).__name__}: {error}", "rag doctor")]


def draw_check(check: "Check", *, key: str) -> None:
    """With its remedy, and the command in it to be copied."""
    remedy = without_secrets(check.remedy)
    command = COMMAND.search(remedy)
    words = remedy[: command.start()] if command else remedy
    with st.container(horizontal=True, key=key):
        st.text(SEVERITIES[check.severity], width=72)
        st.text(check.name, width=112)
        with st.container(width="stretch"):
            st.text(without_secrets(check.message))
            if words.strip():
                st.text(words)
            if command:
                st.code(command[0], language=None, wrap_lines=True)


@st.cache_data(ttl=10, max_entries=8, show_spinner=False, hash_funcs={Settings: Settings.model_dump_json})
def collection_facts(settings: Settings) -> dict[str, str]:
    """The figures of `rag status`, in words."""
    from rag_app.library.documents import describe_collection
    from rag_app.wiring import build_store

    said: dict[str, Any] = describe_collection(build_store(settings), settings)
    missing = f", {said['missing']:,} of them missing" if said["missing"] else ""
    return {
        "Name": said["collection"],
        "Documents": f"{said['sources']:,}{missing}",
        "Chunks": f"{said['chunks']:,}",
        "Embedding model": said["embeddings"],
        "Distance": said["distance"],
        "On disk": f"{said['bytes'] / 1e6:,.1f} MB",
        "Folder": said["folder"],
    }
