"""How many tokens of passages a chat model is given, and how many a text has, without a tokenizer."""

import re

from langchain_core.language_models import BaseChatModel

# Characters a token, such that SmolLM2's and Qwen2.5's tokenizers, the dearer of the two each time, come out above the
# estimate for 4 % of 1,000 pieces (XQuAD in English, German, Spanish and Chinese, Markdown, code, tables of figures)
# and by more than a tenth for 0.5 %; English is overestimated by two thirds. Figures are read digit by digit, and what
# is not ASCII by its UTF-8 bytes where a vocabulary is English.
LETTERS_PER_TOKEN = 3
LETTER, SIGN = re.compile(r"[A-Za-z\s]"), re.compile(r"[!-@\[-`{-~]")
TWO_BYTES, MORE_BYTES = re.compile("[\x80-\u07ff]"), re.compile("[^\x00-\u07ff]")
TWO_BYTES_TOKENS, MORE_BYTES_TOKENS = 1.5, 2.25
# What a written answer may take, where the model's own bound is unknown or larger.
ANSWER_TOKENS = 1_000
# Less than this holds no passage: a prompt that is too long then is told by the provider, with both lengths.
FEWEST_TOKENS = 500


def estimate_tokens(text: str) -> int:
    """How many tokens a text has at most, for nearly every text and tokenizer."""
    letters, signs = len(LETTER.findall(text)), len(SIGN.findall(text))
    two, more = len(TWO_BYTES.findall(text)), len(MORE_BYTES.findall(text))
    return round(letters / LETTERS_PER_TOKEN + signs + TWO_BYTES_TOKENS * two + MORE_BYTES_TOKENS * more + 0.5)


def context_budget(chat_model: BaseChatModel, *, prompt_tokens: int, at_most: int) -> int:
    """How many tokens the passages may take: what the model's window leaves beside prompt and answer, and `at_most`.

    The window is the one that LangChain or the engine tells in the model's `profile`; where none is known, `at_most`.
    """
    profile = chat_model.profile or {}
    window = profile.get("max_input_tokens")
    if not window:
        return at_most
    answer = min(profile.get("max_output_tokens") or ANSWER_TOKENS, ANSWER_TOKENS)
    return min(at_most, max(window - prompt_tokens - answer, FEWEST_TOKENS))
