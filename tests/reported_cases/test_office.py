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


def test_slides_read_with_speaker_notes_and_charts_as_tables(cases: Path) -> None:
    first, second, third = parse("hall.pptx", (cases / "pptx-groups" / "hall.pptx").read_bytes()).pages
    assert first.text.endswith("\n\nSpeaker note: the budget was cut to 2.7 million.")
    assert "|  | Megawatts |\n| --- | --- |\n| North | 41.5 |\n| South | 87.25 |" in first.text
    assert "Inner group: crane lifts 85 tonnes." in first.text
    assert second.text.startswith("## Hidden slide (hidden)\n\n")
    assert third.number == 3
