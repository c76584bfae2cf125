"""Conversations of two questions over the sample documents: the second is answered or refused for itself."""

from typing import TYPE_CHECKING

import pytest

from rag_app import Answer
from rag_app.commands.output import print_answer

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.answering.chain import Request

    Chain = Runnable[Request, Answer]

# The first question, the second, what is searched for then, and words of the quote that answers it.
ANSWERED = [
    ("Who stayed in orbit?", "When was he born?", "When was Michael Collins born?", "31 October 1930"),
    ("Who stayed in orbit?", "How long was he alone?", "How long was Michael Collins alone?", "almost 28 hours"),
    (
        "Who stayed in orbit?",
        "Why did he not fly on Apollo 8?",
        "Why did Michael Collins not fly on Apollo 8?",
        "he needed an operation",
    ),
    ("How much did the guidance computer weigh?", "Who built it?", "Who built the guidance computer?", "Raytheon"),
    (
        "How much did the guidance computer weigh?",
        "How fast did its clock run?",
        "How fast did the guidance computer's clock run?",
        "2.048 megahertz",
    ),
    (
        "How tall was the Saturn V?",
        "Who built its first stage?",
        "Who built the Saturn V's first stage?",
        "Boeing built the first stage",
    ),
    (
        "How tall was the Saturn V?",
        "Where was it developed?",
        "Where was the Saturn V developed?",
        "Marshall Space Flight Center",
    ),
    ("What did the 1202 alarm mean?", "What caused it?", "What caused the 1202 alarm?", "rendezvous radar"),
    ("When was Neil Armstrong born?", "And Buzz Aldrin?", "When was Buzz Aldrin born?", "20 January 1930"),
    ("When was Neil Armstrong born?", "Where?", "Where was Neil Armstrong born?", "Wapakoneta, Ohio"),
    (
        "Who was the first person to walk on the Moon?",
        "When did he die?",
        "When did Neil Armstrong die?",
        "25 August 2012",
    ),
    (
        "Who built the lunar module?",
        "Where did they build it?",
        "Where did Grumman build the lunar module?",
        "Bethpage",
    ),
    (
        "How long was the crew in quarantine?",
        "Where did they stay in Houston?",
        "Where did the crew stay in Houston?",
        "Lunar Receiving Laboratory",
    ),
    ("When was BERT published?", "And GloVe?", "When was GloVe published?", "2014 at Stanford University"),
    ("When was BERT published?", "By whom?", "By whom was BERT published?", "published by Google"),
    (
        "Who drew the emblem of Apollo 11?",
        "What does it show?",
        "What does the emblem of Apollo 11 show?",
        "an olive branch in its claws",
    ),
    (
        "Where is the command module Columbia now?",
        "How many people could it carry?",
        "How many people could the command module Columbia carry?",
        "a cone with room for three people",
    ),
]
# The first question, which is answered; the second, of which the documents say nothing; and what is searched for then.
REFUSED = [
    (
        "Who stayed in orbit?",
        "What did he eat for breakfast on his wedding day?",
        "What did Michael Collins eat for breakfast on his wedding day?",
    ),
    (
        "Who stayed in orbit?",
        "How much did it cost in euros?",
        "How much did the command module Columbia cost in euros?",
    ),
    ("Who stayed in orbit?", "Which football club did he support?", "Which football club did Michael Collins support?"),
    ("How tall was the Saturn V?", "Who insured it?", "Who insured the Saturn V?"),
    ("How tall was the Saturn V?", "What colour were its curtains?", "What colour were the Saturn V's curtains?"),
    (
        "How much did the guidance computer weigh?",
        "Which video games ran on it?",
        "Which video games ran on the guidance computer?",
    ),
    ("How much did the guidance computer weigh?", "And the toaster?", "How much did the toaster weigh?"),
    ("What did the 1202 alarm mean?", "Who composed its melody?", "Who composed the 1202 alarm's melody?"),
    ("When was Neil Armstrong born?", "What shoe size did he wear?", "What shoe size did Neil Armstrong wear?"),
    ("When was Neil Armstrong born?", "And Marie Curie?", "When was Marie Curie born?"),
    ("Who wrote the flight software?", "What was her salary?", "What was Margaret Hamilton's salary?"),
    ("Who designed the Executive?", "Which school did he attend?", "Which school did Hal Laning attend?"),
    ("Who built the lunar module?", "What song did they sing at work?", "What song did Grumman sing at work?"),
]


def ask_twice(chain: "Chain", first: str, second: str) -> tuple[Answer, Answer]:
    answer = chain.invoke(first)
    return answer, chain.invoke({"question": second, "history": [("human", first), ("ai", answer.text)]})


@pytest.mark.parametrize(("first", "second", "searched", "quote"), ANSWERED)
def test_a_follow_up_is_answered_from_the_right_place(
    samples_chain: "Chain", first: str, second: str, searched: str, quote: str
) -> None:
    _, answer = ask_twice(samples_chain, first, second)
    assert (answer.searched_for, answer.was_rewritten) == (searched, True)
    assert quote in " ".join(citation.quote for citation in answer.citations)


@pytest.mark.parametrize(("first", "second", "searched"), REFUSED)
def test_a_hit_in_the_first_question_prevents_no_refusal_of_the_second(
    samples_chain: "Chain", first: str, second: str, searched: str
) -> None:
    before, answer = ask_twice(samples_chain, first, second)
    assert not before.refused
    assert (answer.searched_for, answer.refused) == (searched, True)


def test_a_refusal_of_the_first_question_prevents_no_answer_to_the_second(samples_chain: "Chain") -> None:
    before, answer = ask_twice(samples_chain, "How do I bake bread?", "Who stayed in orbit?")
    assert (before.refused, answer.refused, answer.was_rewritten) == (True, False, False)


def test_what_was_searched_for_is_told_where_it_differs(
    samples_chain: "Chain", capsys: pytest.CaptureFixture[str]
) -> None:
    before, answer = ask_twice(samples_chain, "Who stayed in orbit?", "When was he born?")
    print_answer(answer)
    assert "Searched for: When was Michael Collins born?" in capsys.readouterr().err
    print_answer(before)
    assert "Searched for" not in capsys.readouterr().err


def test_a_question_is_answered_in_a_conversation_as_it_is_alone(samples_chain: "Chain") -> None:
    _, answer = ask_twice(samples_chain, "Who stayed in orbit?", "How tall was the Saturn V?")
    assert answer.text == samples_chain.invoke("How tall was the Saturn V?").text
