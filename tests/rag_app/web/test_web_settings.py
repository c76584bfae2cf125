"""The page *Settings* in a real browser: what is chosen there holds, and what is wrong has a remedy to copy."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag_app import Settings, ingest_paths
from rag_app.web.settings_page import setting_rows
from tests.rag_app.browsing import ask
from tests.rag_app.web.conftest import MODEL, Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]


def test_what_is_chosen_answers_the_next_question_and_a_failing_check_has_a_command_to_copy(
    page: Page, site: Site, written_url: str
) -> None:
    page.goto(f"{written_url}/settings")
    passages = page.get_by_label("Passages found for a question")
    row = page.get_by_role("row").filter(has_text="RAG_TOP_K")
    back = page.get_by_role("button", name="Back to the environment's")
    expect(passages).to_have_value("5")
    expect(row).to_contain_text("environment")
    expect(back).to_be_disabled()
    assert page.get_by_role("radio").all_inner_texts() == ["", ""]
    expect(page.get_by_text(f"Written by {MODEL}", exact=True)).to_be_visible()
    page.get_by_text("The documents' own sentences", exact=True).click()
    expect(page.get_by_label("Tokens of passages")).to_have_count(0)
    passages.fill("2")
    passages.press("Enter")
    expect(row).to_contain_text(re.compile(r"2\s*chosen here"))

    page.get_by_role("link", name="Chat").click()
    ask(page, None, "What did the 1202 alarm mean?")
    expect(page.get_by_text("Answered by quotes")).to_be_visible()
    page.get_by_role("button", name="Source 1").click()
    expect(page.get_by_role("region", name="Source")).to_contain_text("passage 1 of 2, score")

    page.get_by_role("link", name="Settings").click()
    expect(passages).to_have_value("2")
    back.click()
    expect(passages).to_have_value("5")
    expect(row).to_contain_text(re.compile(r"5\s*environment"))
    expect(page.get_by_label("Tokens of passages")).to_have_value("4000")

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    note = site.folder / "note.txt"
    note.write_text("The lighthouse of Lowmere was painted green in 1931.\n", encoding="utf-8")
    ingest_paths([note], settings=site.settings("squared").model_copy(update={"distance": "l2"}))
    page.goto(f"{written_url}/settings?collection=squared")
    facts = page.locator(".st-key-facts").get_by_role("row")
    expect(facts.filter(has_text="Distance")).to_contain_text("l2")
    expect(facts.filter(has_text="Documents")).to_contain_text("1")
    checks = page.locator("[class*=st-key-check-]")
    expect(checks.last).to_contain_text("Error")
    expect(checks.last).to_contain_text("was made with the distance l2, not cosine")
    checks.last.get_by_test_id("stCode").hover()
    checks.last.get_by_role("button", name="Copy to clipboard").click()
    assert page.evaluate("navigator.clipboard.readText()") == "rag ingest --rebuild PATH"
    ingest_paths([str(note)], settings=site.settings("squared"), rebuild=True)
    page.get_by_role("button", name="Check again").click()
    expect(checks.last).to_contain_text("squared: 1 chunks, the same in all three indexes")


def test_each_row_says_what_holds_and_why_and_no_row_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "RAG_PASSWORD": "open-sesame",
        "RAG_CHROMA_URL": "http://me:my-word@localhost:8000",
        "OPENAI_API_KEY": "a-key",
    }.items():
        monkeypatch.setenv(name, value)
    rows = {name: facts for name, *facts, _ in setting_rows(Settings(top_k=3), {"top_k": 3})}
    assert set(rows) == {f"RAG_{name.upper()}" for name in Settings.model_fields} | {
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
    }
    assert rows["RAG_TOP_K"] == ["3", "chosen here"]
    assert rows["RAG_DATA_DIR"] == [str(tmp_path / "data"), "environment"]
    assert rows["RAG_CHUNK_TOKENS"] == ["170", "default"]
    assert rows["RAG_READER"] == ["auto", "default"]
    assert rows["RAG_PASSWORD"] == rows["OPENAI_API_KEY"] == ["set", "environment"]
    assert rows["RAG_CHROMA_URL"] == ["http://***@localhost:8000", "environment"]
