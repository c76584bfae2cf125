"""The open source in a real browser: a PDF's page, the text around a quote, keys, the original, a narrow screen."""

import re
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Locator, Page, expect

from rag_app.web.page_picture import WIDTH
from tests.rag_app.browsing import ask
from tests.rag_app.web.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
ALARM, MASTER = "What did the 1202 alarm mean?", "Who is the harbour master of Lowmere?"
QUOTE = "The harbour master of Lowmere is called Hanneke and keeps the keys of the old lock."
PIER = f"""# Lowmere

## The harbour

{QUOTE}

| ship | length in metres | built |
|---|---|---|
| Heron | 31 | 1904 |
| Plover, which carries the mail to the outer islands in every season | 44 | 1911 |

مدير الميناء القديم كان اسمه يوسف وكان يحب البحر.

"""
LONG = PIER + "\n\n".join(f"In the year {year} the tide was low." for year in range(1800, 1900)) + "\n"


def source_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Source")


def test_a_pdf_s_page_is_drawn_with_the_quoted_words_boxed_and_keys_move_between_citations(
    page: Page, site: Site
) -> None:
    page.set_viewport_size({"width": 1280, "height": 600})  # too low to show the boxes unless they are scrolled to
    ask(page, site.url, ALARM)
    page.get_by_role("button", name="Source 1").click()
    source = source_of(page)
    alt = re.compile("^Page 2 of The Apollo Guidance Computer, quoted words boxed: The 1202 alarm")
    picture = source.get_by_role("img", name=alt)
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") == WIDTH
    expect(source.locator(".picture")).not_to_have_js_property("scrollTop", 0)
    source.get_by_role("button", name="Show the text").click()
    expect(source.locator("mark")).to_contain_text("overloaded")
    source.get_by_role("button", name="Show the page").click()
    expect(picture).to_be_visible()
    expect(source.get_by_text("By meaning")).to_be_hidden()
    source.get_by_text("Why this was found").click()
    expect(source.get_by_text("By meaning")).to_be_visible()
    expect(source.get_by_role("definition").nth(2)).to_contain_text("alarm")
    with page.expect_download() as download:
        source.get_by_role("link", name="Download original").click()
    assert download.value.suggested_filename == "guidance-computer.pdf"

    page.keyboard.press("Escape")
    marker = page.get_by_role("button", name="Source 1")
    marker.focus()
    page.keyboard.press("Enter")
    place, following = source.get_by_role("status"), source.get_by_role("button", name="Next source")
    expect(source).to_be_focused()
    expect(place).to_have_text("1 of 2")
    expect(source.get_by_role("button", name="Previous source")).to_have_attribute("aria-disabled", "true")
    following.click()
    expect(place).to_have_text("2 of 2")
    expect(page.get_by_role("button", name="Source 2")).to_have_attribute("aria-pressed", "true")
    expect(following).to_be_focused()
    page.keyboard.press("ArrowRight")  # there is no third
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("1 of 2")
    page.keyboard.press("/")
    question = page.get_by_role("textbox", name="Ask about your documents")
    expect(question).to_be_focused()
    page.keyboard.type("a/b")
    page.keyboard.press("ArrowLeft")
    expect(question).to_have_value("a/b")
    expect(place).to_have_text("1 of 2")
    page.get_by_role(
        "link", name="History"
    ).click()  # it stays open while another page is shown, and keys are heard once
    expect(page.get_by_label("Search conversations")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    expect(place).to_have_text("1 of 2")
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("2 of 2")
    page.keyboard.press("Escape")
    expect(source).to_have_count(0)
    expect(marker).to_be_focused()


def test_a_quote_is_shown_in_its_text_on_a_narrow_screen_too_and_a_file_that_changes_or_goes_is_reported(
    page: Page, site: Site
) -> None:
    note = site.ingest("pier", {"pier.md": LONG}) / "pier.md"
    page.set_viewport_size({"width": 1280, "height": 600})  # too low to show the quote unless it is scrolled to
    ask(page, f"{site.url}?collection=pier", MASTER)
    page.get_by_role("button", name="Source 1").click()
    source = source_of(page)
    text, mark = source.locator(".page"), source.locator("mark")
    expect(source.locator(".where")).to_have_text("The harbour")
    expect(mark).to_have_text(QUOTE)
    expect(mark).to_be_in_viewport()
    table = source.locator(".code")
    expect(table).to_have_css("white-space", "pre")
    assert table.evaluate("rows => rows.innerText.trim().split('\\n').length") == 4
    assert PIER in text.text_content() != LONG  # type: ignore[operator]
    source.get_by_role("button", name="Show the whole document").click()
    expect(source.get_by_role("button", name="Show less")).to_be_focused()
    assert text.text_content() == LONG
    expect(mark).to_be_in_viewport()

    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 400, "height": 800})
    marker = page.get_by_role("button", name="Source 1")
    marker.click()
    expect(mark).to_be_in_viewport()
    expect(source.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    source.get_by_role("link", name="Download original").click(trial=True)  # nothing of the page covers it
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    source.get_by_role("button", name="Close").click()
    expect(source).to_have_count(0)
    expect(marker).to_be_focused()
    expect(marker).to_be_in_viewport()

    note.write_text(LONG.replace("Hanneke", "Joost"), encoding="utf-8")
    marker.click()
    expect(source).to_contain_text("The file has changed since it was read.")
    expect(mark).to_contain_text("Hanneke")
    note.unlink()
    page.keyboard.press("Escape")
    marker.click()
    expect(source).to_contain_text("The file is no longer there.")
    expect(source.get_by_role("link", name="Download original")).to_have_count(0)


def test_a_source_is_read_by_nobody_who_was_not_shown_its_answer(site: Site) -> None:
    for ending in ("", "/whole", "/picture", "/original"):
        for name in ("0" * 64, "pier.md", "..%2f..%2fpier.md"):
            with pytest.raises(HTTPError) as refused:
                urlopen(f"{site.url}/sources/{name}{ending}", timeout=30)
            refused.value.close()
            assert refused.value.code in (400, 404)
