"""The page *Settings*: what holds in this session and why, what of it may be chosen here, and whether all is well."""

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st
from pydantic import SecretStr

from rag_app.settings import PREFIX, Settings
from rag_app.web.chat.answer_view import QUOTES
from rag_app.web.components import draw_error, plain
from rag_app.web.session_settings import choose, chosen, forget, page_settings
from vectorstore.errors import RagError
from vectorstore.provider_errors import without_secrets

if TYPE_CHECKING:
    from rag_app.library.doctor import Check


# As long as this, findings stand for all visitors with the same settings.
FRESH_S = 60.0
STEP_S = 0.1
BESIDE = ThreadPoolExecutor(2, thread_name_prefix="health")
SEVERITIES = {"ok": "OK", "warning": "Warning", "error": "Error"}
# With which most remedies end: to be copied by itself.
COMMAND = re.compile(r"\b(rag|pip) [a-z].*$")


def draw_health(settings: Settings) -> None:
    with st.container(key="health-heading", horizontal=True, vertical_alignment="center"):
        st.header("Health", anchor=False)
        st.button("Check again", icon=":material/refresh:", type="tertiary", on_click=begin.clear, args=(settings,))
    findings = begin(settings)
    with st.empty():
        if not findings.done():
            wait_for(findings)
        draw_checks(findings.result())


def wait_for(findings: "Future[list[Check]]") -> None:
    with st.spinner("Checking …"):
        while not wait([findings], timeout=STEP_S).done:
            st.session_state["checking"] = True  # where Streamlit ends the script when the visitor clicks elsewhere


@st.cache_resource(ttl=FRESH_S, max_entries=8, show_spinner=False, hash_funcs={Settings: Settings.model_dump_json})
def begin(settings: Settings) -> "Future[list[Check]]":
    return BESIDE.submit(run, settings)


def run(settings: Settings) -> "list[Check]":
    from rag_app.library.doctor import Check, run_checks

    try:
        return run_checks(settings)
    except Exception as error:  # noqa: BLE001 (what a broken installation raises is what one came to read)
        return [Check("checks", "error", f"{type(error).__name__}: {error}", "rag doctor")]


def draw_checks(checks: "Sequence[Check]") -> None:
    """Each with its remedy, and the command in it to be copied."""
    with st.container(key="checks"):
        for check in checks:
            with st.container(horizontal=True, key=f"check-{check.severity}-{check.name}"):
                st.text(SEVERITIES[check.severity], width=72)
                st.text(check.name, width=112)
                with st.container(width="stretch"):
                    st.text(without_secrets(check.message))
                    draw_remedy(without_secrets(check.remedy))


def draw_remedy(remedy: str) -> None:
    command = COMMAND.search(remedy)
    words = remedy[: command.start()] if command else remedy
    if words.strip():
        st.text(words)
    if command:
        st.code(command[0], language=None, wrap_lines=True)


Origin = Literal["default", "environment", "chosen here"]
SET, UNSET = "set", "unset"
# The providers' own, which a model that is named reads.
PROVIDER_KEY, PROVIDER_URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"


@dataclass(frozen=True, slots=True)
class SettingRow:
    name: str
    value: str
    origin: Origin
    description: str


def setting_rows(settings: Settings, chosen: dict[str, Any]) -> list[SettingRow]:
    """Every setting; `chosen` are those of this session, which win over the environment."""
    named = {name.upper() for name, value in os.environ.items() if value}
    rows = []
    for name, field in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}"
        origin: Origin = "chosen here" if name in chosen else "environment" if variable in named else "default"
        rows.append(SettingRow(variable, shown(getattr(settings, name)), origin, field.description or ""))
    return [*rows, *provider_rows()]


def provider_rows() -> list[SettingRow]:
    key, url = os.environ.get(PROVIDER_KEY), os.environ.get(PROVIDER_URL)
    return [
        SettingRow(PROVIDER_KEY, SET if key else UNSET, origin_of(key), "the key of openai:... models"),
        SettingRow(PROVIDER_URL, shown(url or None), origin_of(url), "another OpenAI-compatible server"),
    ]


def origin_of(value: str | None) -> Origin:
    return "environment" if value else "default"


def shown(value: object) -> str:
    if value is None:
        return UNSET
    if isinstance(value, SecretStr):
        return SET
    if isinstance(value, bool):
        return "yes" if value else "no"
    return without_secrets(str(value))


# What a visitor may change: how much is read and shown, never where documents are sent. The sidebar has the collection.
CHANGEABLE = ("llm", "top_k", "context_tokens")


def show() -> None:
    settings = page_settings()
    with st.container(key="settings"):
        st.title("Settings", anchor=False)
        with section("choices", "In this session"):
            draw_choices(settings, written_by=Settings().llm)
        with section("collection", "Collection"):
            draw_collection(settings)
        health = st.container(key="health")
        with section("everything", "All settings"):
            draw_settings(setting_rows(settings, chosen()))
        with health:  # last, since it may take a while
            draw_health(settings)


def draw_settings(rows: "Sequence[SettingRow]") -> None:
    settings = [f"**{plain(row.name)}**  \n{plain(row.description)}" for row in rows]
    values = [f"{plain(row.value)}  \n{row.origin}" for row in rows]
    st.table(
        {"Setting": settings, "Value": values},
        border="horizontal",
        hide_index=True,
        hide_header=True,
        alt="All settings",
    )


@contextmanager
def section(key: str, name: str) -> Iterator[None]:
    with st.container(key=key):
        st.header(name, anchor=False)
        yield


def draw_choices(settings: Settings, *, written_by: str) -> None:
    """`written_by` is the environment's: the only model that answers may be written by."""
    from rag_app.settings import WRITTEN_ANSWERS

    if written_by == QUOTES:
        st.text(f"Answers are the documents' own sentences. {WRITTEN_ANSWERS}.")
    else:
        draw_style("llm", settings, written_by)
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


def draw_style(name: str, settings: Settings, written_by: str) -> None:
    st.session_state[f"chosen-{name}"] = settings.llm
    st.radio(
        "Answers",
        [QUOTES, written_by],
        format_func=lambda llm: "The documents' own sentences" if llm == QUOTES else f"Written by {plain(llm)}",
        key=f"chosen-{name}",
        on_change=take,
        args=(name,),
        horizontal=True,
    )


def draw_number(name: str, label: str, settings: Settings) -> None:
    least, most = bounds(name)
    st.session_state[f"chosen-{name}"] = getattr(settings, name)
    st.number_input(label, least, most, key=f"chosen-{name}", on_change=take, args=(name,))


def bounds(name: str) -> tuple[int, int]:
    limits = {type(limit).__name__: limit for limit in Settings.model_fields[name].metadata}
    return limits["Ge"].ge, limits["Le"].le


def take(name: str) -> None:
    choose(**{name: st.session_state[f"chosen-{name}"]})


def draw_collection(settings: Settings) -> None:
    try:
        facts = collection_facts(settings)
    except RagError as error:
        draw_error(error, key="no-collection")
        return
    rows = {"Fact": [*facts], "Value": [plain(value) for value in facts.values()]}
    st.table(rows, border="horizontal", hide_index=True, hide_header=True, alt="The collection")


@st.cache_data(ttl=10, max_entries=8, show_spinner=False, hash_funcs={Settings: Settings.model_dump_json})
def collection_facts(settings: Settings) -> dict[str, str]:
    """What `rag status` says, in words."""
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
