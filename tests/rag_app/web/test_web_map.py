"""The page *Map* in a real browser: passages, those of the last answer lit, clusters, near-duplicates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.rag_app.browsing import ask, run_rag, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HOSTILE = (
    "<img src=x onerror='window.stolen=1'> **bold** is what the label of the harbour pump says in large letters.\n"
)


@pytest.fixture(scope="module")
def url(samples_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(samples_data, "samples", log=tmp_path_factory.mktemp("map-log") / "log") as address:
        yield address


def test_the_passages_of_the_answer_are_lit_and_a_cluster_s_are_read_by_keyboard_and_by_click(
    page: Page, url: str
) -> None:
    ask(page, url, "What did the 1202 alarm mean?")
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_text("113 passages of 11 documents in the collection samples")).to_be_visible()
    lit = page.get_by_role("list", name="Passages of the last answer").get_by_role("button")
    expect(lit).to_have_count(6)
    expect(lit.first).to_contain_text("The Apollo Guidance Computer")
    assert yellow_pixels(page) > 300

    cluster = choose_cluster_without_lit(page)
    passages = page.get_by_role("list", name="Passages of the cluster").get_by_role("button")
    title = passages.first.inner_text().splitlines()[0].split(", page ")[0]
    passages.first.focus()
    page.keyboard.press("Enter")
    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text(title)
    expect(source.locator("mark, .picture img")).to_be_visible()
    expect(cluster).to_have_attribute("aria-pressed", "true")
    expect(passages.first).to_have_attribute("aria-pressed", "true")
    source.get_by_role("button", name="Close").click()
    expect(source).to_have_count(0)
    click_a_point(page)
    expect(source).to_be_visible()


def test_passages_that_two_documents_have_in_common_stand_side_by_side_as_text(page: Page, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.txt").write_text(HOSTILE, encoding="utf-8")
    run_rag(tmp_path / "data", "ingest", "--collection", "pumps", tmp_path / "first.txt", tmp_path / "second.txt")
    with served(tmp_path / "data", "pumps", log=tmp_path / "log") as address:
        page.goto(f"{address}/map")
        expect(page.get_by_role("button", name="All passages 2")).to_be_visible()
        page.get_by_text("Near-duplicates").click()
        pair = page.get_by_role("list", name="Passages nearly the same").get_by_role("listitem")
        expect(pair).to_have_count(1)
        expect(pair.get_by_text("<img src=x onerror='window.stolen=1'> **bold**")).to_have_count(2)
        same = page.get_by_role("list", name="Documents nearly the same").get_by_role("listitem")
        expect(same).to_contain_text("100% of the passages")
        pair.get_by_role("button", name="second").click()
        expect(page.get_by_role("region", name="Source")).to_contain_text("second.txt")
        assert page.evaluate("window.stolen") is None
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400


def choose_cluster_without_lit(page: Page) -> Locator:
    """By keyboard. Which clusters there are, and their order, depends on where the documents lie."""
    clusters = page.get_by_role("list", name="Clusters").get_by_role("button")
    for number in range(clusters.count()):
        cluster = clusters.nth(number)
        if cluster.inner_text().startswith(("Last answer", "All passages")):
            continue
        cluster.focus()
        page.keyboard.press("Enter")
        expect(cluster).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(100)  # one frame of the canvas
        if yellow_pixels(page) == 0:
            return cluster
    pytest.fail("every cluster has a passage of the answer")


def yellow_pixels(page: Page) -> int:
    """How many pixels of the map have the marker's yellow."""
    count: int = page.locator("canvas").evaluate("""canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4) found += data[i] === 255 && data[i + 1] === 210 && data[i + 2] === 63;
        return found;
    }""")
    return count


def click_a_point(page: Page) -> None:
    """Move over the map until something is pointed at, and click there."""
    canvas = page.locator("canvas")
    box = canvas.bounding_box()
    assert box is not None
    for step in range(1, 1_000):
        x, y = box["x"] + step * 37 % box["width"], box["y"] + step * 23 % box["height"]
        page.mouse.move(x, y)
        if page.locator(".tip").is_visible():
            page.mouse.click(x, y)
            return
    pytest.fail("no point of the map was found")
