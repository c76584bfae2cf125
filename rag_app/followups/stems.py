"""From words to what is compared of them, where a guess will do: the beginnings of content words."""

import re

from vectorstore.storage.text_analysis import english_stop_words

WORDS = re.compile(r"\w+(?:[.,]\d+)*")
NUMBER = re.compile(r"\d")
STEM_LETTERS = 5


def content_words(text: str) -> set[str]:
    """Numbers whole, other words by their first letters, which do for an ending that differs."""
    words = (word.lower() for word in WORDS.findall(text))
    return {word if NUMBER.search(word) else word[:STEM_LETTERS] for word in words if word not in english_stop_words()}
