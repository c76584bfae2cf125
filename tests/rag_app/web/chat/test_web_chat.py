"""The page *Chat* in a real browser: asking, suggestions, errors, and what can be done with an answer."""

import re
from pathlib import Path

import pytest
from langchain_core.runnables import Runnable
from playwright.sync_api import Page, expect

from rag_app import Answer
from rag_app.answering.chain import Request
from rag_app.library.conversations import ConversationStore
from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from rag_app.types import REFUSAL
from tests.rag_app.browsing import ask
from tests.rag_app.web.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HARBOUR = """# The harbour of Lowmere

The harbour of Lowmere was built in 1871 by the sisters Ada and Wilhelmina Brandt.

The lighthouse of Lowmere is 31 metres tall and was painted green in 1931.
"""
TALL = "How tall is the lighthouse of Lowmere?"
ORBIT = "Who stayed in lunar orbit?"


def test_a_suggested_question_is_answered_with_a_quote_and_a_follow_up_in_the_light_of_the_one_before(
    page: Page, site: Site, samples_chain: Runnable[Request, Answer]
) -> None:
    question = SUGGESTED_QUESTIONS[-1]
    cited = samples_chain.invoke(question).citations[0]
    assert cited.source.endswith(".md")
    page.goto(site.url)
    expect(page.get_by_text(f"{len(list(SAMPLES_DIR.iterdir()))} documents in the collection samples")).to_be_visible()
    page.get_by_role("button", name=question).click()
    expect(page.get_by_text("Answered by quotes")).to_be_visible()
    expect(page.get_by_text("RAG_LLM=openai:")).to_be_visible()
    expect(page.get_by_text("Deploy")).to_have_count(0)
    page.get_by_role("button", name="Source 1").click()
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text(cited.title)
    expect(source).to_contain_text(cited.source)
    assert source.locator("mark").evaluate_all("marks => marks.map(mark => mark.textContent)") == [cited.quote]
    source.get_by_role("button", name="Close").click()
    expect(source).to_have_count(0)
    page.get_by_role("list", name="Citations").get_by_role("button").first.click()
    expect(source.locator("mark")).to_have_text(cited.quote)
    expect(page.get_by_role("button", name="Source 1")).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Answered by")).to_have_count(0)
    expect(source).to_have_count(0)
    ask(page, None, "How tall was the Saturn V?")
    ask(page, None, "Who built its first stage?")
    expect(page.get_by_text("110.6 metres").first).to_be_visible()
    expect(page.get_by_role("group", name="Chat message from assistant").last).to_contain_text("Boeing")
    searched = page.get_by_text("Searched for:")
    expect(searched).to_have_count(1)
    expect(searched).to_have_text(re.compile("Who built its first stage. .*Saturn V"))


def test_an_answer_is_copied_rated_asked_again_and_kept_and_its_conversation_found_exported_and_deleted(
    page: Page, site: Site
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    ask(page, site.url, ORBIT)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_title("Copied")).to_be_visible()
    assert re.search(r"Collins.*\[1\](.|\n)*\n\[1\] .*: “.*Collins", page.evaluate("navigator.clipboard.readText()"))
    bad, note = page.get_by_role("button", name="Bad answer"), page.get_by_role("textbox", name="Note on this answer")
    bad.click()
    expect(bad).to_have_attribute("aria-pressed", "true")
    note.fill("which *month*?")
    note.press("Enter")
    expect(page.get_by_role("button", name="Saved")).to_be_visible()
    expect(page).to_have_url(re.compile("conversation="))
    page.reload()
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(note).to_have_value("which *month*?")
    page.get_by_role("button", name="Try again").click()
    expect(bad).to_have_attribute("aria-pressed", "false")

    history = ConversationStore(site.folder / "data")
    page.get_by_role("link", name="History").click()
    page.get_by_label("Search conversations").fill("lunar STAYED")
    page.get_by_label("Search conversations").press("Enter")
    rows = page.get_by_role("button", name="More")
    expect(rows).to_have_count(1)
    rows.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as Markdown").click()
    assert "[^1]: " in Path(download.value.path()).read_text(encoding="utf-8")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=ORBIT).click()
    expect(page.get_by_text("Answered by quotes")).to_have_count(1)
    page.get_by_role("button", name="Source 1").click()
    expect(page.get_by_role("region", name="Source").locator("mark")).to_contain_text("Collins")

    saved = len(history.found())
    page.get_by_role("link", name="History").click()
    expect(rows).to_have_count(saved)
    rows.first.click()
    page.get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(saved - 1)
    assert len(history.found()) == saved - 1


def test_a_missing_collection_is_reported_with_its_command_and_found_once_it_is_made(page: Page, site: Site) -> None:
    page.goto(f"{site.url}?collection=harbour")
    expect(page.get_by_role("alert")).to_contain_text("there is no collection harbour")
    expect(page.get_by_role("alert")).to_contain_text("rag ingest --collection harbour")
    site.ingest("harbour", {"harbour.md": HARBOUR})
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 document in the collection harbour")).to_be_visible()
    page.locator(".st-key-suggestions").get_by_role("button").first.click()  # as soon as one is found
    expect(page.get_by_text("Answered by quotes")).to_be_visible()
    expect(page.get_by_text(REFUSAL)).to_have_count(0)

    ask(page, None, TALL)
    site.ingest("harbour", {"harbour.md": HARBOUR.replace("31", "37")})
    ask(page, None, TALL)
    expect(page.get_by_text("37 metres").first).to_be_visible()
    cards = page.get_by_role("list", name="Citations").get_by_role("button")
    cards.filter(has_text="31 metres").first.click()
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text("The document has changed since")
    expect(source.locator("mark")).to_contain_text("31 metres")
    ask(page, None, "?!")
    expect(page.get_by_role("alert")).to_contain_text("the question has no word in it")
