"""The page *Library* in a real browser: documents added, searched, read, deleted and brought back, and collections."""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from rag_app.samples import SAMPLES_DIR
from rag_app.wiring import build_store
from tests.ingest.library import check_in_step
from tests.rag_app.browsing import PATIENCE_S, ask
from tests.rag_app.web.access.test_web_access import violations
from tests.rag_app.web.conftest import Site
from vectorstore.collections import list_collections

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HOSTILE = "<img src=x onerror=window.stolen=1> ![a](b.png).txt"
TEXTS = {
    "harbour.txt": "The harbour master of Lowmere is called Hanneke. She keeps the keys of the lock.\n",
    "lighthouse.txt": "The lighthouse of Lowmere was painted green in 1931 by two brothers.\n",
    HOSTILE: "The baker of Lowmere bakes rye bread on Fridays.\n",
}
WORDS = ["river", "boat", "apple", "tree", "cloud", "rain", "stone", "wind", "bird", "song"]


def text_file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def upload(page: Page, *files: FilePayload) -> None:
    box = page.get_by_label("Add documents")
    expect(box).to_be_visible()
    box.locator("input[type=file]").set_input_files(files)


def rows(page: Page) -> Locator:
    return (
        page.get_by_role("table", name="Documents", exact=True)
        .get_by_role("row")
        .filter(has=page.get_by_role("rowheader"))
    )


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_uploads_make_a_collection_and_can_be_asked_about_and_what_is_no_public_page_is_refused(
    page: Page, site: Site, tmp_path: Path
) -> None:
    page.goto(f"{site.url}/library?collection=lowmere")
    broken: FilePayload = {"name": "<img src=x>.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 broken"}
    lock = text_file("../lock.md", "# Lock\n\nThe lock of Lowmere was built in 1854 by Hanneke Dijkstra.\n")
    upload(page, text_file("ferry.txt", "The ferry of Lowmere leaves at nine in the morning.\n"), lock, broken)
    expect(page.get_by_text("2 added, 1 failed")).to_be_visible()
    failed = page.get_by_role("row").filter(has_text="failed: the PDF is damaged (open it in a PDF viewer")
    expect(failed).to_contain_text("_img src=x_.pdf")
    kept = site.folder / "data" / "uploads" / "lowmere"
    assert {path.name for path in kept.iterdir()} == {"ferry.txt", "lock.md", "_img src=x_.pdf"}
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("2 added, 1 failed")).to_have_count(0)

    page.get_by_role("link", name="Chat").click()
    ask(page, None, "When was the lock of Lowmere built?")
    page.get_by_role("button", name="Source 1").first.click()
    source = page.get_by_role("region", name="Source")
    expect(source.locator("mark")).to_contain_text("built in 1854")
    expect(source).to_contain_text(str(kept / "lock.md"))

    page.get_by_role("link", name="Library").click()
    upload(page, text_file("lock.md", "# Lock\n\nThe lock of Lowmere was built in 1860.\n"))
    expect(page.get_by_text("1 updated")).to_be_visible()

    page.set_viewport_size({"width": 400, "height": 800})
    page.get_by_role("button", name="Dismiss").click()
    page.get_by_label("Address of a page").fill("file:///etc/passwd")
    page.get_by_role("button", name="Add page").click()
    expect(page.get_by_role("alert")).to_contain_text("is not the address of a web page")
    page.get_by_label("Address of a page").fill("127.0.0.1:1/terms")
    page.get_by_label("Address of a page").press("Enter")
    expect(page.get_by_text("127.0.0.1 is a private address (set RAG_ALLOW_PRIVATE_URLS")).to_be_visible()
    (tmp_path / "papers" / "old").mkdir(parents=True)
    (tmp_path / "papers" / "old" / "samples.md").write_bytes((SAMPLES_DIR / "lunar-samples.md").read_bytes())
    (tmp_path / "papers" / ".hidden.md").write_text("Nobody sees this.")
    page.get_by_role("radio", name="A folder").click()
    page.locator("input[webkitdirectory]").set_input_files(tmp_path / "papers")
    expect(page.get_by_text("1 added")).to_be_visible()
    assert list(kept.rglob("*/*.md")) == [kept / "papers" / "old" / "samples.md"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_long_ingest_is_seen_by_every_tab_and_leaves_questions_free_until_it_is_cancelled(
    page: Page, site: Site
) -> None:
    site.ingest("river", {"boats.txt": "The red boat of the miller sank in 1871.\n"})
    page.goto(f"{site.url}/library?collection=river")
    chance = random.Random(1)
    upload(page, *(text_file(f"{number}.txt", long_text(chance)) for number in range(30)))
    expect(page.get_by_text(re.compile("[0-9] of [0-9,]+ chunks embedded, [0-9,]+ a second, about"))).to_be_visible()
    expect(page.get_by_role("progressbar")).not_to_have_attribute("aria-valuenow", "0")
    expect(page.get_by_text(re.compile("^and .*[0-9]+ waiting$"))).to_be_visible()

    other = page.context.new_page()
    other.set_default_timeout(PATIENCE_S * 1000)
    ask(other, f"{site.url}/?collection=river", "When did the boat of the miller sink?")
    expect(other.get_by_text("sank in 1871").first).to_be_visible()
    other.get_by_role("link", name="Library").click()
    other.get_by_role("button", name="Cancel").click()
    for tab in (page, other):
        expect(tab.get_by_text(re.compile("Stopped: [0-9]+ of 30 files are left as they were"))).to_be_visible()
        expect(tab.get_by_role("progressbar")).to_have_count(0)
    store = build_store(site.settings("river"))
    check_in_step(store)
    assert 1 <= len(store.catalogue.sources()) < 31
    store.close()


def long_text(chance: random.Random) -> str:
    """About 120 chunks of words that nobody has embedded before."""
    return "\n\n".join(" ".join(chance.choices(WORDS, k=100)).capitalize() + "." for _ in range(120))


def test_documents_are_searched_sorted_and_read_page_by_page_and_their_names_are_text(page: Page, site: Site) -> None:
    site.ingest("papers", TEXTS, SAMPLES_DIR / "guidance-computer.pdf")
    page.goto(f"{site.url}/library?collection=papers")
    expect(page.get_by_role("button", name=f"Delete {HOSTILE}")).to_be_visible()
    search = page.get_by_role("searchbox", name="Search documents")
    search.fill("guidance pdf")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_text("1 of 4 documents")).to_be_visible()
    search.fill("nothing of the kind")
    expect(page.get_by_text("No document has all of these words")).to_be_visible()
    search.fill("")
    page.get_by_role("combobox", name="Sort by").click()
    page.get_by_role("option", name="Smallest first").click()
    expect(rows(page).last).to_contain_text("guidance-computer.pdf")

    view = page.get_by_role("button", name="View guidance-computer.pdf")
    view.click()
    expect(page.get_by_role("img", name="Page 1 of The Apollo Guidance Computer", exact=True)).to_be_visible()
    expect(rows(page).last).to_have_attribute("aria-current", "true")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download original").click()
    assert Path(download.value.path()).read_bytes() == (SAMPLES_DIR / "guidance-computer.pdf").read_bytes()
    number = page.get_by_role("spinbutton", name="Page (of 2)")
    number.fill("99")
    number.press("Enter")
    expect(page.get_by_role("img", name="Page 1 of The Apollo Guidance Computer", exact=True)).to_be_visible()
    assert number.evaluate("field => field.validity.rangeOverflow")  # the browser says what the field takes
    number.fill("2")
    number.press("Enter")
    expect(page.get_by_role("img", name="Page 2 of The Apollo Guidance Computer", exact=True)).to_be_visible()
    page.get_by_role("button", name="Show the text").click()
    expect(page.get_by_text("rendezvous radar").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Previous page").click()
    expect(page.get_by_text("36,864 words of program").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Source")).to_have_count(0)
    expect(view).to_be_focused()
    assert page.evaluate("window.stolen") is None


def test_deleted_documents_leave_the_answers_and_come_back_or_are_forgotten_and_changed_ones_are_read_again(
    page: Page, site: Site
) -> None:
    docs = site.ingest("removals", TEXTS, SAMPLES_DIR / "guidance-computer.pdf")
    store = build_store(site.settings("removals"))
    page.goto(f"{site.url}/library?collection=removals")
    page.get_by_role("button", name="View harbour.txt").click()
    expect(page.get_by_role("region", name="Source")).to_contain_text("Hanneke")
    page.get_by_role("button", name="Delete harbour.txt").click()
    expect(page.get_by_text("harbour.txt was removed")).to_be_visible()
    expect(page.get_by_role("region", name="Source")).to_have_count(0)
    page.get_by_role("button", name="Delete lighthouse.txt").click()
    expect(page.get_by_text("lighthouse.txt was removed")).to_be_visible()
    expect(page.get_by_text("1 more was removed before it")).to_be_visible()
    assert violations(page) == []
    expect(rows(page)).to_have_count(2)
    (docs / "harbour.txt").unlink()
    page.get_by_role("link", name="Chat").click()
    ask(page, None, "Who is the harbour master of Lowmere?")
    expect(page.get_by_text("Hanneke")).to_have_count(0)

    page.get_by_role("link", name="Library").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("harbour.txt was removed")).to_be_visible()
    expect(page.get_by_role("button", name="Delete lighthouse.txt")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Delete harbour.txt")).to_be_visible()
    expect(page.get_by_text("was removed")).to_have_count(0)
    page.get_by_role("link", name="Chat").click()
    ask(page, None, "Who is the harbour master of Lowmere?")
    expect(page.get_by_text("is called Hanneke").first).to_be_visible()

    page.get_by_role("link", name="Library").click()
    page.get_by_role("button", name="Delete guidance-computer.pdf").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_text("was removed")).to_have_count(0)
    assert store.catalogue.source(str(SAMPLES_DIR / "guidance-computer.pdf")) is None
    assert (SAMPLES_DIR / "guidance-computer.pdf").exists()

    baker = docs / HOSTILE
    baker.write_text("The baker of Lowmere has moved to Highmere.\n", encoding="utf-8")
    page.get_by_role("button", name="Look for changes").click()
    until(lambda: "Highmere" in store.load_page(str(baker), None))
    before = store.catalogue.generation()
    page.get_by_role("button", name=f"Ingest again: {HOSTILE}").click()
    until(lambda: store.catalogue.generation() > before)
    store.close()


def test_a_collection_is_made_renamed_and_deleted_and_another_tab_sees_it(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/library")
    act_on_collection(page, "New collection")
    page.get_by_label("Name of the new collection").fill("no/name")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("'no/name' cannot be the name of a collection")).to_be_visible()
    page.get_by_label("Name of the new collection").fill("letters")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="letters")).to_be_visible()
    expect(page.get_by_text("No documents yet")).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{site.url}/library?collection=letters")
    expect(other.get_by_role("heading", name="letters")).to_be_visible()

    act_on_collection(page, "Rename collection")
    page.get_by_label("New name").fill("mail")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("heading", name="mail", exact=True)).to_be_visible()
    assert {"mail", "letters"} & set(list_collections(site.folder / "data")) == {"mail"}
    other.reload()
    expect(other.get_by_role("heading", name="There is no collection letters")).to_be_visible()
    other.get_by_role("button", name="mail").click()
    expect(other.get_by_text("No documents yet")).to_be_visible()

    act_on_collection(page, "Delete collection")
    expect(page.get_by_text("The files on disk stay as they are")).to_be_visible()
    page.get_by_role("button", name="Delete 0 documents").click()
    expect(page.get_by_role("heading", name="mail", exact=True)).to_have_count(0)
    assert "mail" not in list_collections(site.folder / "data")


def act_on_collection(page: Page, action: str) -> None:
    page.get_by_test_id("stMenuButton").get_by_role("button", name="Collection").click()
    page.get_by_role("menuitem", name=action).click()
