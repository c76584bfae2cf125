"""Word documents and presentations whose parts were lost."""

from pathlib import Path

from tests.ingest.documents import parse


def test_a_word_document_reads_with_its_notes_header_and_footer_and_marks_hidden_words(cases: Path) -> None:
    (page,) = parse("kiln.docx", (cases / "docx-parts" / "kiln.docx").read_bytes()).pages
    blocks = page.text.split("\n\n")
    assert blocks[0] == "Header: Contract number KX-2291-B"
    assert blocks[-1] == "Footer: Released by Ingrid Solheim"
    mixed = blocks.index("The glaze batch is mixed on Mondays.")
    assert blocks[mixed + 1 : mixed + 5] == [
        "Footnote 1: In leap years the batch moves to Tuesday.",
        "Comment by Tobias: Ask the chemist whether cobalt is still allowed.",
        "Endnote 1: Source: Orsolya Vance, kiln diary.",
        "[hidden: Secret draft remark zzvanish.]",
    ]
    assert "[^" not in page.text
    assert "[cmt" not in page.text
