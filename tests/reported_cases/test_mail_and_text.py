"""Mail, data as text, and text without spaces."""

from pathlib import Path

import pytest

from tests.ingest.documents import parse


def read(path: Path) -> str:
    (page,) = parse(path.name, path.read_bytes()).pages
    return page.text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("json-escapes/stations.json", '"keeper": "Åse Lønn"'),
        ("json-escapes/events.jsonl", '{"event": "会議は火曜日です"}'),
        ("json-escapes/events.jsonl", "Überdruck gemeldet in Halle drei"),
        ("json-escapes/labels.properties", "greeting=Schönen Feierabend\nfarewell=Tschüss"),
        ("other-kinds/data.json", '"Honningsvåg"'),
        ("other-kinds/events.jsonl", "Überdruck gemeldet"),
        ("other-kinds/config.yaml", "retention_days: 45"),
    ],
)
def test_words_are_read_as_words(cases: Path, name: str, words: str) -> None:
    assert words in read(cases / name)
