"""A PDF becomes a titled document of numbered pages, or an error that says what is wrong with it."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.reading.parsing import parse_document
from ingest.reading.pdf.document import is_blank, map_pdf_page, read_pdf
from tests.ingest.papers import Paper, rich_paper
from vectorstore.errors import UnreadableFileError


def test_pages_are_counted_from_one_and_empty_ones_are_left_out() -> None:
    paper = Paper()
    paper.write(60, 80, "First")
    paper.turn_page()
    paper.turn_page()
    paper.write(60, 80, "Third")
    assert [(page.number, page.text) for page in read_pdf(paper.data)[1]] == [(1, "First"), (3, "Third")]


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        (None, "moon"),
        ("How they came\nback", "How they came back"),
        ("Microsoft Word - draft7.doc", "moon"),
        ("untitled", "moon"),
        ("x" * 300, "x" * 200),
    ],
)
def test_the_title_is_the_one_in_the_metadata_unless_a_program_put_it_there(metadata: str | None, title: str) -> None:
    paper = rich_paper()
    if metadata:
        paper.pdf.set_title(metadata)
    document = parse_document(Path("moon.PDF"), paper.data)
    assert (document.title, document.kind, document.markdown) == (title, "pdf", False)
    assert [page.number for page in document.pages] == [1, 2]


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(UnreadableFileError) as caught:
        parse_document(Path("moon.pdf"), data)
    return caught.value.message, caught.value.hint


def encrypted(paper: Paper) -> bytes:
    paper.pdf.set_encryption(owner_password="owner", user_password="user")
    return paper.data


@pytest.mark.shows(
    "pdf", "files with a password", "read", "with `--password`; none is needed where only changes have one"
)
def test_a_pdf_opens_with_its_password_and_is_refused_with_no_or_another_one() -> None:
    data, plain = encrypted(rich_paper()), rich_paper().data
    assert refusal(data) == ("the PDF is encrypted", "give its password: rag ingest --password …")
    with pytest.raises(UnreadableFileError, match="with another password"):
        read_pdf(data, "wrong")
    assert read_pdf(data, "user") == read_pdf(plain)
    assert map_pdf_page(data, 1, password="user").read == map_pdf_page(plain, 1).read
    paper = rich_paper()
    paper.pdf.set_encryption(owner_password="owner")  # who reads it needs none
    assert read_pdf(paper.data) == read_pdf(plain)


@pytest.mark.parametrize("before", [b"", b"\r\n" * 2000])
def test_a_pdf_with_no_signature_or_a_late_one_opens(before: bytes) -> None:
    data = rich_paper().data
    assert read_pdf(before + data if before else data[9:]) == read_pdf(data)


def test_what_is_no_pdf_or_a_damaged_one_or_has_no_text_is_refused() -> None:
    noise = random.Random(0).randbytes(5000)
    for data in (b"Meeting notes of Monday", noise):
        with pytest.raises(UnreadableFileError, match="not a PDF: it does not begin as one"):
            read_pdf(data)
    damaged = ("the PDF is damaged", "open it in a PDF viewer, save it again and ingest it")
    assert refusal(b"%PDF-1.7\n" + noise) == damaged
    paper = Paper()
    paper.pdf.rect(60, 60, 100, 100)
    assert refusal(paper.data)[0].startswith("no text in it")
    assert (is_blank(paper.data), is_blank(Paper().data)) == (False, True)
    with pytest.raises(UnreadableFileError) as caught:
        map_pdf_page(rich_paper().data, 3)
    assert (caught.value.message, caught.value.hint) == ("the PDF has no page 3", "ask for one of its pages, 1 to 2")


def test_pdfs_are_read_in_several_threads_at_once() -> None:
    data = rich_paper().data
    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda _: read_pdf(data)[1], range(40)))
    assert all(pages == texts[0] for pages in texts)
