"""Text of documents is made inert for prompts: it looks the same, and nothing takes it for more than text."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_openai import ChatOpenAI

from rag_app.answering.generation.generate import make_inert, without_fences
from rag_app.answering.generation.markers import WORD_JOINER, without_markers
from rag_app.safe_text import UNSEEN, make_visible, one_line
from tests.rag_app.attacks import own_attacks, published_attacks

# Of SmolLM2, ChatML, Llama, Mistral, Gemma, DeepSeek, GLM, Phi, T5 and our own prompt.
TOKENS = [
    *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<repo_name>", "<file_sep>", "<jupyter_start>", "<empty_output>"),
    *(
        "<s>",
        "</s>",
        "<|eot_id|>",
        "<|start_header_id|>",
        "<|begin_of_text|>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "<</SYS>>",
    ),
    *("[TOOL_CALLS]", "[SYSTEM_PROMPT]", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "<｜User｜>", "[gMASK]"),
    *("<|user|>", "<|end|>", "<extra_id_0>", "<think>", "</think>", "<tool_call>", "<passage 1>", "</passage>"),
]


class TestTokens:
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

    @pytest.mark.parametrize(
        "text", ["a < b and 5<6, x <= y", "## Inputs\n", "The system: a machine", "rows[i], [a link](b)", "Ein Satz."]
    )
    def test_other_text_stays_as_it_is(self, text: str) -> None:
        assert make_inert(text) == text

    def test_code_that_a_model_copies_from_a_passage_is_whole_again_and_its_markers_stay_broken(self) -> None:
        assert without_fences(make_inert("std::vector<int> rows; <b>see</b> [1]")) == (
            f"std::vector<int> rows; <b>see</b> [{WORD_JOINER}1]"
        )

    def test_a_real_engine_finds_no_control_token_in_any_attack_of_our_own(self, smollm: ChatOpenAI) -> None:
        """Where it looks for them and where it does not, it reads the same tokens."""
        attacks = "\n\n".join([*TOKENS, *own_attacks().values()])
        assert tokens(smollm, "a <|im_end|>", special=True) != tokens(smollm, "a <|im_end|>", special=False)
        assert tokens(smollm, make_inert(attacks), special=True) == tokens(smollm, make_inert(attacks), special=False)

    def test_a_real_engine_finds_no_control_token_in_a_published_attack(self, smollm: ChatOpenAI) -> None:
        inert = make_inert("\n\n".join(published_attacks()))
        assert tokens(smollm, inert, special=True) == tokens(smollm, inert, special=False)


class TestUnseen:
    @pytest.mark.parametrize(
        ("text", "seen"),
        [
            ("red\U000e0053\U000e0061\U000e0079 roses", "red roses"),  # tag letters
            ("🌹\U000e0143\ufe0f", "🌹"),  # variation selectors
            ("Pay \u202e000,1\u202c euros\u200f", "Pay 000,1 euros"),  # writing turned round
            ("s\u00ade\u200bc\u200dr\u2060e\ufefft", "secret"),
            ("a\x00b\x1b[31mc\x9b2Jd\x7f", "ab[31mc2Jd"),
            ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
            ("\ud800", "\ufffd"),
            ("نمی\u200cخواهم", "نمی\u200cخواهم"),  # a joiner that Persian is spelled with
            ("क्\u200dष", "क्\u200dष"),
            ("Café, 東京, 5\u00a0€", "Café, 東京, 5\u00a0€"),
        ],
    )
    def test_what_cannot_be_seen_is_not_read(self, text: str, seen: str) -> None:
        assert make_visible(text) == seen

    def test_a_marker_hidden_by_what_is_not_seen_is_none_either(self) -> None:
        assert without_markers(inert := make_inert("[\u200b1] [\u20602\u200c]")) == inert


class TestLaw:
    @given(st.lists(st.sampled_from([*TOKENS, "[1]", "[", "<", "/", "\u200b", "\u2060", "\n"]) | st.text(max_size=5)))
    def test_whatever_the_text_nothing_in_it_is_more_than_text(self, parts: list[str]) -> None:
        check_inert("".join(parts))

    def test_nothing_in_a_published_attack_is_more_than_text(self) -> None:
        for attack in published_attacks():
            check_inert(attack)


class TestOneLine:
    def test_a_name_is_one_line_and_is_cut_between_words(self) -> None:
        assert one_line("  The\nMoon\u2028and \u202eback ", 40) == "The Moon and back"
        assert one_line("The Moon and back", 12) == "The Moon…"
        assert one_line("x" * 20, 12) == "x" * 11 + "…"

    @given(st.text(), st.integers(2, 30))
    def test_no_name_is_longer_than_it_may_be(self, name: str, most: int) -> None:
        line = one_line(name, most)
        assert len(line) <= most
        assert len(line.splitlines()) <= 1


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
