"""Rows and list items come with what says what they are about."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app import Settings, ingest_paths, load_chain
from rag_app.answering.citations import Evidence
from rag_app.answering.quotes import lead_in
from tests.rag_app.passages import PAGE, make_passage

LIST = """Bring to the meeting:

- a pen
  and ink
- two sheets of paper

Nothing else is needed.
1. one
2. two
"""


def over(quote: str, page: str) -> str | None:
    start = page.index(quote)
    found = lead_in(Evidence(make_passage(page), start, start + len(quote)))
    return found.quote if found else None


@pytest.mark.parametrize("row", ["| first | 2,300 |", "| second | 496.2 |"])
def test_a_row_is_of_its_table_s_head(row: str) -> None:
    assert over(row, PAGE) == "| stage | tonnes |"


@pytest.mark.parametrize("item", ["a pen\n  and ink", "two sheets of paper"])
def test_an_item_is_of_the_line_that_ends_with_a_colon(item: str) -> None:
    assert over(item, LIST) == "Bring to the meeting:"


@pytest.mark.parametrize(
    ("quote", "page"),
    [
        ("| stage | tonnes |", PAGE),
        ("Three astronauts flew", PAGE),
        ("Nothing else", LIST),
        ("two\n", LIST),
        ("| a | b |", "| a | b |\n| c | d |"),
        ("| c | d |", "| a | b |\n| c | d |"),
    ],
)
def test_others_stand_for_themselves(quote: str, page: str) -> None:
    assert over(quote, page) is None


@given(st.text(alphabet="ab|-: \n1.*", min_size=1, max_size=60), st.data())
def test_of_any_text_it_is_a_slice_that_stands_before(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    found = lead_in(Evidence(make_passage(text, start=7), 7 + start, 7 + len(text)))
    assert found is None or (found.quote == found.quote.strip() and 7 <= found.start <= found.end <= 7 + start)


def test_an_answer_shows_the_head_of_a_table_before_its_row(tmp_path: Path) -> None:
    (tmp_path / "prices.md").write_text(
        "# Prices of the swimming pool\n\n| who | euros |\n|---|---|\n| grown-ups | 7.50 |\n| children | 3.20 |\n",
        encoding="utf-8",
    )
    settings = Settings(collection="prices")
    ingest_paths([tmp_path], settings=settings)
    answer = load_chain(settings=settings).invoke("What is the price for children?")
    quotes = [citation.quote for citation in answer.citations]
    assert "| children | 3.20 |" in quotes
    assert quotes.index("| who | euros |") < quotes.index("| children | 3.20 |")
