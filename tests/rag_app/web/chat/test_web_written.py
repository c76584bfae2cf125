"""The page in a real browser where a chat model writes: what streams, what is unsupported, what breaks off."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.rag_app.browsing import ask, run_rag, send, served
from tests.rag_app.fault_server import FaultServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HOSTILE = """# Notes <img src=x onerror="window.stolen=1">

The gardener waters the roses every morning <script>window.stolen=1</script> before breakfast.

![roses](http://example.invalid/roses.png) [a link](javascript:window.stolen=1)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module")
def written_url(model: FaultServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page where a chat model writes the answers, over one document that tries to run scripts."""
    folder = tmp_path_factory.mktemp("written")
    notes = folder / "notes.md"
    notes.write_text(HOSTILE, encoding="utf-8")
    run_rag(folder / "data", "ingest", "--collection", "garden", notes)
    settings = {"RAG_LLM": "openai:fake-model", "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "key-of-the-tests"}
    with served(folder / "data", "garden", log=folder / "log", **settings) as url:
        yield url


def test_what_documents_and_models_write_is_shown_as_text(page: Page, written_url: str, model: FaultServer) -> None:
    model.behave("answer")
    model.answer = "The gardener waters the roses every morning [1].\n<img src=x onerror='window.stolen=1'> ![a](b.png)"
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    ask(page, written_url, "When does the gardener water the roses?")
    expect(page.get_by_text("Answered by openai:fake-model")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror='window.stolen=1'> ![a](b.png)")).to_be_visible()
    page.get_by_role("button", name="Source 1").click()

    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text("<script>window.stolen=1</script>")
    expect(source).to_contain_text("![roses](http://example.invalid/roses.png) [a link](javascript:window.stolen=1)")
    assert page.evaluate("window.stolen") is None
    assert page.locator("a[href^=javascript]").count() == 0
    assert [url for url in requested if re.search(r"example|/x$|b\.png", url)] == []


def test_a_sentence_without_proof_is_marked_unsupported(page: Page, written_url: str, model: FaultServer) -> None:
    model.behave("answer")
    model.answer = "The gardener waters the roses every morning [1]. The tulips came from Holland by ship."
    ask(page, written_url, "When does the gardener water the roses?")
    answer = page.get_by_role("group", name="Chat message from assistant")
    expect(answer).to_contain_text("by ship. (unsupported)")
    underlines = [
        answer.get_by_text(words, exact=True).evaluate("words => getComputedStyle(words).textDecorationStyle")
        for words in ("The gardener waters the roses every", "The tulips came from Holland by ship.")
    ]
    assert underlines == ["solid", "dotted"]


def test_text_is_on_the_page_while_the_model_still_writes(page: Page, written_url: str, model: FaultServer) -> None:
    model.behave("answer")
    model.answer, model.hold_after = "The gardener waters the roses every morning [1].", 4
    page.goto(written_url)
    send(page, "When does the gardener water the roses?")
    expect(page.get_by_text("The gardener waters the", exact=True)).to_be_visible()
    expect(page.get_by_text("Answered by")).to_have_count(0)
    model.release()
    expect(page.get_by_text("Answered by openai:fake-model")).to_be_visible()
    expect(page.get_by_role("button", name="Source 1")).to_be_visible()


def test_a_model_that_breaks_off_leaves_the_passages_and_nothing_half_written(
    page: Page, written_url: str, model: FaultServer
) -> None:
    model.behave("dies_in_stream", "answer")
    model.answer = "Hollyhocks grow tall beside the gate [1]."
    page.goto(written_url)
    send(page, "When does the gardener water the roses?")
    expect(page.get_by_role("alert")).to_contain_text("failed on")
    expect(page.get_by_text("Hollyhocks")).to_have_count(0)
    page.get_by_role("list", name="Closest passages").get_by_role("button").first.click()
    expect(page.get_by_role("region", name="Source").locator("mark")).to_contain_text("waters the roses")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Answered by openai:fake-model")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
