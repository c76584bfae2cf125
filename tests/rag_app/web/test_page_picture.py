"""A PDF's page as a picture: the quoted words are boxed, and nothing is shown that the file does not say."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from ingest.reading.pdf.document import map_pdf_page, read_pdf
from rag_app.types import Citation
from rag_app.web.page_picture import MARKER, WIDTH, box_quote, draw_boxed
from tests.ingest.papers import rich_paper

SAMPLES = Path(__file__).parents[3] / "rag_app" / "samples" / "documents"
PDFS = sorted(SAMPLES.glob("*.pdf"))


@pytest.mark.parametrize("path", PDFS, ids=lambda path: path.stem)
def test_the_picture_is_marked_where_the_boxes_are_and_nowhere_else(path: Path) -> None:
    data = path.read_bytes()
    page = read_pdf(data)[1][0]
    assert page.number is not None
    start = page.text.index(" ") + 1
    end = page.text.index("\n", start)
    boxed = box_quote(Citation(1, str(path), "", page.number, start, end, page.text[start:end]))
    assert boxed is not None
    image = np.asarray(Image.open(io.BytesIO(draw_boxed(boxed))).convert("RGB")).astype(int)
    assert image.shape[1] == WIDTH
    marked = np.abs(image - MARKER).sum(axis=2) < 60
    scale = WIDTH / pdfium.PdfDocument(data)[page.number - 1].get_size()[0]
    expected = np.zeros(marked.shape, dtype=bool)
    for left, bottom, right, top in map_pdf_page(data, page.number).boxes(start, end):
        rows = slice(int(image.shape[0] - top * scale) - 4, int(image.shape[0] - bottom * scale) + 5)
        expected[rows, int(left * scale) - 4 : int(right * scale) + 5] = True
    assert marked[expected].mean() > 0.2
    assert marked[~expected].mean() < 0.001
    assert boxed.top == pytest.approx(np.flatnonzero(expected.any(axis=1))[0] / image.shape[0], abs=0.01)


def test_what_the_file_does_not_say_has_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(rich_paper().data)
    quote = read_pdf(path.read_bytes())[1][0].text[:20]
    cited = Citation(1, str(path), "", 1, 0, 20, quote)
    assert box_quote(cited)
    assert box_quote(replace(cited, quote=quote.upper() + "!")) is None
    assert box_quote(replace(cited, page=99)) is None
    assert box_quote(replace(cited, page=None)) is None
    assert box_quote(replace(cited, source="https://example.org/paper.pdf")) is None
    shutil.copy(PDFS[0], path)
    assert box_quote(cited) is None
    path.write_bytes(b"no PDF")
    assert box_quote(cited) is None
    path.unlink()
    assert box_quote(cited) is None
