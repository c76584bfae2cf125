"""Documents added on the page *Library*, in a real browser: uploaded, seen to be read, cancelled, asked about."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from rag_app.samples import SAMPLES_DIR
from tests.ingest.library import check_in_step
from tests.rag_app.browsing import PATIENCE_S, ask, served
from vectorstore.collections import open_store

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]
WORDS = ["river", "boat", "apple", "tree", "cloud", "rain", "stone", "wind", "bird", "song"]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adding-data")


@pytest.fixture(scope="module")
def url(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(data_dir, "default", log=tmp_path_factory.mktemp("adding-log") / "log") as address:
        yield address


def text_file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def upload(page: Page, *files: FilePayload) -> None:
    box = page.get_by_label("Add documents")
    expect(box).to_be_visible()
    box.locator("input[type=file]").set_input_files(files)


def test_uploads_make_a_collection_and_a_report_and_can_be_asked_about(page: Page, url: str, data_dir: Path) -> None:
    page.goto(f"{url}/library?collection=lowmere")
    broken: FilePayload = {"name": "<img src=x>.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 broken"}
    upload(
        page,
        text_file("ferry.txt", "The ferry of Lowmere leaves at nine in the morning.\n"),
        text_file("../lock.md", "# Lock\n\nThe lock of Lowmere was built in 1854 by Hanneke Dijkstra.\n"),
        broken,
    )
    expect(page.get_by_text("2 added, 1 failed")).to_be_visible()
    failed = page.get_by_role("listitem").filter(has_text="_img src=x_.pdf")
    expect(failed).to_contain_text("the PDF is damaged (open it in a PDF viewer")
    kept = data_dir / "uploads" / "lowmere"
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
    upload(
        page,
        text_file("lock.md", "# Lock\n\nThe lock of Lowmere was built in 1860.\n"),
        text_file("ferry.txt", "The ferry of Lowmere leaves at nine in the morning.\n"),
    )
    expect(page.get_by_text("1 updated, 1 unchanged")).to_be_visible()


def test_a_long_ingest_is_seen_by_every_tab_and_leaves_questions_free_until_it_is_cancelled(
    page: Page, url: str, data_dir: Path
) -> None:
    page.goto(f"{url}/library?collection=river")
    upload(page, text_file("boats.txt", "The red boat of the miller sank in 1871.\n"))
    expect(page.get_by_text("1 added")).to_be_visible()
    chance = random.Random(1)
    upload(page, *(text_file(f"{number}.txt", long_text(chance)) for number in range(30)))
    bar = page.get_by_role("progressbar", name="Adding documents")
    expect(page.get_by_text(re.compile("[0-9] of [0-9,]+ chunks embedded, [0-9,]+ a second, about"))).to_be_visible()
    expect(bar).not_to_have_attribute("aria-valuenow", "0")
    expect(page.get_by_text(re.compile("^and .*[0-9]+ waiting$"))).to_be_visible()

    other = page.context.new_page()
    other.set_default_timeout(PATIENCE_S * 1000)
    ask(other, f"{url}/?collection=river", "When did the boat of the miller sink?")
    expect(other.get_by_text("sank in 1871").first).to_be_visible()
    other.get_by_role("link", name="Library").click()
    expect(other.get_by_role("progressbar", name="Adding documents")).to_be_visible()
    other.get_by_role("button", name="Cancel").click()

    for tab in (page, other):
        expect(tab.get_by_text(re.compile("Stopped: [0-9]+ of 30 files are left as they were"))).to_be_visible()
        expect(tab.get_by_role("progressbar")).to_have_count(0)
    store = open_store(data_dir, "river")
    check_in_step(store)
    assert 1 <= len(store.catalogue.sources()) < 31
    store.close()
    ask(other, f"{url}/?collection=river", "When did the boat of the miller sink?")
    expect(other.get_by_text("sank in 1871").first).to_be_visible()


def long_text(chance: random.Random) -> str:
    """About 120 chunks of words that nobody has embedded before."""
    return "\n\n".join(" ".join(chance.choices(WORDS, k=100)).capitalize() + "." for _ in range(120))


def test_what_is_no_public_page_is_refused_in_words(page: Page, url: str) -> None:
    page.goto(f"{url}/library?collection=web-pages")
    page.get_by_label("Address of a page").fill("file:///etc/passwd")
    page.get_by_role("button", name="Add page").click()
    expect(page.get_by_role("alert")).to_contain_text("is not the address of a web page")
    page.get_by_label("Address of a page").fill("127.0.0.1:1/terms")
    page.get_by_label("Address of a page").press("Enter")
    expect(page.get_by_text("1 failed")).to_be_visible()
    report = page.get_by_role("list", name="Documents being added")
    expect(report).to_contain_text("127.0.0.1 is a private address (set RAG_ALLOW_PRIVATE_URLS")


def test_a_folder_is_added_with_its_structure(page: Page, url: str, data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "samples.md").write_bytes((SAMPLES_DIR / "lunar-samples.md").read_bytes())
    (folder / ".hidden.md").write_text("Nobody sees this.")
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{url}/library?collection=folders")
    page.get_by_role("radio", name="A folder").click()
    page.locator("input[webkitdirectory]").set_input_files(folder)
    expect(page.get_by_text("1 added")).to_be_visible()
    assert list((data_dir / "uploads" / "folders").rglob("*.md")) == [
        data_dir / "uploads" / "folders" / "papers" / "old" / "samples.md"
    ]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
