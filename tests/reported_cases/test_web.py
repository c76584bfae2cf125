"""Web pages, feeds, books, notebooks and Markdown that were once read wrongly."""

from pathlib import Path

from ingest.reading.parsing import parse_document


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
