"""PDF files that once lost words, or read them in another order, are read whole."""

from pathlib import Path

import pytest

from ingest.reading.parsing import parse_document
from vectorstore.errors import UnreadableFileError


def text_of(path: Path) -> str:
    return "\n\n".join(page.text for page in parse_document(path, path.read_bytes()).pages)


@pytest.mark.parametrize("name", ["rtl-pdf/arabic.pdf", "unicode/arabic.pdf"])
def test_arabic_is_in_the_order_of_reading(cases: Path, name: str) -> None:
    assert text_of(cases / name) == "المضخة تعمل بضغط سبعة بار"


def test_ligatures_are_letters(cases: Path) -> None:
    assert "The efficient float valve offers a fine trim of 3 mm." in text_of(cases / "unicode" / "ligature.pdf")


def test_the_values_of_a_form_are_beside_their_labels(cases: Path) -> None:
    text = text_of(cases / "pdf-form" / "permit.pdf")
    filled = ["Name of vessel: Marigold Star", "Gross tonnage: 4870", "Carries fuel: [x]", "Berth: Pier Nine"]
    assert text.split("\n\n")[-4:] == filled


@pytest.mark.parametrize(("name", "row"), [("piers", "Pier55\t7.5"), ("register", "Vessel63\t9.3")])
def test_rows_of_tables_are_lines(cases: Path, name: str, row: str) -> None:
    assert f"\n{row}" in text_of(cases / "table-header" / f"{name}.pdf")


def test_only_a_password_to_read_refuses_a_file(cases: Path) -> None:
    assert "The culvert runs below the road at two metres depth." in text_of(cases / "other-kinds" / "owneronly.pdf")
    locked = cases / "other-kinds" / "locked.pdf"
    with pytest.raises(UnreadableFileError) as caught:
        parse_document(locked, locked.read_bytes())
    assert (caught.value.message, caught.value.hint) == (
        "the PDF is encrypted",
        "give its password: rag ingest --password …",
    )
