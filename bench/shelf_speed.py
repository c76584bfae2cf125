"""How long the page *Library* takes to draw a collection of many documents: `python bench/shelf_speed.py [2000]`.

The collection has records and no chunks: the table is what is measured. Times are from the click, or the key, until
the browser shows what came of it.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from bench.results import arguments, record
from rag_app.web.library.page import PAGE_ROWS
from tests.rag_app.browsing import served
from vectorstore.collections import create_store
from vectorstore.storage.changes import swap
from vectorstore.types import READY, IngestedSource, SourceRecord, hash_pages
from vectorstore.types import Page as TextPage

CHROMIUM = "/usr/bin/chromium"


def fill(data_dir: Path, documents: int) -> None:
    store = create_store(data_dir, "papers")
    page = TextPage(None, "The harbour master of Lowmere keeps the keys of the lock.")
    text_id = hash_pages([page])
    batch = [IngestedSource(record_of(number, text_id), [page], []) for number in range(documents)]
    swap(store.catalogue.database, batch)


def record_of(number: int, text_id: str) -> SourceRecord:
    return SourceRecord(
        source=f"/home/reader/papers/{number % 40}/paper-{number}.pdf",
        title=f"On the harbours of Lowmere, part {number}",
        is_titled=True,
        kind=("pdf", "markdown", "docx")[number % 3],
        text_id=text_id,
        content_hash=str(number),
        size=1_000 + 977 * number,
        stamp=number,
        chunks=number % 90,
        state=READY,
        ingested_at="2026-11-26T06:00:00+00:00",
    )


MILLISECONDS: dict[str, float] = {}


def measure(name: str, act: Callable[[], object], shown: Callable[[], object]) -> None:
    began = time.perf_counter()
    act()
    shown()
    MILLISECONDS[name] = round((time.perf_counter() - began) * 1000)
    print(f"{name}: {MILLISECONDS[name]} ms")


def drive(page: Page, url: str, documents: int) -> None:
    last = f"paper-{documents - 1}.pdf"
    rows = page.get_by_role("table", name="Documents", exact=True).locator("tbody tr")
    search = page.get_by_role("searchbox", name="Search documents")
    undo = page.get_by_role("button", name="Undo")
    page.goto(f"{url}/library")
    expect(rows).to_have_count(PAGE_ROWS, timeout=60_000)
    measure("drawn, opened again", lambda: page.goto(f"{url}/library"), lambda: expect(rows).to_have_count(PAGE_ROWS))
    measure("searched", lambda: search.fill(last), lambda: expect(rows).to_have_count(1))
    measure("all again", lambda: search.fill(""), lambda: expect(rows).to_have_count(PAGE_ROWS))
    page.get_by_role("combobox", name="Sort by").click()
    largest = page.get_by_role("option", name="Largest first")
    measure("sorted", largest.click, lambda: expect(rows.first).to_contain_text(last))
    first = rows.first.inner_text()
    next_page = page.get_by_role("button", name="Next page")
    measure("turned", next_page.click, lambda: expect(rows.first).not_to_contain_text(first.splitlines()[0]))
    delete = page.get_by_role("button", name="Delete").first
    measure("deleted", delete.click, lambda: expect(undo).to_be_visible())
    measure("undone", undo.click, lambda: expect(undo).to_have_count(0))
    view = page.get_by_role("button", name="View").first
    close = page.get_by_role("button", name="Close")
    measure("opened", view.click, lambda: expect(close).to_be_visible())


def main(documents: int) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        fill(Path(folder), documents)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with served(Path(folder), "papers", log=Path(folder) / "log") as url:
            drive(browser.new_page(), url, documents)
        browser.close()
    what = f"Speed of the page: *Library* with {documents:,} documents, milliseconds until the browser shows it"
    record(what, f"python bench/shelf_speed.py {documents}", MILLISECONDS)


if __name__ == "__main__":
    main(int(next(iter(arguments()), 2_000)))
