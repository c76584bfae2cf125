"""A conversation as the rules read it: the questions as they stand by themselves, and what was answered."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.followups.phrases import Names

MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
DAY = re.compile(rf"\b\d{{1,2}} {MONTH} \d{{4}}\b|\b{MONTH} \d{{1,2}}, \d{{4}}\b")
YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as it stands by itself and the text that answered it, without markers; empty if it was refused."""

    question: str
    answer: str

    @property
    def date(self) -> str | None:
        """When what it speaks of happened, as in a sentence: `on 20 July 1969`, `in 1969`; None if it does not say."""
        for text in (self.question, self.answer):
            if day := DAY.search(text):
                return f"on {day[0]}"
            if year := YEAR.search(text):
                return f"in {year[0]}"
        return None


@dataclass(frozen=True, slots=True)
class Talk:
    """The turns of a conversation so far, the last one last, and the names that occur in it."""

    turns: Sequence[Turn]
    names: Names
