"""Asking on the page in a real browser: text that grows, Stop, suggestions, and what can be done with an answer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from rag_app.types import REFUSAL
from tests.rag_app.browsing import ask, run_rag, send, served
from tests.rag_app.fault_server import FaultServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HARBOUR = """# The harbour of Lowmere

The harbour of Lowmere was built in 1871 by the sisters Ada and Wilhelmina Brandt.

The lighthouse of Lowmere is 31 metres tall and was painted green in 1931.
"""
BUILT, TALL = "When was the harbour of Lowmere built?", "How tall is the lighthouse of Lowmere?"


@pytest.fixture(scope="module")
def model() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module")
def urls(model: FaultServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The page over one document, where quotes answer and where a chat model writes."""
    folder = tmp_path_factory.mktemp("harbour")
    document = folder / "harbour.md"
    document.write_text(HARBOUR, encoding="utf-8")
    run_rag(folder / "data", "ingest", "--collection", "harbour", document)
    settings = {"RAG_LLM": "openai:fake-model", "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "key-of-the-tests"}
    with (
        served(folder / "data", "harbour", log=folder / "quotes.log") as quotes,
        served(folder / "data", "harbour", log=folder / "written.log", **settings) as written,
    ):
        yield {"quotes": quotes, "written": written}


def test_text_grows_and_the_finished_answer_takes_its_place(
    page: Page, urls: dict[str, str], model: FaultServer
) -> None:
    model.answer, model.hold_after = "The harbour of Lowmere was built in 1871 [1].", 3
    page.goto(urls["written"])
    send(page, BUILT)
    expect(page.get_by_text("The harbour of", exact=True)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Writing …")).to_be_visible()
    answer = page.get_by_role("group", name="Chat message from assistant").locator(".root")
    answer.evaluate("root => { root.seen = true; }")
    model.hold_after = 5
    expect(page.get_by_text("The harbour of Lowmere was", exact=True)).to_be_visible()
    model.hold_after = None
    expect(page.get_by_text("Answered by openai:fake-model")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    assert answer.evaluate("root => root.seen")  # the same element, so that nothing jumps


def test_stop_ends_an_answer_at_once_and_try_again_answers(
    page: Page, urls: dict[str, str], model: FaultServer
) -> None:
    model.answer, model.hold_after = "The harbour of Lowmere was built in 1871 [1].", 3
    page.goto(urls["written"])
    send(page, BUILT)
    send(page, TALL)  # waits for the first, and is not lost
    expect(page.get_by_text("Waits for the answer before it")).to_be_visible()
    expect(page.get_by_text("The harbour of", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("stopped")
    model.hold_after = None
    expect(page.get_by_text("Answered by openai:fake-model")).to_have_count(1)
    page.get_by_role("button", name="Try again").first.click()
    expect(page.get_by_text("Answered by openai:fake-model")).to_have_count(2)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_question_suggested_for_a_collection_is_answered(page: Page, urls: dict[str, str]) -> None:
    page.goto(urls["quotes"])
    suggested = page.get_by_role("button", name="What is said about the harbour of Lowmere?")
    expect(suggested).to_be_visible()  # found while the page is read
    suggested.click()
    expect(page.get_by_text("Answered by quotes")).to_be_visible()
    expect(page.get_by_text("31 metres").first).to_be_visible()
    expect(page.get_by_text(REFUSAL)).to_have_count(0)


def test_an_answer_can_be_copied_rated_with_a_note_that_is_kept_and_asked_again(
    page: Page, urls: dict[str, str]
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=urls["quotes"])
    ask(page, urls["quotes"], BUILT)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_title("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Brandt. [1]" in copied
    assert "\n[1] The harbour of Lowmere: “The harbour of Lowmere was built in 1871" in copied

    bad, note = page.get_by_role("button", name="Bad answer"), page.get_by_role("textbox", name="Note on this answer")
    bad.click()
    expect(bad).to_have_attribute("aria-pressed", "true")
    note.fill("which *month*?")
    note.press("Enter")
    expect(page.get_by_role("button", name="Saved")).to_be_visible()
    page.reload()
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(note).to_have_value("which *month*?")

    page.get_by_role("button", name="Try again").click()
    expect(bad).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_text("Answered by quotes")).to_have_count(1)
