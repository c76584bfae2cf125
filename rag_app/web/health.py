"""The checks of `rag doctor` on the page: run beside it, so that nobody waits for a slow one who does not want to."""

import re
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.settings import Settings
from rag_app.web.frontend import load_component

if TYPE_CHECKING:
    from rag_app.doctor import Check

# As long as this, findings stand for all visitors with the same settings.
FRESH_S = 60.0
STEP_S = 0.1
BESIDE = ThreadPoolExecutor(2, thread_name_prefix="health")
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
        load_component("health")(key="checks", data={"checks": [finding_values(one) for one in findings.result()]})


def wait_for(findings: "Future[list[Check]]") -> None:
    with st.spinner("Checking …"):
        while not wait([findings], timeout=STEP_S).done:
            st.session_state["checking"] = True  # where Streamlit ends the script when the visitor clicks elsewhere


@st.cache_resource(ttl=FRESH_S, max_entries=8, show_spinner=False, hash_funcs={Settings: Settings.model_dump_json})
def begin(settings: Settings) -> "Future[list[Check]]":
    return BESIDE.submit(run, settings)


def run(settings: Settings) -> "list[Check]":
    from rag_app.doctor import Check, run_checks

    try:
        return run_checks(settings)
    except Exception as error:  # noqa: BLE001 (what a broken installation raises is what one came to read)
        return [Check("checks", "error", f"{type(error).__name__}: {error}", "rag doctor")]


def finding_values(check: "Check") -> dict[str, str]:
    from vectorstore.provider_failures import without_secrets

    remedy = without_secrets(check.remedy)
    command = COMMAND.search(remedy)
    return {
        "name": check.name,
        "severity": check.severity,
        "message": without_secrets(check.message),
        "remedy": remedy[: command.start()] if command else remedy,
        "command": command[0] if command else "",
    }
