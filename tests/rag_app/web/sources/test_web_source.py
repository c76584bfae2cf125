"""The source beside the chat in a real browser: citation to citation, by keys, its original, on a narrow screen."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Locator, Page, expect

from rag_app.samples import SAMPLES_DIR
from tests.rag_app.browsing import ask, run_rag, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
QUESTION = "What did the 1202 alarm mean?"
HARBOUR = """# Lowmere

## The harbour

The harbour master of Lowmere is called Hanneke and keeps the keys of the old lock.

| ship | length in metres | built |
|---|---|---|
| Heron | 31 | 1904 |
| Plover, which carries the mail to the outer islands in every season | 44 | 1911 |

مدير الميناء القديم كان اسمه يوسف وكان يحب البحر.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, and beside them a note that may be edited and removed."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "harbour.md").write_text(HARBOUR, encoding="utf-8")
    run_rag(folder / "data", "ingest", "--collection", "mixed", SAMPLES_DIR, folder / "harbour.md")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(folder / "data", "mixed", log=folder / "log") as url:
        yield url


def source_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Source")


def test_next_and_previous_move_between_the_citations_of_an_answer(page: Page, url: str) -> None:
    ask(page, url, QUESTION)
    page.get_by_role("button", name="Source 1").click()
    source = source_of(page)
    expect(source.get_by_role("status")).to_have_text("1 of 2")
    expect(source.get_by_role("button", name="Previous source")).to_have_attribute("aria-disabled", "true")
    source.get_by_role("button", name="Next source").click()
    expect(source.get_by_role("status")).to_have_text("2 of 2")
    expect(source.get_by_role("img", name=re.compile("quoted words boxed: The cause of the alarms"))).to_be_visible()
    expect(page.get_by_role("button", name="Source 2")).to_have_attribute("aria-pressed", "true")
    expect(source.get_by_role("button", name="Next source")).to_be_focused()
    source.get_by_role("button", name="Previous source").click()
    expect(source.get_by_role("status")).to_have_text("1 of 2")


def test_keys_move_between_citations_close_the_source_and_reach_the_question(page: Page, url: str) -> None:
    ask(page, url, QUESTION)
    marker = page.get_by_role("button", name="Source 1")
    marker.focus()
    page.keyboard.press("Enter")
    source = source_of(page)
    expect(source).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(source.get_by_role("status")).to_have_text("2 of 2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(source.get_by_role("status")).to_have_text("1 of 2")

    page.keyboard.press("/")
    question = page.get_by_role("textbox", name="Ask about your documents")
    expect(question).to_be_focused()
    page.keyboard.type("a/b")
    page.keyboard.press("ArrowRight")
    expect(question).to_have_value("a/b")
    expect(source.get_by_role("status")).to_have_text("1 of 2")

    source.get_by_role("button", name="Next source").focus()
    page.keyboard.press("Escape")
    expect(source).to_have_count(0)
    expect(marker).to_be_focused()


def test_a_source_stays_open_while_another_page_is_shown_and_keys_are_heard_once(page: Page, url: str) -> None:
    ask(page, url, "How do I bake sourdough bread?")
    page.get_by_role("list", name="Closest passages").get_by_role("button").first.click()
    expect(source_of(page).locator("mark")).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_label("Search conversations")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    place = source_of(page).get_by_role("status")
    expect(place).to_have_text("1 of 3")
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("2 of 3")
    page.keyboard.press("Escape")
    expect(source_of(page)).to_have_count(0)
    expect(page.get_by_role("list", name="Closest passages").get_by_role("button").first).to_be_focused()


def test_a_source_says_why_it_was_found_and_gives_its_original(page: Page, url: str) -> None:
    ask(page, url, QUESTION)
    page.get_by_role("button", name="Source 1").click()
    source = source_of(page)
    expect(source.get_by_text("By meaning")).to_be_hidden()
    source.get_by_text("Why this was found").click()
    expect(source.get_by_text("By meaning")).to_be_visible()
    expect(source.get_by_role("definition").nth(2)).to_contain_text("1202")
    with page.expect_download() as download:
        source.get_by_role("link", name="Download original").click()
    assert download.value.suggested_filename == "guidance-computer.pdf"
    written = Path(download.value.path()).read_bytes()
    assert (
        hashlib.sha256(written).digest()
        == hashlib.sha256((SAMPLES_DIR / "guidance-computer.pdf").read_bytes()).digest()
    )


def test_a_quote_stands_under_its_headings_beside_tables_and_other_scripts(page: Page, url: str, folder: Path) -> None:
    ask(page, url, "Who is the harbour master of Lowmere?")
    page.get_by_role("button", name="Source 1").click()
    source = source_of(page)
    expect(source.locator(".where")).to_have_text("The harbour")
    expect(source.locator("mark")).to_have_text(
        "The harbour master of Lowmere is called Hanneke and keeps the keys of the old lock."
    )
    table = source.locator(".code")
    expect(table).to_have_css("white-space", "pre")
    assert table.evaluate("rows => rows.innerText.trim().split('\\n').length") == 4
    assert source.locator(".page").evaluate("page => page.textContent") == HARBOUR


def test_a_file_that_changes_or_goes_after_the_answer_is_told(page: Page, url: str, folder: Path) -> None:
    note = folder / "harbour.md"
    ask(page, url, "Who is the harbour master of Lowmere?")
    note.write_text(HARBOUR.replace("Hanneke", "Joost"), encoding="utf-8")
    page.get_by_role("button", name="Source 1").click()
    expect(source_of(page)).to_contain_text("The file has changed since it was read.")
    expect(source_of(page).locator("mark")).to_contain_text("Hanneke")
    note.unlink()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Source 1").click()
    expect(source_of(page)).to_contain_text("The file is no longer there.")
    expect(source_of(page).get_by_role("link", name="Download original")).to_have_count(0)
    note.write_text(HARBOUR, encoding="utf-8")


def test_on_a_narrow_screen_the_source_lies_over_the_answer_and_closing_returns_to_the_marker(
    page: Page, url: str
) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    ask(page, url, QUESTION)
    marker = page.get_by_role("button", name="Source 2")
    marker.click()
    picture = source_of(page).get_by_role("img")
    expect(picture).to_be_in_viewport(ratio=0.2)
    expect(source_of(page).get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    # Nothing of the page lies over it.
    source_of(page).get_by_role("link", name="Download original").click(trial=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    source_of(page).get_by_role("button", name="Close").click()
    expect(source_of(page)).to_have_count(0)
    expect(marker).to_be_focused()
    expect(marker).to_be_in_viewport()


def test_a_source_is_read_by_nobody_who_was_not_shown_its_answer(url: str) -> None:
    for ending in ("", "/whole", "/picture", "/original"):
        for name in ("0" * 64, "harbour.md", "..%2f..%2fharbour.md"):
            with pytest.raises(HTTPError) as refused:
                urlopen(f"{url}/sources/{name}{ending}", timeout=30)
            refused.value.close()
            assert refused.value.code in (400, 404)
