"""Answers, citations and reports in a notebook: marked quotes, linked markers, and nothing active in them."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.runnables import Runnable

from ingest.report import FileReport, IngestReport
from rag_app import Answer, Citation, Sentence
from rag_app.answering.chain import Request
from rag_app.safe_text import make_visible
from tests.rag_app.passages import PAGE, make_passage

TAGS = {"a", "blockquote", "br", "div", "em", "mark", "p", "small", "span", "strong"}
ATTRIBUTES = {"class", "href", "id", "style", "title"}
SCRIPT = "<script>alert(1)</script>"
QUOTE = "Michael Collins stayed in lunar orbit aboard Columbia."


class Seen(HTMLParser):
    """What a browser would see of some HTML: its tags, their attributes, the text, and the text in `<mark>`."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.tags, self.attributes = set[str](), list[tuple[str, str | None]]()
        self.text, self.marked, self._open = "", list[str](), list[str]()
        self.feed(written)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "br":
            self._open.append(tag)
        if tag == "mark":
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self._open:
            self.marked[-1] += data

    def values(self, name: str) -> list[str | None]:
        return [value for attribute, value in self.attributes if attribute == name]


def citation(quote: str = QUOTE, *, page_text: str = PAGE, title: str = "The crew") -> Citation:
    start = page_text.index(quote)
    return Citation(1, "/docs/crew.md", title, None, start, start + len(quote), quote)


def answer(text: str = QUOTE, *, supported: bool = True, refused: bool = False, page_text: str = PAGE) -> Answer:
    whole = f"{text} [1]" if supported else text
    cited = (citation(text, page_text=page_text),) if supported else ()
    sentence = Sentence(whole, 0, len(whole), supported, (1,) if supported else ())
    passages = (make_passage(page_text),)
    return Answer("Who stayed?", whole, refused, "quotes", (sentence,), cited, passages, 0.9, "Who stayed?", 0.1)


def show(shown: Answer | Citation | IngestReport) -> Seen:
    return Seen(shown._repr_html_())


def test_an_answer_shows_its_quotes_marked_within_their_passages_and_its_markers_as_links(
    samples_chain: "Runnable[Request, Answer]",
) -> None:
    found = samples_chain.invoke("Who stayed in orbit?")
    seen = show(found)
    assert seen.marked == [make_visible(one.quote) for one in found.citations]
    ids = seen.values("id")
    assert [f"#{name}" for name in ids] == list(dict.fromkeys(seen.values("href")))
    assert len(set(ids)) == len(found.citations)
    assert found.question in seen.text
    assert "Answered by quotes" in seen.text
    assert show(replace(found, question="Who else?")).values("id") != ids


def test_a_citation_by_itself_shows_its_place_and_words() -> None:
    seen = show(replace(citation(), page=3))
    assert (seen.marked, "The crew, page 3" in seen.text) == ([QUOTE], True)
    assert seen.values("title") == ["/docs/crew.md"]


def test_what_stands_around_a_quote_is_shown_in_bounds() -> None:
    seen = show(answer())
    assert "Three astronauts flew on Apollo 11" in seen.text
    assert "Neil Armstrong and Buzz Aldrin landed in Eagle." in seen.text
    assert "words[36864]" not in seen.text


def test_sentences_without_support_and_refusals_say_so(samples_chain: "Runnable[Request, Answer]") -> None:
    unsupported = show(answer(supported=False))
    assert f"{QUOTE} (unsupported)" in unsupported.text
    assert "(unsupported)" not in show(answer()).text
    refused = samples_chain.invoke("How do I bake bread?")
    assert refused.refused
    seen = show(refused)
    assert "em" in seen.tags
    assert refused.text in seen.text
    assert ("Closest passages" in seen.text, seen.marked) == (True, [])


def test_a_follow_up_tells_what_was_searched() -> None:
    assert "Searched for: Who stayed in orbit?" in show(replace(answer(), searched_for="Who stayed in orbit?")).text


@pytest.mark.parametrize("hostile", [SCRIPT, '"><img src=x onerror=alert(1)>', "</mark></blockquote>", "&lt;b&gt; $x$"])
def test_what_a_document_says_stays_text(hostile: str) -> None:
    page_text = f"Before. {hostile} After."
    for shown in (
        answer(hostile, page_text=page_text),
        replace(answer(), question=hostile, searched_for=f"{hostile}?", answered_by=hostile),
        replace(citation(hostile, page_text=page_text), title=hostile, source=f"/docs/{hostile}"),
        IngestReport(hostile, (FileReport(hostile, "failed", reason=hostile),), 1, 1, 1.0, (hostile,)),
    ):
        seen = show(shown)
        assert seen.tags <= TAGS
        assert {name for name, _ in seen.attributes} <= ATTRIBUTES
        assert hostile in seen.text


@given(st.text(min_size=1))
def test_any_text_is_shown_as_it_is_read(text: str) -> None:
    seen = show(replace(citation(), quote=text))
    assert seen.marked == [make_visible(text)]
    assert seen.tags <= TAGS


def test_a_report_tells_counts_and_reasons() -> None:
    files = (FileReport("/a.md", "added", 3), FileReport("/b.zip", "failed", reason="a bomb"))
    seen = show(IngestReport("papers", files, 3, 100, 1.0))
    assert seen.text == "1 added, 1 failed in the collection papers3 chunks embedded1 failed: a bomb"
    assert re.search("files=", repr(IngestReport("papers", files, 3, 100, 1.0)))
