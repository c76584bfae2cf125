"""From a question in a conversation to the one that is searched, by rules: what is replaced, and what is left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from rag_app.followups.standalone import MOST_CHARACTERS_ADDED, standalone_question
from rag_app.types import REFUSAL

ORBIT = "Who stayed in orbit?"
STAYED = (
    "Michael Collins stayed in lunar orbit aboard the command module Columbia while Neil Armstrong and Buzz Aldrin "
    "landed on the Moon in the lunar module Eagle. [1]"
)
CREW = (
    "Neil Armstrong was the commander of Apollo 11, Michael Collins was the command module pilot, and Buzz Aldrin was "
    "the lunar module pilot. [1]"
)
WEIGHED = "The guidance computer weighed 32 kilograms and used about 55 watts of electric power. [1]"
TALL = "The Saturn V was 110.6 metres tall with the Apollo spacecraft on top. [1]"
ALARM = "The 1202 alarm, like the 1201 alarm, meant that the guidance computer was overloaded. [1]"
STAGE = "Boeing built the first stage of the Saturn V, the S-IC, at the Michoud plant in New Orleans. [1]"
ROCK = (
    "**The Genesis Rock** is a piece of anorthosite, sample 15415, that David Scott and James Irwin picked up at Spur "
    "crater on Apollo 15. [1]"
)


def history(*texts: str) -> list[BaseMessage]:
    return [AIMessage(text) if i % 2 else HumanMessage(text) for i, text in enumerate(texts)]


def searched(question: str, *talk: str) -> str:
    return standalone_question(question, history(*talk), chat_model=None, config={})


@pytest.mark.parametrize(
    ("asked", "answered", "question", "expected"),
    [
        (ORBIT, STAYED, "When was he born?", "When was Michael Collins born?"),
        (ORBIT, STAYED, "And what was his job?", "What was Michael Collins's job?"),
        (ORBIT, STAYED, "When did they land?", "When did Neil Armstrong and Buzz Aldrin land?"),
        (ORBIT, STAYED, "How much did it cost in euros?", "How much did the command module Columbia cost in euros?"),
        (ORBIT, STAYED, "How old was he when he died?", "How old was Michael Collins when he died?"),
        (ORBIT, STAYED, "Tell me more about him.", "Tell me more about Michael Collins."),
        ("Who was the commander of Apollo 11?", CREW, "When did he die?", "When did Neil Armstrong die?"),
        ("Who was the lunar module pilot?", CREW, "When did he die?", "When did Buzz Aldrin die?"),
        ("How much did the guidance computer weigh?", WEIGHED, "Who built it?", "Who built the guidance computer?"),
        ("How tall was the Saturn V?", TALL, "Who built its first stage?", "Who built the Saturn V's first stage?"),
        ("What did the 1202 alarm mean?", ALARM, "When did it happen?", "When did the 1202 alarm happen?"),
        ("Who picked up the Genesis Rock?", ROCK, "How heavy is that rock?", "How heavy is the Genesis Rock?"),
        (
            "Who designed the Executive?",
            "The heart of the software was the Executive, designed by Hal Laning. [1]",
            "Which school did he attend?",
            "Which school did Hal Laning attend?",
        ),
        (
            "Where was Michael Collins born?",
            "Michael Collins was born on 31 October 1930 in Rome, Italy. [1]",
            "What did his father do there?",
            "What did Michael Collins's father do in Rome?",
        ),
        (
            "When did the French Revolution begin?",
            "The French Revolution began in 1789.",
            "Who was king then?",
            "Who was king in 1789?",
        ),
        (
            "Which observatory received the first laser echo?",
            "The Lick Observatory in California received the first laser echo on 1 August 1969. [1]",
            "Where is it?",
            "Where is the Lick Observatory?",
        ),
        (
            "What is the population of Berlin?",
            "Berlin has 3.7 million inhabitants.",
            "Who is its mayor?",
            "Who is Berlin's mayor?",
        ),
        ("What is photosynthesis?", "It turns light into sugar.", "Where is it done?", "Where is photosynthesis done?"),
        ("Tell me about the Saturn V.", TALL, "How tall was it?", "How tall was the Saturn V?"),
    ],
)
def test_a_reference_is_replaced_by_what_it_stands_for(asked: str, answered: str, question: str, expected: str) -> None:
    assert searched(question, asked, answered) == expected


@pytest.mark.parametrize(
    ("asked", "answered", "question", "expected"),
    [
        (ORBIT, STAYED, "Why?", "Why did Michael Collins stay in orbit?"),
        (ORBIT, STAYED, "For how long?", "For how long did Michael Collins stay in orbit?"),
        (ORBIT, STAYED, "Who else?", "Who else stayed in orbit?"),
        ("When did Armstrong land?", "Armstrong landed in July. [1]", "Why?", "Why did Armstrong land?"),
        ("How tall was the Saturn V?", TALL, "And why?", "Why was the Saturn V tall?"),
        ("Why did the bridge collapse?", "Because of wind.", "When was that?", "When did the bridge collapse?"),
        ("When was BERT published?", "BERT was published in 2018.", "By whom?", "By whom was BERT published?"),
        ("Did Armstrong land?", "Yes.", "In which year?", "In which year did Armstrong land?"),
    ],
)
def test_a_question_word_alone_asks_anew_what_was_asked(
    asked: str, answered: str, question: str, expected: str
) -> None:
    assert searched(question, asked, answered) == expected


@pytest.mark.parametrize(
    ("asked", "answered", "question", "expected"),
    [
        (
            "How much did the guidance computer weigh?",
            WEIGHED,
            "And the lunar module?",
            "How much did the lunar module weigh?",
        ),
        (
            "Who built the first stage of the Saturn V?",
            STAGE,
            "What about the second stage?",
            "Who built the second stage of the Saturn V?",
        ),
        (
            "Who built the first stage of the Saturn V?",
            STAGE,
            "And the third?",
            "Who built the third stage of the Saturn V?",
        ),
        ("What did the 1202 alarm mean?", ALARM, "And the 1201?", "What did the 1201 alarm mean?"),
        ("How tall was the Saturn V?", TALL, "And the mass?", "What was the mass of the Saturn V?"),
        ("How tall was the Saturn V?", TALL, "And its mass?", "What was the Saturn V's mass?"),
        ("Who was the commander of Apollo 11?", CREW, "And Apollo 12?", "Who was the commander of Apollo 12?"),
        ("Who was the commander of Apollo 11?", CREW, "And of Apollo 12?", "Who was the commander of Apollo 12?"),
        (
            "Who was the commander of Apollo 11?",
            CREW,
            "And the lunar module pilot?",
            "Who was the lunar module pilot of Apollo 11?",
        ),
        (
            "Who landed on the Moon?",
            "Neil Armstrong and Buzz Aldrin landed on the Moon. [1]",
            "And Collins?",
            "Did Collins land on the Moon?",
        ),
        (
            "How much revenue did Siemens report in 2020?",
            "57.1 billion euros.",
            "And in 2019?",
            "How much revenue did Siemens report in 2019?",
        ),
        (
            "When was Neil Armstrong born?",
            "Neil Armstrong was born in 1930. [1]",
            "And his father?",
            "When was Neil Armstrong's father born?",
        ),
    ],
)
def test_what_alone_is_named_takes_the_place_of_what_was_named_before(
    asked: str, answered: str, question: str, expected: str
) -> None:
    assert searched(question, asked, answered) == expected


@pytest.mark.parametrize(
    "question",
    [
        "And who landed?",
        "Who designed the guidance computer?",
        "How tall was the Saturn V?",
        "What is cosine similarity?",
        "How long did it take to land?",
        "Is it true that Eagle landed on the wrong spot?",
        "How many astronauts were there on Apollo 8?",
        "Did NASA know that the computer would fail?",
        "What did Buzz Aldrin do after he left NASA?",
        "How did NASA choose its astronauts?",
        "saturn v height",
        "Thanks!",
        "Wann wurde er geboren?",
        "¿Qué he de saber?",
        "من بقي في المدار؟",
    ],
)
def test_a_question_that_stands_by_itself_is_searched_as_it_is(question: str) -> None:
    assert searched(question, ORBIT, STAYED) == question


@pytest.mark.parametrize(
    ("asked", "question", "expected"),
    [
        ("Wer blieb im Orbit?", "Warum?", "Warum: blieb Orbit?"),
        ("¿Quién descubrió el radio?", "¿Cuándo?", "¿Cuándo: descubrió radio?"),
        ("Which rocket flew?", "What happened next?", "What happened next: rocket flew?"),
        ("How tall was the Saturn V?", "Can you give me more details?", "Can you give me more details: the Saturn V?"),
    ],
)
def test_a_question_without_a_word_of_its_own_gets_the_key_words_of_the_last(
    asked: str, question: str, expected: str
) -> None:
    assert searched(question, asked, REFUSAL) == expected


def test_each_question_is_understood_in_the_light_of_those_before_it() -> None:
    talk = [ORBIT, STAYED, "When was he born?", "Michael Collins was born on 31 October 1930 in Rome, Italy. [1]"]
    assert searched("And where?", *talk) == "Where was Michael Collins born?"
    assert searched("And Buzz Aldrin?", *talk) == "When was Buzz Aldrin born?"
    assert searched("Where did he study?", *talk, "And where?", "In Rome. [1]") == "Where did Michael Collins study?"


def test_a_woman_is_no_he_and_a_man_no_she() -> None:
    talk = ("Who wrote the flight software?", "Margaret Hamilton led the group that wrote the flight software. [1]")
    assert searched("What was her salary?", *talk) == "What was Margaret Hamilton's salary?"
    assert searched("What was his salary?", *talk) == "What was his salary?"


def test_a_refusal_is_nothing_to_refer_to() -> None:
    assert searched("When were they written?", ORBIT, REFUSAL) == "When were they written?"


def test_what_was_answered_alone_is_nothing_to_go_back_to() -> None:
    welcome = [AIMessage("Michael Collins says welcome.")]
    assert standalone_question("And he?", welcome, chat_model=None, config={}) == "And he?"


WORDS = [
    "he", "she", "it", "they", "his", "her", "its", "their", "there", "then", "this", "that", "those", "one", "And",
    "What", "about", "how", "Why", "when", "Who", "did", "was", "is", "of", "The", "a", "Collins", "Michael", "Apollo",
    "11", "Saturn", "V", "rocket", "stage", "first", "land", "built", "born", "in", "on", "by", ",", ".", "?", "!",
    "[1]", "|", "'", "'s", "**", "_", "-", "“", "Why?", "mass", "many", "much", "years", "1969", "July", "to", "take",
    "Wer", "Qué", "not", "\n",
]  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join), st.text(max_size=60))
MESSAGES = st.one_of(TEXTS.map(HumanMessage), TEXTS.map(AIMessage), TEXTS.map(SystemMessage))


@settings(max_examples=500)
@given(TEXTS, st.lists(MESSAGES, min_size=1, max_size=8))
def test_whatever_was_said_the_question_is_one_line_and_little_longer(question: str, talk: list[BaseMessage]) -> None:
    written = standalone_question(question, talk, chat_model=None, config={})
    assert len(written.splitlines()) <= 1
    assert len(written) <= len(question) + MOST_CHARACTERS_ADDED


@given(st.text())
def test_without_a_conversation_any_question_is_searched_as_it_is(question: str) -> None:
    assert searched(question) == question
