"""Text that is shown: nothing unseen in it, and names on one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.safe_text import make_visible, one_line


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
def test_what_cannot_be_seen_is_removed(text: str, seen: str) -> None:
    assert make_visible(text) == seen


@given(st.text(), st.integers(2, 30))
def test_a_name_is_one_line_of_bounded_length_cut_between_words(name: str, most: int) -> None:
    line = one_line(name, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert one_line("  The\nMoon\u2028and \u202eback ", 40) == "The Moon and back"
    assert one_line("The Moon and back", 12) == "The Moon…"
