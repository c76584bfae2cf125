"""Mail, data as text, and text without spaces."""

from pathlib import Path

import pytest

from ingest.chunking.sentences import split_sentences
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
        ("mail/fence.eml", "the fence is 140 metres long. Only in HTML: gate code 7781."),
        ("mail/fence.eml", "Subject: Résumé of the møøse meeting\nFrom: Zoë Ångström <zoe@example.org>"),
        ("mail/fence.eml", "# Attachment: posts.txt\n\nAttached text: the posts are oak."),
        ("mail/fence.eml", "# Attachment: Old offer\n\nSubject: Old offer"),
        ("mail/fence.eml", "Forwarded body: the offer was 3300 crowns."),
        ("mail/box.mbox", "Body 2: the green shed is locked.\nFrom here on walk."),
        ("mail/flowed.eml", "Встреча состоится в зале номер пять в четверг."),
        ("mail/inline.eml", "Second inline part: leave at 05:40.\n\nThird inline part: ferry Lofthus."),
        ("mail/inline.eml", "SUMMARY:Hike to Trolltunga\nDTSTART:2026-07-04 06:00 UTC\nLOCATION:Skjeggedal"),
        ("other-kinds/data.json", '"Honningsvåg"'),
        ("other-kinds/events.jsonl", "Überdruck gemeldet"),
        ("other-kinds/config.yaml", "retention_days: 45"),
    ],
)
def test_words_are_read_as_words(cases: Path, name: str, words: str) -> None:
    assert words in read(cases / name)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nospace.txt", "The vault number is 7719."),
        ("longline.txt", "The lost key lies under the blue jar."),
    ],
)
def test_a_sentence_in_a_line_that_does_not_end_stands_by_itself(cases: Path, name: str, sentence: str) -> None:
    text = read(cases / "other-kinds" / name)
    assert sentence in [text[start:end] for start, end in split_sentences(text)]
