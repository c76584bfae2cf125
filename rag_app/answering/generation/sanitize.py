"""Sanitises document text for prompts: breaks citation markers, fences and control tokens, shows unseen characters.

Only a chat model reads what is made here. What is stored, quoted and proved stays as it is, so that offsets are exact.
"""

import re

from rag_app.answering.generation.markers import WORD_JOINER, defuse
from rag_app.safe_text import make_visible

# What begins a control token, a turn or a part of a prompt. Engines read control tokens in the text of a message as
# such: in SmolLM2's llama.cpp, `<|im_end|>` of a document ended the user's turn. Each is broken after its first sign:
# `<|im_end|>`, `</s>`, `<start_of_turn>`, `<<SYS>>`, `<think>`, `</passage>` and every other that opens by `<`;
OPENER = re.compile(
    r"[<＜﹤](?=\s*/|[^\s\d=])"
    r"|\[(?=/?[A-Za-z][A-Z_]{2,}\])"  # [INST], [/INST], [TOOL_CALLS], [gMASK]
    r"|\](?=~!?b[\[\]])|\[(?=e~\[)"  # MiniMax's
    r"|(?i:^[ \t]*#(?=#+[ \t]*(?:instruction|input|response|system|user|human|assistant)\b))"  # Alpaca's
    r"|(?i:^[ \t]*(?:system|user|human|assistant)(?=[ \t]*:))",  # Vicuna's
    re.MULTILINE,
)


def make_inert(text: str) -> str:
    """The text as it looks, with a word joiner in all that a model or its engine could take for more than text."""
    return defuse(OPENER.sub(rf"\g<0>{WORD_JOINER}", make_visible(text)))


def without_joiners(text: str) -> str:
    """A model's text with what it copied of a passage's tags and code as it was there; copied markers stay broken."""
    return text.replace(f"<{WORD_JOINER}", "<")
