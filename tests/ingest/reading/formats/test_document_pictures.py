"""The pictures in documents: where they are, which caption is theirs, and what is left out."""

import base64
from pathlib import Path

import pytest

pytest.importorskip("cv2", reason="pictures are read by OpenCV: pip install 'rag-app[pictures]'")

from ingest.chunking.chunks import ChunkSize
from ingest.reading.file_types import READER_PACKAGES
from ingest.reading.formats import document_pictures
from ingest.reading.pictures import Pictured, read_pictured
from tests.clip_model import picture
from tests.ingest.pictured import pdf, slides, word
from tests.vectorstore.test_pixels import header_of_png
from vectorstore.errors import NothingToReadError, UnreadableFileError

RED, BLUE, GREEN = picture("red", "stripes", seed=1), picture("blue", "squares", seed=2), picture("green", seed=3)
CAPTION = "Figure 2: Blue squares, as the camera of the probe saw them."
TEXT = "The probe took pictures of the surface from a great height."


@pytest.fixture(autouse=True)
def without_text_recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes seconds a page, and has tests of its own."""
    monkeypatch.setitem(READER_PACKAGES, "ocr", "no_such_package")


def read(name: str, data: bytes, *, window: int = 75) -> Pictured:
    size = ChunkSize(170, window, lambda texts: [len(text.split()) for text in texts])
    found = read_pictured(f"/docs/{name}", Path("/docs") / name, data, size=size)
    pages = {page.number: page.text for page in found.document.pages}
    for chunk in found.chunks:
        assert pages[chunk.page][chunk.start : chunk.end] == chunk.text
    assert len({chunk.id for chunk in found.chunks}) == len(found.chunks)
    assert [chunk.picture for chunk in found.chunks] == [one.hash for one in found.pictures]
    return found


def lines(found: Pictured) -> list[tuple[int | None, str]]:
    return [(chunk.page, chunk.text) for chunk in found.chunks]


def test_pictures_of_a_pdf_have_their_pages_and_captions() -> None:
    found = read("report.pdf", pdf([[TEXT], [TEXT, RED], [TEXT, BLUE, CAPTION], [RED, GREEN]]))
    assert lines(found) == [(2, "Picture 1 (160 × 120)"), (3, CAPTION), (4, "Picture 1 (160 × 120)")]  # each one once
    assert found.document.pages[0].text == TEXT
    assert found.document.pages[3].number == 4
    assert found.left_out == ""


def test_a_caption_is_used_only_where_it_is_plain_whose_it_is() -> None:
    found = read("report.pdf", pdf([[RED, BLUE, CAPTION, TEXT]]))
    assert lines(found) == [(1, "Picture 1 (160 × 120)"), (1, "Picture 2 (160 × 120)")]
    assert found.document.pages[0].text.startswith(CAPTION)


def test_pictures_of_a_word_document_are_in_its_order_without_icons() -> None:
    icon = picture("red", width=48)
    found = read("report.docx", word([TEXT, icon, BLUE, "Figure 1. Squares", RED, "Abb. 2: Streifen"]))
    assert lines(found) == [(None, "Figure 1. Squares"), (None, "Abb. 2: Streifen")]
    assert found.pictures[0].hash == read("blue.png", BLUE).pictures[0].hash != found.pictures[1].hash
    with pytest.raises(NothingToReadError, match="no picture in it"):
        read("report.docx", word([TEXT, icon]))


def test_pictures_of_a_presentation_have_their_slides() -> None:
    found = read("talk.pptx", slides([["Words alone"], ["Squares", BLUE], ["Two", RED, GREEN]]))
    shown = "Picture {} (160 × 120)".format
    assert lines(found) == [(2, shown(1)), (3, shown(1)), (3, shown(2))]
    assert "Squares" in next(page.text for page in found.document.pages if page.number == 2)


def test_a_scan_that_has_no_text_is_its_pictures() -> None:
    found = read("scan.pdf", pdf([[RED], [BLUE]]))
    assert [page for page, _ in lines(found)] == [1, 2]


def web_page(*pictures: bytes) -> bytes:
    shown = "".join(f'<img src="data:image/png;base64,{base64.b64encode(data).decode()}">' for data in pictures)
    return f'<html><body><p>{TEXT}</p>{shown}<img src="x.png"></body></html>'.encode()


def test_pictures_within_a_web_page_are_read_and_those_that_cannot_be_are_counted() -> None:
    found = read("page.html", web_page(header_of_png(60_000, 60_000), RED))
    assert lines(found) == [(None, "Picture 1 (160 × 120)")]
    assert TEXT in found.document.pages[0].text
    assert found.left_out.startswith("1 pictures in it are damaged, too large")
    with pytest.raises(UnreadableFileError, match="no picture could be read"):
        read("page.html", web_page(header_of_png(60_000, 60_000)))


def test_no_more_are_read_than_a_document_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_pictures, "MAX_FIGURES", 4)
    found = read("album.html", web_page(*(picture("red", width=100, seed=seed) for seed in range(6))))
    assert len(found.chunks) == 4
    assert found.left_out == "only its first 4 pictures were read"


def test_a_long_caption_is_cut_to_the_window_of_the_model() -> None:
    caption = "Figure 1: " + " ".join(f"word{number}" for number in range(100))
    (chunk,) = read("report.docx", word([RED, caption]), window=20).chunks
    assert caption.startswith(chunk.text)
    assert len(chunk.text.split()) <= 20
