"""The page in a real browser, served by the real command line over really ingested documents."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag_app import Settings, load_chain
from rag_app.library.conversations import ConversationStore
from rag_app.samples import SAMPLES_DIR, SUGGESTED_QUESTIONS
from rag_app.types import REFUSAL
from rag_app.web.sources.page_picture import WIDTH
from tests.rag_app.browsing import ask, run_rag, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.usefixtures("patience")]


@pytest.fixture(scope="module")
def samples_url(samples_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(samples_data, "samples", log=tmp_path_factory.mktemp("samples-log") / "log") as url:
        yield url


def test_a_suggested_question_is_answered_with_a_quote_that_opens_in_its_page(
    page: Page, samples_url: str, samples_data: Path
) -> None:
    question = SUGGESTED_QUESTIONS[0]
    cited = load_chain(settings=Settings(collection="samples", data_dir=samples_data)).invoke(question).citations[0]

    page.goto(samples_url)
    expect(page.get_by_text(f"{len(list(SAMPLES_DIR.iterdir()))} documents in the collection samples")).to_be_visible()
    page.get_by_role("button", name=question).click()
    expect(page.get_by_text("Answered by quotes")).to_be_visible()
    expect(page.get_by_text("RAG_LLM=openai:")).to_be_visible()
    expect(page.get_by_text("Deploy")).to_have_count(0)
    page.get_by_role("button", name="Source 1").click()

    source = page.get_by_role("region", name="Source")
    expect(source).to_contain_text(cited.title)
    expect(source).to_contain_text(f"Page {cited.page}" if cited.page else cited.source)
    expect(source).to_contain_text(cited.source)
    if cited.source.endswith(".pdf"):
        alt = f"Page {cited.page} of {cited.title}, quoted words boxed: {cited.quote}"
        expect(source.get_by_role("img", name=alt)).to_be_visible()
        source.get_by_role("button", name="Show the text").click()
    assert source.locator("mark").evaluate_all("marks => marks.map(mark => mark.textContent)") == [cited.quote]


def test_a_pdf_s_page_is_drawn_with_the_quoted_words_boxed_and_has_its_text(page: Page, samples_url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 600})  # too low to show the boxes unless they are scrolled to
    ask(page, samples_url, "What did the 1202 alarm mean?")
    page.get_by_role("button", name="Source 2").click()
    source = page.get_by_role("region", name="Source")
    picture = source.get_by_role(
        "img", name=re.compile("^Page 2 of The Apollo Guidance Computer, quoted words boxed: ")
    )
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") == WIDTH
    expect(source.locator(".picture")).not_to_have_js_property("scrollTop", 0)
    source.get_by_role("button", name="Show the text").click()
    expect(source.locator("mark")).to_contain_text("rendezvous radar")
    source.get_by_role("button", name="Show the page").click()
    expect(picture).to_be_visible()


def test_the_open_source_shows_its_context_then_the_whole_page_and_closes(page: Page, samples_url: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 600})  # too low to show the quote unless it is scrolled to
    ask(page, samples_url, SUGGESTED_QUESTIONS[-1])
    page.get_by_role("button", name="Source 1").click()
    source = page.get_by_role("region", name="Source")
    expect(source.locator("mark")).to_be_in_viewport()
    before = len(source.locator(".page").inner_text())
    source.get_by_role("button", name="Show the whole").click()
    expect(source.get_by_role("button", name="Show less")).to_be_visible()
    assert len(source.locator(".page").inner_text()) > before
    expect(source.locator("mark")).to_be_in_viewport()
    source.get_by_role("button", name="Close").click()
    expect(source).to_have_count(0)


def test_a_card_under_the_answer_opens_the_same_words_as_its_marker(page: Page, samples_url: str) -> None:
    ask(page, samples_url, "Who stayed in orbit?")
    page.get_by_role("list", name="Citations").get_by_role("button").first.click()
    mark = page.get_by_role("region", name="Source").locator("mark")
    quote = mark.inner_text()
    page.get_by_role("button", name="Source 1").click()
    expect(mark).to_have_text(quote)
    expect(page.get_by_role("button", name="Source 1")).to_have_attribute("aria-pressed", "true")


def test_a_conversation_is_kept_goes_on_after_a_reload_and_is_written_out_and_deleted(
    page: Page, samples_url: str, samples_data: Path
) -> None:
    ask(page, samples_url, "Who stayed in lunar orbit?")
    expect(page).to_have_url(re.compile("conversation="))
    page.reload()
    expect(page.get_by_text("Answered by quotes")).to_be_visible()
    page.get_by_role("button", name="Source 1").click()
    expect(page.get_by_role("region", name="Source").locator("mark")).to_contain_text("Collins")

    page.get_by_role("link", name="History").click()
    page.get_by_label("Search conversations").fill("collins lunar")
    page.get_by_label("Search conversations").press("Enter")
    row = page.get_by_role("button", name="Who stayed in lunar orbit?")
    expect(row.first).to_be_visible()
    page.get_by_role("button", name="More").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as Markdown").click()
    assert "[^1]: " in Path(download.value.path()).read_text(encoding="utf-8")
    page.keyboard.press("Escape")
    row.first.click()
    expect(page.get_by_text("Answered by quotes")).to_be_visible()

    page.get_by_role("link", name="History").click()
    kept = len(ConversationStore(samples_data).found())
    rows = page.get_by_role("button", name="More")
    expect(rows).to_have_count(kept)
    rows.first.click()
    page.get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(kept - 1)
    assert len(ConversationStore(samples_data).found()) == kept - 1


def test_a_follow_up_is_answered_in_the_light_of_the_question_before(page: Page, samples_url: str) -> None:
    ask(page, samples_url, "How tall was the Saturn V?")
    ask(page, None, "Who built its first stage?")
    expect(page.get_by_text("Answered by quotes")).to_have_count(2)
    expect(page.get_by_text("110.6 metres").first).to_be_visible()
    expect(page.get_by_role("group", name="Chat message from assistant").last).to_contain_text("Boeing")
    expect(page.get_by_text("Searched for:")).to_have_text(["Searched for: Who built the Saturn V's first stage?"])


def test_a_question_the_documents_do_not_answer_is_refused_with_the_closest_passages(
    page: Page, samples_url: str
) -> None:
    ask(page, samples_url, "How do I bake sourdough bread?")
    expect(page.get_by_text(REFUSAL)).to_be_visible()
    page.get_by_role("list", name="Closest passages").get_by_role("button").first.click()
    expect(page.get_by_role("region", name="Source").locator("mark")).to_be_visible()


def test_a_question_of_punctuation_alone_gets_an_error_in_words(page: Page, samples_url: str) -> None:
    ask(page, samples_url, "?!")
    expect(page.get_by_role("alert")).to_contain_text("the question has no word in it")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_the_page_has_no_sideways_scrolling_on_a_narrow_screen(page: Page, samples_url: str) -> None:
    page.set_viewport_size({"width": 420, "height": 800})
    ask(page, samples_url, "Who stayed in orbit?")
    page.get_by_role("button", name="Source 1").click()
    expect(page.get_by_role("region", name="Source").locator("mark")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_a_missing_collection_is_told_with_its_command_and_what_other_processes_ingest_is_found(
    page: Page, tmp_path: Path
) -> None:
    data_dir, first, second = tmp_path / "data", tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text("The harbour master of Lowmere is called Hanneke. She keeps the keys of the lock.\n")
    second.write_text("The lighthouse of Lowmere was painted green in 1931 by two brothers.\n")
    with served(data_dir, "papers", log=tmp_path / "log") as url:
        page.goto(url)
        expect(page.get_by_role("alert")).to_contain_text("there is no collection papers")
        expect(page.get_by_role("alert")).to_contain_text("rag ingest --collection papers")
        run_rag(data_dir, "ingest", "--collection", "papers", first)
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("1 document in the collection papers")).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        ask(page, None, "Who is the harbour master of Lowmere?")
        expect(page.get_by_text("is called Hanneke").first).to_be_visible()
        first.write_text("The harbour master of Lowmere has left.\n")
        run_rag(data_dir, "ingest", "--collection", "papers", first, second)
        ask(page, None, "When was the lighthouse of Lowmere painted green?")
        expect(page.get_by_text("painted green in 1931").first).to_be_visible()
        page.get_by_role("button", name="Source 1").first.click()
        expect(page.get_by_role("region", name="Source")).to_contain_text("The document has changed since")
        expect(page.get_by_role("region", name="Source").locator("mark")).to_contain_text("is called Hanneke")


def test_a_port_that_is_taken_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "rag_app.commands.main", "chat", "--port", str(port)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert f"error: port {port} cannot be used" in run.stderr
    assert f"hint: take another: rag chat --port {port + 1}" in run.stderr
