"""The shelf of the page *Library* in a real browser: what is done to documents and collections."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from rag_app import Settings
from rag_app.samples import SAMPLES_DIR
from rag_app.wiring import build_store
from tests.rag_app.browsing import ask, run_rag, served
from tests.rag_app.web.access.test_web_access import violations
from vectorstore.collections import list_collections

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
HOSTILE = "<img src=x onerror=window.stolen=1> ![a](b.png).txt"
TEXTS = {
    "harbour.txt": "The harbour master of Lowmere is called Hanneke. She keeps the keys of the lock.\n",
    "lighthouse.txt": "The lighthouse of Lowmere was painted green in 1931 by two brothers.\n",
    HOSTILE: "The baker of Lowmere bakes rye bread on Fridays.\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    (folder / "docs").mkdir()
    for name, text in TEXTS.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    run_rag(folder / "data", "ingest", "--collection", "papers", folder / "docs", SAMPLES_DIR / "guidance-computer.pdf")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(folder / "data", "papers", log=folder / "log") as url:
        yield url


def settings_of(folder: Path, collection: str = "papers") -> Settings:
    return Settings(collection=collection, data_dir=folder / "data")


def rows(page: Page) -> Locator:
    return page.get_by_role("table", name="Documents").get_by_role("row").filter(has=page.get_by_role("rowheader"))


def test_documents_removed_one_after_another_leave_the_answers_and_come_back_the_last_first(
    page: Page, url: str, folder: Path
) -> None:
    page.goto(f"{url}/library")
    page.get_by_role("button", name="Delete harbour.txt").click()
    expect(page.get_by_text("harbour.txt was removed")).to_be_visible()
    page.get_by_role("button", name="Delete lighthouse.txt").click()
    expect(page.get_by_text("lighthouse.txt was removed")).to_be_visible()
    expect(page.get_by_text("1 more was removed before it")).to_be_visible()
    assert violations(page) == []
    expect(rows(page)).to_have_count(2)
    (folder / "docs" / "harbour.txt").unlink()

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
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Answered by")).to_have_count(0)
    ask(page, None, "Who is the harbour master of Lowmere?")
    expect(page.get_by_text("is called Hanneke").first).to_be_visible()


def test_the_list_is_searched_and_sorted_and_shows_names_as_text(page: Page, url: str) -> None:
    page.goto(f"{url}/library")
    expect(page.get_by_role("button", name=f"Delete {HOSTILE}")).to_be_visible()
    search = page.get_by_role("searchbox", name="Search documents")
    search.fill("guidance pdf")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_text(re.compile(r"^1 of \d documents$"))).to_be_visible()
    search.fill("nothing of the kind")
    expect(page.get_by_text("No document has all of these words")).to_be_visible()
    search.fill("")
    page.get_by_role("button", name="Size").click()
    expect(rows(page).first).to_contain_text("guidance-computer.pdf")
    page.get_by_role("button", name="Size").click()
    expect(rows(page).last).to_contain_text("guidance-computer.pdf")
    assert page.evaluate("window.stolen") is None


def test_a_document_is_read_page_by_page_as_it_looks_and_as_its_text(page: Page, url: str) -> None:
    page.goto(f"{url}/library")
    page.get_by_role("button", name="View guidance-computer.pdf").click()
    document = page.get_by_role("region", name="Document", exact=True)
    expect(document.get_by_role("img", name="Page 1 of The Apollo Guidance Computer")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download original").click()
    assert Path(download.value.path()).read_bytes() == (SAMPLES_DIR / "guidance-computer.pdf").read_bytes()
    document.get_by_role("button", name="Next page").click()
    expect(document.get_by_role("img", name="Page 2 of The Apollo Guidance Computer")).to_be_visible()
    document.get_by_role("button", name="Show the text").click()
    expect(document.get_by_role("group", name="Page 2")).to_contain_text("rendezvous radar")
    assert violations(page) == []
    document.get_by_role("spinbutton", name="Go to page").fill("1")
    page.keyboard.press("Enter")
    expect(document.get_by_role("group", name="Page 1")).to_contain_text("36,864 words of program")
    page.keyboard.press("Escape")
    expect(document).to_have_count(0)
    expect(page.get_by_role("button", name="View guidance-computer.pdf")).to_be_focused()


def test_what_is_removed_for_good_is_forgotten_and_a_changed_file_is_read_again(
    page: Page, url: str, folder: Path
) -> None:
    baker, store = folder / "docs" / HOSTILE, build_store(settings_of(folder))
    page.goto(f"{url}/library")
    page.get_by_role("button", name="Delete guidance-computer.pdf").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_text("was removed")).to_have_count(0)
    assert store.catalogue.source(str(SAMPLES_DIR / "guidance-computer.pdf")) is None
    assert (SAMPLES_DIR / "guidance-computer.pdf").exists()

    baker.write_text("The baker of Lowmere has moved to Highmere.\n", encoding="utf-8")
    page.get_by_role("button", name="Look for changes").click()
    until(lambda: "Highmere" in store.load_page(str(baker), None))
    before = store.catalogue.generation()
    page.get_by_role("button", name=f"Ingest again: {HOSTILE}").click()
    until(lambda: store.catalogue.generation() > before)


def test_a_collection_is_made_renamed_and_deleted_and_another_tab_is_told(page: Page, url: str, folder: Path) -> None:
    page.goto(f"{url}/library")
    act_on_collection(page, "New collection")
    page.get_by_label("Name of the new collection").fill("no/name")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("'no/name' cannot be the name of a collection")).to_be_visible()
    page.get_by_label("Name of the new collection").fill("letters")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="letters")).to_be_visible()
    expect(page.get_by_text("No documents yet")).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{url}/library?collection=letters")
    expect(other.get_by_role("heading", name="letters")).to_be_visible()

    act_on_collection(page, "Rename collection")
    page.get_by_label("New name").fill("mail")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("heading", name="mail", exact=True)).to_be_visible()
    assert list_collections(folder / "data") == ["mail", "papers"]
    other.reload()
    expect(other.get_by_role("heading", name="There is no collection letters")).to_be_visible()
    other.get_by_role("button", name="mail").click()
    expect(other.get_by_text("No documents yet")).to_be_visible()

    act_on_collection(page, "Delete collection")
    expect(page.get_by_text("The files on disk stay as they are")).to_be_visible()
    page.get_by_role("button", name="Delete 0 documents").click()
    expect(page.get_by_role("heading", name="papers", exact=True)).to_be_visible()
    assert list_collections(folder / "data") == ["papers"]


def act_on_collection(page: Page, action: str) -> None:
    page.get_by_test_id("stMenuButton").get_by_role("button", name="Collection").click()
    page.get_by_role("menuitem", name=action).click()


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
