"""From a click on a marker to the marked words painted, in a real browser: Markdown, a short PDF, a PDF of 500 pages.

Use: python bench/open_citation.py [CLICKS]. Ingests the samples and a PDF made here into a temporary folder, serves the
page, and prints milliseconds by the browser's own clock: of the first click as soon as the answer stands, before
anything can be fetched ahead, in a page of its own each time; then of clicks on the same marker, and of the key that
shows the next citation.
"""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.results import arguments, record
from rag_app.samples import SAMPLES_DIR
from tests.rag_app.browsing import ask, run_rag, served

PAGES, KEEPER = 500, 321
QUESTIONS = {
    "Markdown": "How much lunar material did the six landings bring back?",
    "PDF of 2 pages": "What did the 1202 alarm mean?",
    f"PDF of {PAGES} pages": "Which lighthouse keeper painted the gallery green?",
}
# Painted: there in a frame, and that frame shown when the next one begins.
TIMED = """
(act) => new Promise((resolve) => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector),
    ...[...root.querySelectorAll("*")].flatMap((one) => one.shadowRoot ? all(selector, one.shadowRoot) : [])];
  const shown = () => all("[aria-label=Source] mark, [aria-label=Source] .picture img")
    .find((found) => found.getBoundingClientRect().height && (found.tagName === "MARK" || found.complete));
  const told = () => all("[aria-label=Source] [role=status]")[0]?.textContent;
  const before = told();
  const began = performance.now();
  if (act === "click") all("[aria-label='Source 1']").at(-1).click();
  else document.dispatchEvent(new KeyboardEvent("keydown", { key: act, bubbles: true, composed: true }));
  const look = () => requestAnimationFrame(() => {
    if (!shown() || (act !== "click" && told() === before)) look();
    else requestAnimationFrame(() => resolve(performance.now() - began));
  });
  look();
})"""


def main() -> None:
    clicks = int(next(iter(arguments()), 10))
    medians: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        (folder / "lighthouses.pdf").write_bytes(long_pdf())
        run_rag(folder / "data", "ingest", "--collection", "timed", SAMPLES_DIR, folder / "lighthouses.pdf")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        expect.set_options(timeout=60_000)
        print(f"milliseconds from click to painted, {clicks} times each: min / median / max")
        for kind, question in QUESTIONS.items():
            # A server of its own: nothing that another question left in its memory helps.
            with served(folder / "data", "timed", log=folder / "log") as url:
                medians |= measure(browser, url, kind=kind, question=question, clicks=clicks)
        browser.close()
    what = f"Speed of the page: milliseconds from a click on a marker to the marked words painted, median of {clicks}"
    record(what, f"python bench/open_citation.py {clicks}", medians)


def long_pdf() -> bytes:
    pdf = FPDF(unit="pt", format="A4")
    for number in range(1, PAGES + 1):
        pdf.add_page()
        pdf.set_font("Helvetica", size=11)
        green = "The lighthouse keeper Ansgar painted the gallery green. " if number == KEEPER else ""
        lines = (f"In year {number} ship {number * 30 + line} passed the rocks by night." for line in range(6))
        pdf.multi_cell(0, 14, green + " ".join(lines))
    return bytes(pdf.output())


def measure(browser: Browser, url: str, *, kind: str, question: str, clicks: int) -> dict[str, float]:
    first, again, following = list[float](), list[float](), list[float]()
    for _ in range(max(clicks // 3, 1)):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        ask(page, url, question)
        first.append(page.evaluate(TIMED, "click"))
        page.wait_for_timeout(2_000)
        several = page.get_by_role("button", name="Next source").count()
        for _ in range(clicks // max(clicks // 3, 1)):
            close(page)
            again.append(page.evaluate(TIMED, "click"))
            if several:
                following.append(page.evaluate(TIMED, "ArrowRight"))
        page.close()
    timed = {f"{kind}, at once": first, f"{kind}, later": again, f"{kind}, next citation": following}
    for name, values in timed.items():
        show(name, values)
    return {name: round(statistics.median(values)) for name, values in timed.items() if values}


def close(page: Page) -> None:
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("region", name="Source")).to_have_count(0)
    page.wait_for_timeout(300)


def show(name: str, values: Sequence[float]) -> None:
    if values:
        print(f"{name:<36} {min(values):6.0f} {statistics.median(values):6.0f} {max(values):6.0f}")


if __name__ == "__main__":
    main()
