"""How many tokens of passages a model is given: what its window leaves, and no more than is asked for."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from rag_app.answering.generation.generate import ANSWER_TOKENS, FEWEST_TOKENS, context_budget, estimate_tokens
from tests.rag_app.answering.generation.test_inert import tokens

TEXTS = [
    "Three astronauts flew on Apollo 11 in July 1969, and one of them stayed in lunar orbit while two landed.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt.",
    "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神互相对待。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "| first | 2,300 | 496.2 |\n| 12.5 % | 1,203 | -3.44 |\n| 2019-03-04 | 17:45:10 | 1e-5 |\n",
    "def mean(rows: list[dict[str, float]]) -> float:\n    return sum(row['x'] for row in rows) / len(rows)\n",
]


def model(**profile: int) -> BaseChatModel:
    return ChatOpenAI(model="test-model", api_key="none", profile=profile or None)  # type: ignore[arg-type]


class TestEstimate:
    @pytest.mark.parametrize("text", TEXTS)
    def test_a_text_has_hardly_more_tokens_than_estimated(self, smollm: ChatOpenAI, text: str) -> None:
        """By a tokenizer that knows English best, and so takes the most for all else."""
        counted = len(tokens(smollm, text, special=True))
        assert counted <= 1.1 * estimate_tokens(text) <= 2.5 * counted

    @pytest.mark.parametrize("name", ["embeddings.md", "lunar-samples.md", "glossary.txt"])
    def test_a_sample_document_has_no_more_tokens_than_estimated(
        self, smollm: ChatOpenAI, samples_dir: Path, name: str
    ) -> None:
        text = (samples_dir / name).read_text(encoding="utf-8")
        assert len(tokens(smollm, text, special=True)) <= estimate_tokens(text)

    @given(st.lists(st.text(), max_size=4))
    def test_a_text_is_estimated_no_higher_than_its_parts(self, parts: Sequence[str]) -> None:
        """So that parts that fit a budget fit it together."""
        assert estimate_tokens("".join(parts)) <= sum(map(estimate_tokens, parts)) + 1


class TestBudget:
    def test_it_is_what_is_asked_for_where_no_window_is_known(self) -> None:
        assert context_budget(model(), prompt_tokens=300, at_most=4000) == 4000

    def test_a_large_window_leaves_what_is_asked_for(self) -> None:
        assert context_budget(model(max_input_tokens=128_000), prompt_tokens=300, at_most=4000) == 4000

    def test_a_small_window_leaves_room_for_prompt_and_answer(self) -> None:
        small = model(max_input_tokens=4096, max_output_tokens=512)
        assert context_budget(small, prompt_tokens=300, at_most=4000) == 4096 - 300 - 512
        unknown = model(max_input_tokens=4096)
        assert context_budget(unknown, prompt_tokens=300, at_most=4000) == 4096 - 300 - ANSWER_TOKENS

    def test_a_window_that_holds_nothing_leaves_enough_for_the_provider_to_complain(self) -> None:
        assert context_budget(model(max_input_tokens=1000), prompt_tokens=3000, at_most=4000) == FEWEST_TOKENS

    def test_langchain_knows_the_windows_of_models(self) -> None:
        known = ChatOpenAI(model="gpt-4o", api_key="none")  # type: ignore[arg-type]
        assert context_budget(known, prompt_tokens=300, at_most=1_000_000) == 128_000 - 300 - ANSWER_TOKENS

    def test_the_engine_tells_the_window_of_a_model_file(self, smollm: ChatOpenAI) -> None:
        assert context_budget(smollm, prompt_tokens=300, at_most=1_000_000) == 4096 - 300 - 512
