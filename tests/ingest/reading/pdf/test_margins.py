"""What repeats at the top and the bottom of a PDF's pages is left out of their text, and nothing else is."""

from collections.abc import Callable

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from tests.ingest.papers import LEFT, RIGHT, Paper

WORDS = ("lunar", "martian", "solar", "polar", "stellar", "orbital")


def book(top: Callable[[int], str], bottom: Callable[[int], str], pages: int = 6) -> Paper:
    paper = Paper()
    for page in range(1, pages + 1):
        if page > 1:
            paper.turn_page()
        paper.write(60, 40, top(page))
        paper.write(60, 100, f"The {WORDS[page - 1]} chapter", *LEFT, *RIGHT)
        paper.write(290, 800, bottom(page))
    return paper


def texts(paper: Paper) -> list[str]:
    return [page.text for page in read_pdf(paper.data)[1]]


def test_headers_stay_where_they_are_first_and_page_numbers_that_count_up_nowhere() -> None:
    paper = book(lambda _: "A history of landings", lambda page: f"- {page + 40} -")
    pages = texts(paper)
    assert pages[0].startswith("A history of landings")
    assert all("history" not in page for page in pages[1:])
    assert all(f"The {word} chapter" in page for word, page in zip(WORDS, pages, strict=True))
    assert all(str(number + 41) not in page for number, page in enumerate(pages))
    # A page that is read alone has the same text.
    assert [map_pdf_page(paper.data, page).read.text for page in range(1, 7)] == pages


def test_headers_of_left_and_right_pages_are_distinguished() -> None:
    pages = texts(book(lambda page: "Landings" if page % 2 else "A history of the moon", str))
    assert ["Landings" in page for page in pages] == [True] + [False] * 5
    assert ["history" in page for page in pages] == [False, True] + [False] * 4


def test_what_does_not_run_through_the_pages_stays() -> None:
    pages = texts(book(lambda _: "2009 2008 2007", lambda page: str(page * 17)))  # numbers that count no pages
    assert all("2009 2008 2007" in page and str((number + 1) * 17) in page for number, page in enumerate(pages))
    pages = texts(book(lambda page: f"{WORDS[page - 1]} landings", lambda _: ""))  # in the middle of pages
    assert all(LEFT[5] in page for page in pages)
    pages = texts(book(lambda _: "A history of landings", str, pages=2))
    assert all("A history of landings" in page for page in pages)
    paper = Paper()
    for page in range(4):
        if page:
            paper.turn_page()
        paper.write(60, 80, "This page is left blank.")
    assert texts(paper) == ["This page is left blank."] * 4
