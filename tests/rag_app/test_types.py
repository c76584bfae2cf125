"""Answers, citations and reports in a notebook: marked quotes, linked markers, and nothing active in them."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.report import FileReport, IngestReport
from rag_app import Answer, Citation
from rag_app.safe_text import make_visible
from rag_app.types import REFUSAL
from tests.rag_app.passages import JUDGED, QUOTE, make_answer, make_citation, make_judged, make_refusal

TAGS = {"a", "blockquote", "br", "div", "em", "mark", "p", "small", "span", "strong"}
ATTRIBUTES = {"class", "href", "id", "style", "title"}
SCRIPT = "<script>alert(1)</script>"


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


def show(shown: Answer | Citation | IngestReport) -> Seen:
    return Seen(shown._repr_html_())


def test_an_answer_shows_its_quotes_marked_within_their_passages_and_its_markers_as_links() -> None:
    found = make_answer()
    seen = show(found)
    assert seen.marked == [QUOTE]
    ids = seen.values("id")
    assert [f"#{name}" for name in ids] == seen.values("href") != []
    assert found.question in seen.text
    assert "Answered by quotes" in seen.text
    assert "Three astronauts flew on Apollo 11" in seen.text
    assert "Neil Armstrong and Buzz Aldrin landed in Eagle." in seen.text
    assert "words[36864]" not in seen.text, "what is around a quote is bounded"
    assert show(replace(found, question="Who else?")).values("id") != ids


def test_a_citation_by_itself_shows_its_place_and_words() -> None:
    seen = show(replace(make_citation(), page=3))
    assert (seen.marked, "The crew, page 3" in seen.text) == ([QUOTE], True)
    assert seen.values("title") == ["/docs/crew.md"]


def test_a_sentence_tells_its_state_unless_it_is_proved_or_claims_nothing() -> None:
    judged = make_judged()
    seen = show(judged)
    assert JUDGED in seen.text
    assert "".join(sentence.shown for sentence in judged.sentences) == JUDGED
    assert re.findall("underline ([a-z]+)", " ".join(map(str, seen.values("style")))) == ["dashed", "wavy", "dotted"]


def test_json_has_the_state_of_each_sentence_and_whether_it_is_proved() -> None:
    sentences = make_judged().to_json()["sentences"]
    assert [list(sentence) for sentence in sentences] == [["text", "start", "end", "supported", "state", "markers"]] * 6
    states = ["proved", "similar", "contradicted", "not proved", "not a claim", "not proved"]
    assert [sentence["state"] for sentence in sentences] == states
    assert [sentence["supported"] for sentence in sentences] == [True, False, False, False, False, False]
    assert [sentence["markers"] for sentence in sentences] == [[1], [1], [2], [], [], []]


def test_refusals_and_follow_ups_say_so() -> None:
    refused = show(make_refusal("How is bread baked?"))
    assert "em" in refused.tags
    assert REFUSAL in refused.text
    assert ("Closest passages" in refused.text, refused.marked) == (True, [])
    assert (
        "Searched for: Who stayed in orbit?" in show(replace(make_answer(), searched_for="Who stayed in orbit?")).text
    )


@pytest.mark.parametrize("hostile", [SCRIPT, '"><img src=x onerror=alert(1)>', "</mark></blockquote>", "&lt;b&gt; $x$"])
def test_what_a_document_says_stays_text(hostile: str) -> None:
    page_text = f"Before. {hostile} After."
    for shown in (
        make_answer(hostile, page_text=page_text),
        replace(make_answer(), question=hostile, searched_for=f"{hostile}?", answered_by=hostile),
        replace(make_citation(hostile, page_text=page_text), title=hostile, source=f"/docs/{hostile}"),
        IngestReport(hostile, (FileReport(hostile, "failed", reason=hostile),), 1, 1, 1.0, (hostile,)),
    ):
        seen = show(shown)
        assert seen.tags <= TAGS
        assert {name for name, _ in seen.attributes} <= ATTRIBUTES
        assert hostile in seen.text


@given(st.text(min_size=1))
def test_any_text_is_shown_as_it_is_read(text: str) -> None:
    seen = show(replace(make_citation(), quote=text))
    assert seen.marked == [make_visible(text)]
    assert seen.tags <= TAGS


def test_a_report_tells_counts_and_reasons() -> None:
    files = (FileReport("/a.md", "added", 3), FileReport("/b.zip", "failed", reason="a bomb"))
    seen = show(IngestReport("papers", files, 3, 100, 1.0))
    assert seen.text == "1 added, 1 failed in the collection papers3 chunks embedded1 failed: a bomb"
    assert re.search("files=", repr(IngestReport("papers", files, 3, 100, 1.0)))
