"""Quoted answers: the sentences of passages, those chosen, what introduces them, and contradictions between them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app import Answer, Settings, ingest_paths, load_chain
from rag_app.answering.citations import Evidence, compose
from rag_app.answering.quotes import CERTAIN, MOST_SENTENCES, NEARLY, NOTICE, as_claims, choose
from rag_app.answering.sentence_ranking import INTERCEPT, WEIGHTS, Candidate
from rag_app.answering.units import is_heading, lead_in, units
from tests.rag_app.passages import PAGE, cut, make_passage

LIST = """Bring to the meeting:

- a pen
  and ink
- two sheets of paper

Nothing else is needed.
1. one
2. two
"""
FLEW = "Three astronauts flew on Apollo 11 in July 1969."
LANDED = "Neil Armstrong and Buzz Aldrin landed in Eagle."
STAYED = "Michael Collins stayed in lunar orbit aboard Columbia."
OPENS = "The town library opens at 9 in the morning and closes at 18 on weekdays."
CHANGED = "The town library opens at 10 in the morning and closes at 18 on weekdays."


def candidate(quote: str, *, probability: float = 0.9, page: str = PAGE) -> Candidate:
    """A sentence of a page, or of one of its own, that answers so likely."""
    start = max(page.find(quote), 0)
    features = dict.fromkeys((*WEIGHTS, "names", "terms"), 0.0)
    wanted = math.log(probability / (1 - probability)) - INTERCEPT
    heaviest = max(WEIGHTS, key=lambda name: abs(WEIGHTS[name]))
    features[heaviest] = wanted / WEIGHTS[heaviest]
    return Candidate(Evidence(make_passage(quote, start=start), start, start + len(quote)), 0.5, features)


def at(unit: Evidence, probability: float = 0.9, **features: float) -> Candidate:
    likely = candidate(unit.quote, probability=probability)
    return replace(likely, evidence=unit, features={**likely.features, **features})


def quotes(chosen: Sequence[Candidate]) -> list[Evidence]:
    return [one.evidence for one in chosen]


def test_units_are_slices_of_the_page_without_headings() -> None:
    found = [unit for passage in cut(PAGE, [60, 200], source="/docs/crew.md") for unit in units(passage)]
    texts = [unit.quote for unit in found]
    assert [PAGE[unit.start : unit.end] for unit in found] == texts
    assert "Neil Armstrong and Buzz Aldrin landed in Eagle." in texts
    assert not [quote for quote in texts if quote.startswith("#")]


@pytest.mark.parametrize(
    ("unit", "is_one"),
    [
        *((unit, True) for unit in ("## Weights", "Stages of the Saturn V", "The alarms of Apollo 11", "```python")),
        *((unit, False) for unit in ("He stayed in orbit.", "| Collins | Columbia |", "Launch: 16 July", "Crew: 3")),
        *((unit, False) for unit in ("Total 1200", "Who landed?")),
    ],
)
def test_a_few_words_without_an_end_or_a_number_are_a_heading(unit: str, is_one: bool) -> None:
    assert is_heading(unit) == is_one


class TestChoice:
    def test_a_few_sentences_nearly_as_likely_as_the_best_are_shown_each_once(self) -> None:
        best, near = candidate("Best."), candidate("Near.", probability=0.9 * NEARLY + 0.01)
        far = candidate("Far.", probability=0.9 * NEARLY - 0.01)
        assert choose([best, near, far]) == [best, near]
        twice = [candidate("The same  words."), candidate("the same words.")]
        assert choose(twice) == twice[:1]
        assert len(choose([candidate(f"Number {n}.") for n in range(99)])) == MOST_SENTENCES
        assert choose([]) == []

    def test_the_likeliest_comes_first_and_others_of_a_passage_together_in_its_order(self) -> None:
        (passage,) = cut(PAGE, [], source="/docs/crew.md")
        of_page = {unit.quote: unit for unit in units(passage)}
        best, last, first = (at(of_page[quote], p) for quote, p in ((LANDED, 0.9), (STAYED, 0.8), (FLEW, 0.7)))
        elsewhere = candidate("Elsewhere it was said.", probability=0.75)
        assert choose([best, last, elsewhere, first]) == [best, first, last, elsewhere]

    def test_where_none_is_certain_the_block_is_shown_whole_and_a_lead_in_always_with_its_list(self) -> None:
        page = "It needs these:\n\n- a pen and ink\n- two sheets of paper\n\nNothing else is needed by anyone."
        lead, pen, paper, other = units(make_passage(page))
        unlikely = [at(one, 0.1) for one in (paper, other)]
        assert quotes(choose([at(lead), at(pen, 0.1), *unlikely])) == [lead, pen, paper]
        assert quotes(choose([at(pen, CERTAIN - 0.01), at(lead, 0.1), *unlikely])) == [pen, paper]
        assert quotes(choose([at(pen), at(lead, 0.1), *unlikely])) == [pen]

    def test_of_a_table_s_rows_those_are_shown_that_have_most_of_the_question_s_words(self) -> None:
        passage = make_passage("| stage | tonnes |\n|---|---|\n| first stage | 2,300 |\n| second stage | 496.2 |\n")
        first, second = units(passage)
        assert quotes(choose([at(first, terms=0.2), at(second, terms=0.7)])) == [second]
        assert quotes(choose([at(first, terms=0.7), at(second, terms=0.7)])) == [first, second]
        (further,) = units(make_passage("| third stage | 119 |\n", start=500))
        assert quotes(choose([at(first, terms=0.2), at(further, terms=0.7)])) == [further], "the table goes on"

    def test_what_names_another_is_left_out_where_one_names_what_was_asked_for(self) -> None:
        other, right = units(make_passage("Flight LH-455 leaves at 14:05. Flight LH-544 leaves at 16:40."))
        assert quotes(choose([at(other, names=-1), at(right, names=1)])) == [right]
        assert quotes(choose([at(other, names=-1)])) == [other]

    def test_a_quote_is_shown_on_one_line_with_its_markers_made_harmless(self) -> None:
        text, _, (citation,) = compose(as_claims([candidate("As in\n  [1] it flew.")]))
        assert text == "As in [\u20601] it flew. [1]"
        assert citation.quote == "As in\n  [1] it flew."


class TestLeadIns:
    @pytest.mark.parametrize(
        ("quote", "page", "above"),
        [
            ("| first | 2,300 |", PAGE, "| stage | tonnes |"),
            ("| second | 496.2 |", PAGE, "| stage | tonnes |"),
            ("a pen\n  and ink", LIST, "Bring to the meeting:"),
            ("two sheets of paper", LIST, "Bring to the meeting:"),
            ("| stage | tonnes |", PAGE, None),
            ("Michael Collins", PAGE, None),
            ("Nothing else", LIST, None),
            ("two\n", LIST, None),
            ("| a | b |", "| a | b |\n| c | d |", None),
            ("| c | d |", "| a | b |\n| c | d |", None),
        ],
    )
    def test_a_row_has_its_table_s_head_and_an_item_the_line_that_ends_with_a_colon(
        self, quote: str, page: str, above: str | None
    ) -> None:
        start = page.index(quote)
        found = lead_in(Evidence(make_passage(page), start, start + len(quote)))
        assert (found.quote if found else None) == above

    @given(st.text(alphabet="ab|-: \n1.*", min_size=1, max_size=60), st.data())
    def test_of_any_text_it_is_a_slice_before_the_quote(self, text: str, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(text) - 1))
        found = lead_in(Evidence(make_passage(text, start=7), 7 + start, 7 + len(text)))
        assert found is None or (found.quote == found.quote.strip() and 7 <= found.start <= found.end <= 7 + start)


def ask(question: str, folder: Path, **texts: str) -> Answer:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    settings = Settings(collection="own")
    ingest_paths([folder], settings=settings)
    return load_chain(settings=settings).invoke(question)


class TestAnswer:
    def test_an_answer_shows_the_head_of_a_table_before_its_row(self, tmp_path: Path) -> None:
        prices = "# Prices of the swimming pool\n\n| who | euros |\n|---|---|\n| adults | 7.50 |\n| children | 3.20 |\n"
        answer = ask("What is the price for children?", tmp_path, prices=prices)
        quotes = [citation.quote for citation in answer.citations]
        assert quotes.index("| who | euros |") < quotes.index("| children | 3.20 |")

    def test_an_answer_says_that_documents_do_not_agree_and_quotes_both(self, tmp_path: Path) -> None:
        old, new = (f"# Opening hours\n\n{text}\n" for text in (OPENS, CHANGED))
        answer = ask("When does the town library open?", tmp_path, old=old, new=new)
        assert answer.sentences[0].text.startswith(NOTICE[:-1])
        assert {citation.quote for citation in answer.citations} == {OPENS, CHANGED}
        assert (len(answer.sentences[0].markers), answer.sentences[0].supported) == (2, True)

    @pytest.mark.parametrize(
        "texts", [{"a": OPENS, "b": f"New: {OPENS}"}, {"both": f"{OPENS} {CHANGED}"}], ids=["a copy", "one document"]
    )
    def test_the_same_sentence_twice_and_two_numbers_in_one_document_are_no_conflict(
        self, tmp_path: Path, texts: dict[str, str]
    ) -> None:
        answer = ask("When does the town library open?", tmp_path, **texts)
        assert not answer.refused
        assert NOTICE[:-1] not in answer.text
