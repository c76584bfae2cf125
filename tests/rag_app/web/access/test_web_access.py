"""Every view of the page through axe-core: what a screen reader, a keyboard or weak eyes could not use."""

from collections.abc import Callable

import pytest

pytest.importorskip("axe_playwright_python", reason="brings axe-core: pip install 'rag-app[dev]'")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.rag_app.browsing import ask
from tests.rag_app.web.conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
GRAVE = ("serious", "critical")


def test_no_view_has_a_serious_violation_in_light_or_dark(page: Page, site: Site) -> None:
    found: dict[str, list[str]] = {}

    def look(view: str) -> None:
        """In the dark the colours alone, which is what differs."""
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        expect(page.locator(".stApp")).to_have_css("background-color", "rgb(27, 26, 24)")
        found[f"{view}, dark"] = violations(page, "color-contrast")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        expect(page.locator(".stApp")).to_have_css("background-color", "rgb(253, 252, 249)")
        found[f"{view}, light"] = violations(page)

    page.goto(site.url)
    expect(page.get_by_role("button", name="Who stayed in orbit?")).to_be_visible()
    look("welcome")
    ask(page, None, "What did the 1202 alarm mean?")
    look("answer")
    page.get_by_role("button", name="Source 1").click()
    expect(page.get_by_role("region", name="Source").get_by_role("img")).to_be_visible()
    look("picture of a page")
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator("mark")).to_be_visible()
    look("text of a page")
    look_at_map(page, look)
    page.get_by_role("link", name="Chat").click()
    ask(page, None, "Which football club won the cup?")
    look("refusal")
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="More").first.click()
    expect(page.get_by_text("Export as JSON")).to_be_visible()
    look("history")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Settings").click()
    expect(page.locator(".st-key-checks")).to_be_visible()
    look("settings")
    assert {view: grave for view, grave in found.items() if grave} == {}


def look_at_map(page: Page, look: Callable[[str], None]) -> None:
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_role("radiogroup", name="Clusters")).to_be_visible()
    look("map")
    page.get_by_text("Near-duplicates").click()
    expect(page.get_by_text("No two documents have a passage in common")).to_be_visible()
    look("near-duplicates")


def violations(page: Page, *rules: str) -> list[str]:
    """The serious ones, of these rules or of all."""
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in Axe().run(page, options={"runOnly": rules} if rules else None).response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
