"""The page in a real browser where a chat model writes: what streams, what is not proved, what breaks off."""

import re

import pytest
from playwright.sync_api import Page, expect

from rag_app.library.conversations import ConversationStore
from tests.rag_app.browsing import ask, send
from tests.rag_app.fault_server import FaultServer
from tests.rag_app.passages import make_judged
from tests.rag_app.web.conftest import MODEL, Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HOSTILE = """# Notes <img src=x onerror="window.stolen=1">

The gardener waters the roses every morning. <script>window.stolen=1</script> He does so before breakfast.

![roses](http://example.invalid/roses.png) [a link](javascript:window.stolen=1)
"""
ROSES, WATERED = "When does the gardener water the roses?", "The gardener waters the roses every morning [1]."
WRITTEN = f"Answered by {MODEL}"


@pytest.fixture(scope="module")
def url(site: Site, written_url: str) -> str:
    """A collection of one document that tries to run scripts."""
    site.ingest("garden", {"notes.md": HOSTILE})
    return f"{written_url}?collection=garden"


def test_text_grows_and_the_finished_answer_takes_its_place_as_text(page: Page, url: str, model: FaultServer) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    hostile = "<img src=x onerror='window.stolen=1'> ![a](b.png)"
    model.behave("answer")
    model.answer, model.hold_after = f"{WATERED} The tulips came from Holland by ship.\n{hostile}", 4
    page.goto(url)
    send(page, ROSES)
    expect(page.get_by_text("The gardener waters the", exact=True)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Writing …")).to_be_visible()
    expect(page.get_by_text("Answered by")).to_have_count(0)
    answer = page.get_by_role("group", name="Chat message from assistant")
    root = answer.locator(".root")
    root.evaluate("root => { root.seen = true; }")
    model.hold_after = 5
    expect(page.get_by_text("The gardener waters the roses", exact=True)).to_be_visible()
    model.hold_after = None
    expect(page.get_by_text(WRITTEN)).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    assert root.evaluate("root => root.seen")  # the same element, so that nothing jumps

    expect(answer).to_contain_text("by ship. (not proved)")
    expect(answer.locator(".legend")).to_have_text("Dotted: no words of the documents were found that say so.")
    underlines = [
        answer.get_by_text(words, exact=True).evaluate("words => getComputedStyle(words).textDecorationStyle")
        for words in ("The gardener waters the roses every", "The tulips came from Holland by ship.")
    ]
    assert underlines == ["solid", "dotted"]
    expect(page.get_by_text(hostile)).to_be_visible()
    page.get_by_role("button", name="Source 1").click()
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text("<script>window.stolen=1</script>")
    expect(source).to_contain_text("![roses](http://example.invalid/roses.png) [a link](javascript:window.stolen=1)")
    assert page.evaluate("window.stolen") is None
    assert page.locator("a[href^=javascript]").count() == 0
    assert [address for address in requested if re.search(r"example|/x$|b\.png", address)] == []


def test_each_state_looks_different_is_said_in_words_and_is_explained_where_it_occurs(page: Page, site: Site) -> None:
    store = ConversationStore(site.settings().data_dir)
    store.add("judged", make_judged(), collection="samples")
    page.goto(f"{site.url}?conversation=judged")
    answer = page.get_by_role("group", name="Chat message from assistant")
    expect(answer.locator(".text")).to_have_text(
        "Collins stayed.1 Collins flew Columbia.1 (similar words only) Nobody landed in Eagle.2 "
        "(the documents say otherwise) It was raining. (not proved) Here is more. * * *"
    )
    expect(answer.locator(".legend")).to_have_text(
        "Dashed: only similar words of the documents were found. Wavy: the documents say otherwise. "
        "Dotted: no words of the documents were found that say so."
    )
    drawn = [
        answer.get_by_text(words, exact=True).evaluate(
            "words => { const { textDecorationLine: line, textDecorationStyle: style, textDecorationColor: colour } "
            "= getComputedStyle(words); return [line, style, colour]; }"
        )
        for words in ("Collins flew", "Nobody landed in", "It was raining.", "Collins", "Here is more.", "* * *")
    ]
    assert [(line, style) for line, style, _ in drawn] == (
        [("underline", "dashed"), ("underline", "wavy"), ("underline", "dotted"), *[("none", "solid")] * 3]
    )
    assert len({colour for _, _, colour in drawn[:3]}) == 2, "what the documents deny is underlined in red"
    store.delete("judged")


def test_stop_ends_an_answer_at_once_and_what_breaks_off_leaves_the_passages_until_it_is_tried_again(
    page: Page, url: str, model: FaultServer
) -> None:
    model.behave("answer")
    model.answer, model.hold_after = WATERED, 3
    page.goto(url)
    send(page, ROSES)
    send(page, "Who waters the roses?")  # waits for the first, and is not lost
    expect(page.get_by_text("Waits for the answer before it")).to_be_visible()
    expect(page.get_by_text("The gardener waters", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("stopped")
    model.hold_after = None
    expect(page.get_by_text(WRITTEN)).to_have_count(1)
    page.get_by_role("button", name="Try again").first.click()
    expect(page.get_by_text(WRITTEN)).to_have_count(2)
    expect(page.get_by_role("alert")).to_have_count(0)

    model.behave("dies_in_stream", "answer")
    model.answer = "Hollyhocks grow tall at the gate [1]."
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text(WRITTEN)).to_have_count(0)
    ask(page, None, ROSES)
    expect(page.get_by_role("alert")).to_contain_text("failed on")
    expect(page.get_by_text("Hollyhocks")).to_have_count(0)
    page.get_by_role("list", name="Closest passages").get_by_role("button").first.click()
    expect(page.get_by_role("region", name="Source").locator("mark")).to_contain_text("waters the roses")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text(WRITTEN)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
