"""Describes a question of a reported input, and what is to be quoted for it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

# A quote that is longer hides the answer among other things.
LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the documents of the folder `case`, asked after those of `before` in one conversation.

    `quotes` are what the answer shows, each in few words, with `…` for those between: `Cedar … 1`. Nothing else is
    shown, but `may`, which may be left out; no quote has the words `never`. Without `quotes` the answer refuses.
    """

    case: str
    text: str
    quotes: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.case}: {' '.join((*self.before, self.text))}"


def asked(
    case: str,
    text: str,
    *quotes: str,
    may: Sequence[str] = (),
    never: Sequence[str] = (),
    before: Sequence[str] = (),
    fails: str = "",
) -> Any:
    """A question as a parameter of a test; `fails` says why it is not answered rightly yet."""
    question = Asked(case, text, quotes, tuple(may), tuple(never), tuple(before))
    marks = [pytest.mark.xfail(strict=True, reason=fails)] if fails else []
    return pytest.param(question, id=str(question), marks=marks)


def shows(quote: str, words: str) -> bool:
    """Whether the quote has the words as whole words in this order, with others only where `…` stands."""
    wanted = ".*".join(rf"(?<!\w){re.escape(part.strip())}(?!\w)" for part in words.split("…"))
    plain = unicodedata.normalize("NFC", " ".join(quote.split()))
    return len(quote) <= LONGEST_QUOTE and bool(re.search(wanted, plain))
