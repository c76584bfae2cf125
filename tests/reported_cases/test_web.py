"""Web pages, feeds, books, notebooks and Markdown that were once read wrongly."""

from pathlib import Path

from ingest.chunking.chunks import ChunkSize, chunk_pages
from ingest.chunking.sentences import split_sentences
from ingest.reading.parsing import parse_document
from vectorstore.embeddings.providers.static import count_words


def read(path: Path) -> str:
    return "\n\n".join(page.text for page in parse_document(path, path.read_bytes()).pages)


def test_quantities_of_a_web_page(cases: Path) -> None:
    text = read(cases / "html-sup" / "units.html")
    for words in ("10^6 litres", "10^-3 bar", "40 m²", "found.[12]", "was ~~900~~ 450 euros"):
        assert words in text


def test_nested_parts_of_a_web_page(cases: Path) -> None:
    text = read(cases / "html-nested" / "steps.html")
    for words in (
        "| Bearing | type 6204 |",
        "[picture: Cutaway drawing of the volute]",
        "Alpha, Beta",
        "| Site | Output 2024 | Output 2025 |",
        "\n   | QF-12 | 7.9 bar |",
        "information desk opens at 07:45. Compressor oil is ISO",
        "Seal kit: part SK-404",
        "lasts forty-one months",
    ):
        assert words in text
    for words in ("\\|", "hiddenparagraphtext", "templatetext", "secretscript"):
        assert words not in text


def test_a_feed_keeps_its_attributes(cases: Path) -> None:
    text = read(cases / "other-kinds" / "feed.xml")
    assert "book (id: b1, " in text or "book (id: b1)" in text
    assert "price (currency: DKK): 249.50; note: Second edition <2026>" in text
    assert "Størrelser" in text


def test_a_notebook_has_no_colours_and_no_tags(cases: Path) -> None:
    text = read(cases / "other-kinds" / "yield.ipynb")
    assert "\n\nmean moisture 13.4\n\n" in text
    assert text.endswith("ZeroDivisionError: division by zero")
    assert "[31m" not in text
    assert "<b>" not in text


def test_a_book_and_subtitles(cases: Path) -> None:
    text = read(cases / "other-kinds" / "islands.epub")
    assert text.index("Island One has 111") < text.index("Island Two has 222") < text.index("Island Ten has 1110")
    assert read(cases / "other-kinds" / "talk.srt").endswith("of Kaprun. It was built\nin nineteen fifty-five.")


def test_front_matter_is_quoted_by_its_fields(cases: Path) -> None:
    path = cases / "md-fences" / "deploy.md"
    document = parse_document(path, path.read_bytes())
    assert document.title == "Deployment handbook"
    size = ChunkSize(200, 256, count_words)
    first, *_ = chunk_pages("deploy.md", document.title, document.pages, markdown=True, size=size)
    units = [first.text[start:end] for start, end in split_sentences(first.text)]
    assert units == ["title: Deployment handbook", "owner: Nadia Petrov", "tags: [ops, release]"]
