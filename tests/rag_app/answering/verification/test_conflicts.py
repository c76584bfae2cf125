"""Documents that contradict each other: which sentences do, and how an answer says so."""

from pathlib import Path

import pytest

from rag_app import Answer, Settings, ingest_paths, load_chain
from rag_app.answering.quotes import NOTICE
from rag_app.answering.verification.facts import are_contrary, read_facts

SAID = "The town library opens at 9 in the morning and closes at 18 on weekdays."
CHANGED = "The town library opens at 10 in the morning and closes at 18 on weekdays."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SAID, CHANGED),
        ("The bridge may carry 12 tonnes.", "The bridge may carry 20 tonnes."),
        ("Dogs are allowed in the garden.", "Dogs are not allowed in the garden."),
        ("The fee for members is twelve euros.", "The fee for members is 15 euros."),
    ],
)
def test_sentences_alike_but_for_a_number_or_a_denial_are_contrary(one: str, other: str) -> None:
    assert are_contrary(read_facts(one), read_facts(other))
    assert are_contrary(read_facts(other), read_facts(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SAID, SAID),
        ("The bridge may carry 12 tonnes.", "The bridge is 12 metres long."),
        ("The bridge may carry 12 tonnes.", "The bridge may carry twelve tonnes."),
        ("In 1969 they brought 21.5 kg back.", "In 1972 they brought 110.5 kg back."),
        ("Dogs are allowed in the garden.", "Cats do not like water."),
        ("", ""),
    ],
)
def test_others_are_not(one: str, other: str) -> None:
    assert not are_contrary(read_facts(one), read_facts(other))


def ask(folder: Path, texts: dict[str, str]) -> Answer:
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = Settings(collection="conflicts")
    ingest_paths([folder], settings=settings)
    return load_chain(settings=settings).invoke("When does the town library open?")


class TestAnswer:
    def test_an_answer_says_that_documents_do_not_agree_and_quotes_both(self, tmp_path: Path) -> None:
        answer = ask(
            tmp_path, {"2019.md": f"# Opening hours\n\n{SAID}\n", "2024.md": f"# Opening hours\n\n{CHANGED}\n"}
        )
        assert answer.sentences[0].text.startswith(NOTICE[:-1])
        assert {citation.quote for citation in answer.citations} == {SAID, CHANGED}
        assert len(answer.sentences[0].markers) == 2
        assert answer.sentences[0].supported

    def test_the_same_sentence_in_two_documents_is_shown_once_without_a_notice(self, tmp_path: Path) -> None:
        answer = ask(tmp_path, {"a.md": f"# Opening hours\n\n{SAID}\n", "b.md": f"# Opening hours\n\nNew: {SAID}\n"})
        assert NOTICE[:-1] not in answer.text

    def test_two_numbers_in_one_document_are_no_conflict(self, tmp_path: Path) -> None:
        answer = ask(tmp_path, {"both.md": f"# Opening hours\n\n{SAID} {CHANGED}\n"})
        assert NOTICE[:-1] not in answer.text
