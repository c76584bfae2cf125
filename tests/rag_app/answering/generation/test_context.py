"""Passages become the text that a model reads: within the budget, merged where they touch, the best at both ends."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunking.sentences import split_sentences
from rag_app.answering.citations import compose
from rag_app.answering.generation.generate import Context, build_context, estimate_tokens, without_fences
from rag_app.answering.generation.markers import WORD_JOINER
from rag_app.answering.verification.prove_claims import Embed, cite_found, prove
from tests.rag_app.passages import PAGE, cut, make_passage, model_texts, passage_lists
from vectorstore.errors import CollectionError
from vectorstore.types import Chunk, Passage

PLENTY = 100_000
LONG = " ".join(f"Sentence number {number} says that crater {number} is deep." for number in range(1, 41))


def loader(pages: dict[str, str]) -> Callable[[str, int | None], str]:
    return lambda source, _number: pages[source]


def build(passages: Sequence[Passage], page: str = PAGE, *, budget_tokens: int = PLENTY) -> Context:
    return build_context(passages, load_page=lambda _source, _number: page, budget_tokens=budget_tokens)


def apart(*texts: str) -> list[Passage]:
    """Passages of different documents, best first."""
    return [make_passage(text, source=f"/docs/{number}.md") for number, text in enumerate(texts, 1)]


class TestMerging:
    FIRST, SECOND, THIRD = cut(PAGE, [PAGE.index("Michael"), PAGE.index("##")], source="/docs/crew.md")

    def test_passages_that_touch_become_one_slice_of_their_page(self) -> None:
        (one,) = build([self.THIRD, self.FIRST, self.SECOND]).passages
        assert (one.chunk.start, one.chunk.end, one.chunk.text) == (0, len(PAGE), PAGE)

    def test_passages_with_white_space_alone_between_them_become_one(self) -> None:
        start, end = PAGE.index("Three"), PAGE.index("|")
        apart_by_space = cut(PAGE[start:end].rstrip(), [PAGE.index("##") - start], source="/docs/crew.md")
        stripped = [make_passage(p.chunk.text.strip(), start=start + p.chunk.start) for p in apart_by_space]
        (one,) = build(stripped).passages
        assert PAGE[one.chunk.start : one.chunk.end] == one.chunk.text == PAGE[start:end].rstrip()

    def test_passages_that_overlap_become_one(self) -> None:
        overlapping = [
            make_passage(PAGE[40:120], start=40),
            make_passage(PAGE[:80]),
            make_passage(PAGE[50:60], start=50),
        ]
        (one,) = build(overlapping).passages
        assert one.chunk.text == PAGE[:120]

    def test_passages_with_other_text_between_them_stay_two(self) -> None:
        assert build([self.FIRST, self.THIRD]).passages == (self.FIRST, self.THIRD)

    def test_passages_of_two_pages_or_documents_stay_two(self) -> None:
        two_pages = [make_passage("One.", page=1), make_passage("Two.", page=2)]
        assert len(build(two_pages, "One.").passages) == 2
        assert len(build(apart("One.", "One."), "One.").passages) == 2

    def test_passages_of_a_page_that_has_changed_since_stay_as_they_were_found(self) -> None:
        assert build([self.FIRST, self.SECOND], "Now other words stand here.").passages == (self.FIRST, self.SECOND)

    def test_passages_of_a_document_that_was_removed_since_stay_as_they_were_found(self) -> None:
        def gone(source: str, number: int | None) -> str:
            raise CollectionError(f"{source} is not in the collection", "rag list")

        found = [self.FIRST, self.SECOND]
        assert build_context(found, load_page=gone, budget_tokens=PLENTY).passages == tuple(found)


class TestOrder:
    def test_the_best_stand_at_both_ends_and_the_numbers_run_as_they_stand(self) -> None:
        context = build(apart("Best.", "Second.", "Third.", "Fourth.", "Fifth."))
        assert [passage.chunk.text for passage in context.passages] == [
            "Best.",
            "Third.",
            "Fifth.",
            "Fourth.",
            "Second.",
        ]
        places = [context.text.index(f"<passage {number}>") for number in range(1, 6)]
        assert places == sorted(places)

    def test_merged_passages_stand_where_the_best_of_them_would(self) -> None:
        first, last = cut(PAGE, [60], source="/docs/crew.md")
        other, another = apart("Second.", "Third.")
        shown = build([last, other, another, first]).passages
        assert [passage.chunk.text for passage in shown] == [PAGE, "Third.", "Second."]


class TestBudget:
    def test_what_does_not_fit_is_left_out_from_the_weakest(self) -> None:
        passages = apart("Best. " * 20, "Second. " * 20, "Third. " * 20)
        two = estimate_tokens(build(passages[:2]).text) + 2
        assert build(passages, budget_tokens=two).passages == tuple(passages[:2])

    def test_the_last_one_that_fits_in_part_is_cut_at_the_end_of_a_sentence(self) -> None:
        whole, cut_one = build(apart("Best one.", LONG), budget_tokens=250).passages
        assert whole.chunk.text == "Best one."
        assert LONG.startswith(cut_one.chunk.text)
        assert cut_one.chunk.text.endswith(" is deep.")
        assert cut_one.chunk.end == len(cut_one.chunk.text)

    def test_less_than_a_few_sentences_of_one_are_not_given(self) -> None:
        best = "Best one. " * 30
        room = estimate_tokens(build(apart(best)).text) + 55  # for one sentence of the second
        assert len(build(apart(best, LONG), budget_tokens=room).passages) == 1

    def test_the_best_is_given_even_if_only_a_part_of_a_sentence_fits(self) -> None:
        endless = "word " * 2000
        (one,) = build(apart(endless), budget_tokens=100).passages
        assert one.chunk.text.endswith("word")
        assert 0 < estimate_tokens(one.chunk.text) <= 100

    def test_one_that_has_no_end_of_a_word_gives_its_place_to_the_next(self) -> None:
        (one,) = build(apart("x" * 5000, "Second."), budget_tokens=100).passages
        assert one.chunk.text == "Second."

    @settings(max_examples=200)
    @given(passage_lists(), st.integers(30, 700))
    def test_the_text_fits_and_nothing_is_cut_in_mid_word(
        self, given_passages: tuple[dict[str, str], list[Passage]], budget_tokens: int
    ) -> None:
        pages, passages = given_passages
        context = build_context(passages, load_page=loader(pages), budget_tokens=budget_tokens)
        assert estimate_tokens(context.text) <= budget_tokens + 1
        for passage in context.passages:
            chunk, page = passage.chunk, pages[passage.chunk.source]
            assert page[chunk.start : chunk.end] == chunk.text != ""
            inside = [one.chunk for one in passages if one.chunk.start < chunk.end < one.chunk.end]
            cut_chunks = [one for one in inside if one.source == chunk.source]
            ends = [end for one in cut_chunks for _, end in split_sentences(one.text)]
            starts = {one.start for one in cut_chunks}
            is_sentence = any(chunk.end - start in ends for start in starts)
            assert not cut_chunks or is_sentence or page[chunk.end].isspace()


class TestPlace:
    @pytest.mark.parametrize(
        ("chunk", "line"),
        [
            (
                Chunk("/a/moon.pdf", "The Moon", 2, 0, 4, "Dust", ("Crew", "Orbit")),
                "The Moon (moon.pdf), page 2 > Crew > Orbit",
            ),
            (Chunk("/a/moon.md", "moon.md", None, 0, 4, "Dust"), "moon.md"),
            (Chunk("https://example.org/moon", "The Moon", None, 0, 4, "Dust"), "The Moon (moon)"),
            (
                Chunk("/a/b.md", "B", None, 0, 4, "Dust", ("One", "Two", "Three", "Four")),
                "B (b.md) > Two > Three > Four",
            ),
            (Chunk("/a/b.md", "The\nMoon\u202e [1]", None, 0, 4, "Dust"), f"The Moon [{WORD_JOINER}1] (b.md)"),
        ],
    )
    def test_a_passage_says_where_it_is_from_on_one_line(self, chunk: Chunk, line: str) -> None:
        context = build([Passage(chunk, score=1, cosine=1, lexical=1)])
        assert context.text == f"<passage 1>\n{line}\nDust\n</passage>"

    def test_names_are_bounded(self) -> None:
        chunk = Chunk("/a/" + "n" * 250, "Title " * 100, 1, 0, 4, "Dust", ("Heading " * 100,) * 9)
        (line,) = build([Passage(chunk, score=1, cosine=1, lexical=1)]).text.splitlines()[1:-2]
        assert len(line) < 500

    def test_without_passages_there_is_nothing(self) -> None:
        assert build([]) == Context("", ())


class TestWritten:
    def test_the_fences_that_a_model_repeats_are_taken_out_and_those_of_a_document_stay(self) -> None:
        written = f"<passage 1>\nCollins stayed. [1]\n</passage>\nIt says <{WORD_JOINER}/passage> and <passage>."
        assert without_fences(written) == "Collins stayed. [1]\nIt says </passage> and ."


class TestLaw:
    """A citation points only at a passage that was found for this very question, by its exact words."""

    def test_a_span_over_two_passages_that_were_merged_is_cited_in_each(self, embed: Embed) -> None:
        found = cut(PAGE, [PAGE.index("Michael")], source="/docs/crew.md")
        said = (
            "Three astronauts flew on Apollo 11 in July 1969 and Michael Collins stayed in lunar orbit aboard Columbia."
        )
        (claim,) = cite_found(prove(said, build(found).passages, embed=embed), found)
        assert [evidence.passage for evidence in claim.evidence] == found
        assert [evidence.quote for evidence in claim.evidence] == [
            "Three astronauts flew on Apollo 11 in July 1969.",
            "Michael Collins stayed in lunar orbit aboard Columbia.",
        ]

    @settings(max_examples=200)
    @given(model_texts(), passage_lists(), st.integers(30, 1000))
    def test_whatever_a_model_writes_about_a_context_is_cited_from_the_passages_found(
        self, embed: Embed, written: str, given_passages: tuple[dict[str, str], list[Passage]], budget_tokens: int
    ) -> None:
        pages, found = given_passages
        context = build_context(found, load_page=loader(pages), budget_tokens=budget_tokens)
        proved = prove(written, context.passages, embed=embed)
        claims = cite_found(proved, found)
        assert [bool(claim.evidence) for claim in claims] == [bool(claim.evidence) for claim in proved]
        for citation in compose(claims)[2]:
            assert pages[citation.source][citation.start : citation.end] == citation.quote
            assert citation.quote.strip() == citation.quote != ""
            chunks = [passage.chunk for passage in found if passage.chunk.source == citation.source]
            assert any(chunk.start <= citation.start < citation.end <= chunk.end for chunk in chunks)
