"""The page *Map* in a real browser: clusters, the last answer's passages lit, near-duplicates."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.rag_app.browsing import ask
from tests.rag_app.web.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HOSTILE = (
    "<img src=x onerror='window.stolen=1'> **bold** is what the label of the harbour pump says in large letters.\n"
)
LIT = 'path[fill="#ffd23f"]'


def test_the_answer_s_passages_are_lit_a_cluster_s_are_read_by_keyboard_and_near_duplicates_compared(
    page: Page, site: Site
) -> None:
    source = page.get_by_role("region", name="Source")
    ask(page, site.url, "What did the 1202 alarm mean?")
    page.get_by_role("link", name="Library").click()
    page.get_by_role("button", name="View glossary.txt").click()
    expect(source).to_contain_text("glossary.txt")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_text("113 passages of 11 documents in the collection samples")).to_be_visible()
    chart = page.get_by_test_id("stVegaLiteChart")
    expect(chart.locator(LIT)).to_have_count(10)
    expect(page.get_by_role("heading", name="Found for: What did the 1202 alarm mean?")).to_be_visible()
    expect(passages(page)).to_have_count(10)
    expect(passages(page).first).to_contain_text("The Apollo Guidance Computer")

    clusters = page.get_by_role("radiogroup", name="Clusters").get_by_role("radio")
    clusters.first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="The most typical first")).to_be_visible()
    expect(chart.locator(LIT)).to_have_count(0)
    title = passages(page).first.inner_text().split(", page ")[0]
    passages(page).first.press("Enter")
    expect(source).to_contain_text(title)
    expect(source.locator("mark, .picture img")).to_be_visible()
    source.get_by_role("button", name="Close").click()
    expect(source).to_have_count(0)
    clusters.first.check(force=True)
    expect(chart.locator(LIT)).to_have_count(10)
    chart.locator(LIT).last.click()
    expect(source).to_be_visible()

    site.ingest("pumps", {"first.txt": HOSTILE, "second.txt": HOSTILE})
    page.goto(f"{site.url}/map?collection=pumps")
    expect(page.get_by_text("All passages (2)")).to_be_visible()
    page.get_by_text("Near-duplicates").click()
    expect(page.get_by_text("100% of the passages of the shorter one")).to_be_visible()
    pair = page.locator("[class*=st-key-similar-passages-]")
    expect(pair).to_have_count(1)
    expect(pair.get_by_text("<img src=x onerror='window.stolen=1'> **bold**")).to_have_count(2)
    pair.get_by_role("button", name="second").click()
    expect(page.get_by_role("region", name="Source")).to_contain_text("second.txt")
    assert page.evaluate("window.stolen") is None
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def passages(page: Page) -> Locator:
    return page.locator(".st-key-map-passages").get_by_test_id("stButton").get_by_role("button")
