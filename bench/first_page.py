"""From a server that answers to a page that can be typed into, in a browser: python bench/first_page.py [SERVERS] (5).

Each server is a process of its own over the sample documents; each page is the first one that it draws, in a browser
that has nothing of it in its cache. Prints seconds, min / median / max: until the question box is there, and until the
questions that are suggested are.
"""

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from bench.results import arguments, record
from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from tests.rag_app.browsing import run_rag, served


def main() -> None:
    servers = int(next(iter(arguments()), 5))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        data_dir = Path(name) / "data"
        run_rag(data_dir, "ingest", "--collection", "samples", SAMPLES_DIR)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        expect.set_options(timeout=60_000)
        opened = []
        for _ in range(servers):
            with served(data_dir, "samples", log=Path(name) / "log") as url:
                opened.append(open_page(browser, url))
        browser.close()
    values = {}
    for what, seconds in zip(("question box", "suggested questions"), zip(*opened, strict=True), strict=True):
        print(f"{what}: {min(seconds):.1f} / {statistics.median(seconds):.1f} / {max(seconds):.1f} s")
        values[f"{what}, s"] = f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"
    record(
        "Speed of the page: from a server that answers to a question box that can be typed into, empty browser cache",
        f"python bench/first_page.py {servers}",
        values,
    )


def open_page(browser: Browser, url: str) -> tuple[float, float]:
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(url)
    expect(page.get_by_role("textbox", name="Ask about your documents")).to_be_visible()
    box = time.perf_counter() - began
    expect(page.get_by_role("button", name=SUGGESTED_QUESTIONS[0])).to_be_visible()
    questions = time.perf_counter() - began
    page.close()
    return box, questions


if __name__ == "__main__":
    main()
