"""The prompt of a chat model: passages within the budget, merged where they touch, sanitised, the best at both ends."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_openai import ChatOpenAI

from ingest.chunking.sentences import split_sentences
from rag_app.answering.generation.generate import (
    ANSWER_TOKENS,
    FEWEST_TOKENS,
    Context,
    build_context,
    context_budget,
    estimate_tokens,
    make_inert,
    without_fences,
)
from rag_app.answering.generation.markers import WORD_JOINER, without_markers
from rag_app.safe_text import UNSEEN, make_visible
from tests.rag_app.attacks import own_attacks, published_attacks
from tests.rag_app.passages import PAGE, cut, make_passage, passage_lists
from vectorstore.errors import CollectionError
from vectorstore.types import Chunk, Passage

PLENTY = 100_000
LONG = " ".join(f"Sentence number {number} says that crater {number} is deep." for number in range(1, 41))
# Of SmolLM2, ChatML, Llama, Mistral, Gemma, DeepSeek, GLM, Phi, T5 and our own prompt.
NAMES = (
    "<|im_start|> <|im_end|> <|endoftext|> <repo_name> <file_sep> <jupyter_start> <empty_output> <s> </s> <|eot_id|> "
    "<|start_header_id|> <|begin_of_text|> [INST] [/INST] <<SYS>> <</SYS>> [TOOL_CALLS] [SYSTEM_PROMPT] <bos> <eos> "
    "<start_of_turn> <end_of_turn> <｜User｜> [gMASK] <|user|> <|end|> <extra_id_0> <think> </think> <tool_call> "
    "</passage>"
)
TOKENS = [*NAMES.split(), "<passage 1>"]


def loader(pages: dict[str, str]) -> Callable[[str, int | None], str]:
    return lambda source, _number: pages[source]


def build(passages: Sequence[Passage], page: str = PAGE, *, budget_tokens: int = PLENTY) -> Context:
    return build_context(passages, load_page=lambda _source, _number: page, budget_tokens=budget_tokens)


def apart(*texts: str) -> list[Passage]:
    """Passages of different documents, best first."""
    return [make_passage(text, source=f"/docs/{number}.md") for number, text in enumerate(texts, 1)]


def texts_of(passages: Sequence[Passage]) -> list[str]:
    return [passage.chunk.text for passage in passages]


class TestMerging:
    FIRST, SECOND, THIRD = cut(PAGE, [PAGE.index("Michael"), PAGE.index("##")], source="/docs/crew.md")

    @pytest.mark.parametrize(
        ("spans", "whole"),
        [
            ([(175, 400), (0, 70), (70, 175)], (0, len(PAGE))),
            ([(40, 120), (0, 80), (50, 60)], (0, 120)),
            ([(12, 60), (61, 113)], (12, 113)),
        ],
        ids=["touching", "overlapping", "white space between"],
    )
    def test_passages_with_no_other_text_between_them_become_one_slice_of_their_page(
        self, spans: list[tuple[int, int]], whole: tuple[int, int]
    ) -> None:
        assert PAGE[60] == " "
        (one,) = build([make_passage(PAGE[start:end], start=start) for start, end in spans]).passages
        assert (one.chunk.start, one.chunk.text) == (whole[0], PAGE[slice(*whole)])
        assert one.chunk.end == one.chunk.start + len(one.chunk.text)

    def test_passages_with_other_text_between_them_or_of_two_pages_or_documents_stay_two(self) -> None:
        assert build([self.FIRST, self.THIRD]).passages == (self.FIRST, self.THIRD)
        two_pages = [make_passage("One.", page=1), make_passage("Two.", page=2)]
        assert len(build(two_pages, "One.").passages) == 2
        assert len(build(apart("One.", "One."), "One.").passages) == 2

    def test_passages_of_a_page_that_has_changed_or_gone_since_stay_as_they_were_found(self) -> None:
        def gone(source: str, number: int | None) -> str:
            raise CollectionError(f"{source} is not in the collection", "rag list")

        found = [self.FIRST, self.SECOND]
        assert build(found, "Now other words are here.").passages == tuple(found)
        assert build_context(found, load_page=gone, budget_tokens=PLENTY).passages == tuple(found)


def test_the_best_are_at_both_ends_and_the_numbers_run_in_the_text() -> None:
    context = build(apart("Best.", "Second.", "Third.", "Fourth.", "Fifth."))
    assert texts_of(context.passages) == ["Best.", "Third.", "Fifth.", "Fourth.", "Second."]
    places = [context.text.index(f"<passage {number}>") for number in range(1, 6)]
    assert places == sorted(places)
    first, last = cut(PAGE, [60], source="/docs/crew.md")
    merged = build([last, *apart("Second.", "Third."), first])
    assert texts_of(merged.passages) == [PAGE, "Third.", "Second."]
    assert build([]) == Context("", ())


class TestBudget:
    def test_what_does_not_fit_is_left_out_from_the_weakest(self) -> None:
        passages = apart("Best. " * 20, "Second. " * 20, "Third. " * 20)
        two = estimate_tokens(build(passages[:2]).text) + 2
        assert build(passages, budget_tokens=two).passages == tuple(passages[:2])

    def test_the_last_one_is_cut_at_the_end_of_a_sentence_and_left_out_with_less_than_a_few(self) -> None:
        whole, cut_one = build(apart("Best one.", LONG), budget_tokens=250).passages
        assert whole.chunk.text == "Best one."
        assert LONG.startswith(cut_one.chunk.text)
        assert cut_one.chunk.text.endswith(" is deep.")
        assert cut_one.chunk.end == len(cut_one.chunk.text)
        best = "Best one. " * 30
        room = estimate_tokens(build(apart(best)).text) + 55  # for one sentence of the second
        assert len(build(apart(best, LONG), budget_tokens=room).passages) == 1

    def test_the_best_is_given_in_part_and_one_without_the_end_of_a_word_gives_its_place_to_the_next(self) -> None:
        (one,) = build(apart("word " * 2000), budget_tokens=100).passages
        assert one.chunk.text.endswith("word")
        assert 0 < estimate_tokens(one.chunk.text) <= 100
        assert texts_of(build(apart("x" * 5000, "Second."), budget_tokens=100).passages) == ["Second."]

    @settings(max_examples=100)
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
            is_sentence = any(chunk.end - one.start in ends for one in cut_chunks)
            assert not cut_chunks or is_sentence or page[chunk.end].isspace()

    @pytest.mark.parametrize(
        ("profile", "prompt_tokens", "at_most", "budget"),
        [
            ({}, 300, 4000, 4000),
            ({"max_input_tokens": 128_000}, 300, 4000, 4000),
            ({"max_input_tokens": 4096, "max_output_tokens": 512}, 300, 4000, 4096 - 300 - 512),
            ({"max_input_tokens": 4096}, 300, 4000, 4096 - 300 - ANSWER_TOKENS),
            ({"max_input_tokens": 1000}, 3000, 4000, FEWEST_TOKENS),
        ],
    )
    def test_passages_may_take_what_the_window_leaves_and_no_more_than_is_asked_for(
        self, profile: dict[str, int], prompt_tokens: int, at_most: int, budget: int
    ) -> None:
        model = ChatOpenAI(model="test-model", api_key="none", profile=profile or None)  # type: ignore[arg-type]
        assert context_budget(model, prompt_tokens=prompt_tokens, at_most=at_most) == budget

    def test_langchain_and_the_engine_of_a_model_file_know_the_window(self, smollm: ChatOpenAI) -> None:
        known = ChatOpenAI(model="gpt-4o", api_key="none")  # type: ignore[arg-type]
        assert context_budget(known, prompt_tokens=300, at_most=1_000_000) == 128_000 - 300 - ANSWER_TOKENS
        assert context_budget(smollm, prompt_tokens=300, at_most=1_000_000) == 4096 - 300 - 512


class TestEstimate:
    @pytest.mark.parametrize(
        "text",
        [
            "Three astronauts flew on Apollo 11 in July 1969, and one of them stayed in lunar orbit while two landed.",
            "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft begabt.",
            "Все люди рождаются свободными и равными в своем достоинстве и правах.",
            "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神互相对待。",
            "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
            "| first | 2,300 | 496.2 |\n| 12.5 % | 1,203 | -3.44 |\n| 2019-03-04 | 17:45:10 | 1e-5 |\n",
            "def mean(rows: list[dict[str, float]]) -> float:\n    return sum(row['x'] for row in rows) / len(rows)\n",
        ],
    )
    def test_a_text_has_hardly_more_tokens_than_estimated(self, smollm: ChatOpenAI, text: str) -> None:
        """By a tokenizer that knows English best, and so needs the most for all else."""
        counted = len(tokens(smollm, text, special=True))
        assert counted <= 1.1 * estimate_tokens(text) <= 2.5 * counted

    def test_a_sample_document_has_no_more_tokens_than_estimated(self, smollm: ChatOpenAI, samples_dir: Path) -> None:
        for name in ("embeddings.md", "lunar-samples.md", "glossary.txt"):
            text = (samples_dir / name).read_text(encoding="utf-8")
            assert len(tokens(smollm, text, special=True)) <= estimate_tokens(text)

    @given(st.lists(st.text(), max_size=4))
    def test_a_text_is_estimated_no_higher_than_its_parts(self, parts: Sequence[str]) -> None:
        """So that parts that fit a budget fit it together."""
        assert estimate_tokens("".join(parts)) <= sum(map(estimate_tokens, parts)) + 1


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
            (Chunk("/a/b.md", "B", None, 0, 4, "Dust", ("1", "2", "3", "4")), "B (b.md) > 2 > 3 > 4"),
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


class TestSanitising:
    @pytest.mark.parametrize("token", TOKENS)
    def test_a_control_token_is_broken_and_looks_the_same(self, token: str) -> None:
        text = f"before{token}after {token}"
        inert = make_inert(text)
        assert token not in inert
        assert inert.replace(WORD_JOINER, "") == text

    @pytest.mark.parametrize(
        "turn", ["### Instruction:\nx", "## response\nx", "Human: x", "  assistant : x", "SYSTEM: x"]
    )
    def test_a_turn_in_words_is_broken(self, turn: str) -> None:
        assert WORD_JOINER in make_inert(f"Before.\n{turn}")

    def test_other_text_stays_as_it_is(self) -> None:
        text = "a < b and 5<6, x <= y\n## Inputs\nThe system: a machine, rows[i], [a link](b). Ein Satz."
        assert make_inert(text) == text

    def test_fences_that_a_model_repeats_are_removed_and_code_that_it_copies_is_whole_again(self) -> None:
        written = f"<passage 1>\nCollins stayed. [1]\n</passage>\nIt says <{WORD_JOINER}/passage> and <passage>."
        assert without_fences(written) == "Collins stayed. [1]\nIt says </passage> and ."
        copied = without_fences(make_inert("std::vector<int> rows; <b>see</b> [1]"))
        assert copied == f"std::vector<int> rows; <b>see</b> [{WORD_JOINER}1]", "copied markers stay broken"

    def test_a_real_engine_finds_no_control_token_in_any_attack(self, smollm: ChatOpenAI) -> None:
        """Where it looks for them and where it does not, it reads the same tokens."""
        assert tokens(smollm, "a <|im_end|>", special=True) != tokens(smollm, "a <|im_end|>", special=False)
        for attacks in ([*TOKENS, *own_attacks().values()], published_attacks()):
            inert = make_inert("\n\n".join(attacks))
            assert tokens(smollm, inert, special=True) == tokens(smollm, inert, special=False)

    @given(st.lists(st.sampled_from([*TOKENS, "[1]", "[", "<", "/", "\u200b", "\u2060", "\n"]) | st.text(max_size=5)))
    def test_whatever_the_text_nothing_in_it_is_more_than_text(self, parts: list[str]) -> None:
        check_inert("".join(parts))

    def test_nothing_in_a_published_attack_or_a_hidden_marker_is_more_than_text(self) -> None:
        for attack in ["[\u200b1] [\u20602\u200c]", *published_attacks()]:
            check_inert(attack)


def check_inert(text: str) -> None:
    inert = make_inert(text)
    assert not [token for token in TOKENS if token in inert]
    assert without_markers(inert) == inert
    assert not UNSEEN.search(inert.replace(WORD_JOINER, ""))
    assert inert.replace(WORD_JOINER, "") == make_visible(text)
    assert make_inert(inert) == inert


def tokens(model: ChatOpenAI, text: str, *, special: bool) -> Any:
    assert model.openai_api_base
    assert model.openai_api_key
    key = model.openai_api_key.get_secret_value()  # type: ignore[union-attr]
    answer = httpx.post(
        model.openai_api_base.removesuffix("v1") + "tokenize",
        json={"content": text, "parse_special": special},
        headers={"Authorization": f"Bearer {key}"},
        trust_env=False,
    )
    return answer.raise_for_status().json()["tokens"]
