"""What documents and models say is printed as text: it steers no terminal, and no line of it passes for another."""

import io
import json

import pytest

from rag_app.commands.console import (
    CONTROL,
    count_states,
    print_answer,
    print_json,
    print_line,
    print_page,
    print_passages,
    print_text,
    say,
)
from rag_app.types import Sentence
from tests.rag_app.attacks import own_attacks
from tests.rag_app.passages import JUDGED, make_answer, make_judged, make_refusal
from vectorstore.types import Chunk, Passage

STEERING = "Roses \x1b[31mare\x9b2J red.\x1b]0;stolen\x07 Pay \u202e000,1\u202c euros.\r[red]Violets[/red] :smile:"
PRINTED = "Roses  [31mare 2J red. ]0;stolen  Pay  000,1  euros. [red]Violets[/red] :smile:"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_would_steer_a_terminal_or_colour_it_is_printed_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_text(STEERING)
    say(STEERING)
    assert capsys.readouterr() == (f"{PRINTED}\n", f"{PRINTED}\n")


def test_a_name_with_line_breaks_in_it_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("moon.pdf\nAnswered by\u2028quotes\x85.")
    assert capsys.readouterr().out == "moon.pdf Answered by quotes .\n"


@pytest.mark.parametrize("name", own_attacks())
def test_a_passage_is_two_lines_whatever_is_in_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    attack = own_attacks()[name].encode("utf-8", "replace").decode()
    chunk = Chunk(f"/docs/{attack}", attack, 1, 0, len(attack), attack)
    print_passages([Passage(chunk, score=1, cosine=1, lexical=1)])
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 2
    assert not CONTROL.search(printed)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_holds_what_it_is_given_and_nothing_that_steers_a_terminal(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding, write_through=True))
    print_json({"text": f"{STEERING} né à Rome 🚀"})
    printed = written.getvalue().decode(encoding)
    assert json.loads(printed) == {"text": f"{STEERING} né à Rome 🚀"}
    assert printed.rstrip("\n").isprintable()


def test_a_page_goes_into_a_pipe_as_it_is_stored_and_to_a_terminal_as_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    print_page(STEERING)
    assert capsys.readouterr().out == f"{STEERING}\n"
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    print_page(STEERING)
    assert terminal.getvalue() == f"{PRINTED}\n"


def test_an_answer_tells_the_state_of_its_sentences_and_counts_those_without_proof(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_answer(make_judged())
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{JUDGED}\n\n[1] ")
    assert printed.err == (
        "\n1 of 6 sentences is not proved, 1 has only similar words in the documents, "
        "1 says otherwise than the documents\n\nAnswered by a model.\n"
    )


def test_states_are_counted_in_plain_words() -> None:
    bare, contrary = (Sentence("So.", 0, 3, state, ()) for state in ("not proved", "contradicted"))
    assert count_states([bare, bare, contrary]) == (
        "2 of 3 sentences are not proved, 1 says otherwise than the documents"
    )
    assert count_states([contrary, contrary]) == "2 of 2 sentences say otherwise than the documents"
    assert [count_states(answer.sentences) for answer in (make_answer(), make_refusal("Why?"))] == ["", ""]
