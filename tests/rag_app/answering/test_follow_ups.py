"""Follow-ups: searched with words of the conversation before them, answered or refused by themselves, or rewritten."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from bench.follow_ups import FOLDER, load_follow_ups, ndcg_at_10
from prompts import load_prompt
from rag_app import Answer, Settings, load_retriever
from rag_app.answering.follow_ups import (
    ANSWER_WEIGHT,
    MOST_CHARACTERS,
    MOST_KEY_WORDS,
    QUESTION_WEIGHTS,
    is_usable,
    prepare_question,
    tidy,
)
from rag_app.answering.generation.markers import without_markers
from rag_app.commands.console import print_answer
from rag_app.experiments.evaluation.datasets import load_corpus, retriever_of_texts
from rag_app.types import REFUSAL
from vectorstore.search.retriever import Question
from vectorstore.storage.lexical_index import LexicalReader

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

    from rag_app.answering.chain import Request

    Chain = Runnable[Request, Answer]

ORBIT, STAYED = "Who stayed in orbit?", "Michael Collins stayed in lunar orbit. [1]"
TALK = f"human: {ORBIT}\nai: Michael Collins stayed in lunar orbit while Neil Armstrong landed."
BORN = "When was he born?"

# Of the first questions, each of which is asked once.
KNOWN: dict[str, Answer] = {}
# The first question, the second, and words of the quote that answers it.
ANSWERED = [
    (ORBIT, BORN, "31 October 1930"),
    (ORBIT, "How long was he alone?", "almost 28 hours"),
    ("How much did the guidance computer weigh?", "Who built it?", "Raytheon"),
    ("How much did the guidance computer weigh?", "How fast did its clock run?", "2.048 megahertz"),
    ("How tall was the Saturn V?", "Who built its first stage?", "Boeing built the first stage"),
    ("How tall was the Saturn V?", "Where was it developed?", "Marshall Space Flight Center"),
    ("What did the 1202 alarm mean?", "What caused it?", "rendezvous radar"),
    ("When was Neil Armstrong born?", "And Buzz Aldrin?", "20 January 1930"),
    ("When was Neil Armstrong born?", "Where?", "Wapakoneta, Ohio"),
    ("Who was the first person to walk on the Moon?", "When did he die?", "25 August 2012"),
    ("Who built the lunar module?", "Where did they build it?", "Bethpage"),
    ("When was BERT published?", "And GloVe?", "2014 at Stanford University"),
    ("When was BERT published?", "By whom?", "published by Google"),
    ("Who drew the emblem of Apollo 11?", "What does it show?", "an olive branch in its claws"),
    ("Who stayed in orbit?", "Why did he not fly on Apollo 8?", "he needed an operation"),
    ("How long was the crew in quarantine?", "Where did they stay in Houston?", "Lunar Receiving Laboratory"),
    (
        "Where is the command module Columbia now?",
        "How many people could it carry?",
        "a cone with room for three people",
    ),
]
# The first question, which is answered, and the second, of which the documents say nothing.
REFUSED = [
    (ORBIT, "What did he eat for breakfast on his wedding day?"),
    (ORBIT, "How much did it cost in euros?"),
    ("How tall was the Saturn V?", "Who insured it?"),
    ("How much did the guidance computer weigh?", "And the toaster?"),
    ("What did the 1202 alarm mean?", "Who composed its melody?"),
    ("When was Neil Armstrong born?", "And Marie Curie?"),
    ("Who wrote the flight software?", "What was her salary?"),
    ("Who stayed in orbit?", "Which football club did he support?"),
    ("How tall was the Saturn V?", "What colour were its curtains?"),
    ("How much did the guidance computer weigh?", "Which video games ran on it?"),
    ("When was Neil Armstrong born?", "What shoe size did he wear?"),
    ("Who designed the Executive?", "Which school did he attend?"),
    ("Who built the lunar module?", "What song did they sing at work?"),
]


@pytest.fixture(scope="module")
def lexical(samples_settings: Settings) -> LexicalReader:
    return load_retriever(settings=samples_settings).store.snapshot().lexical


def history(*texts: str) -> list[BaseMessage]:
    return [AIMessage(text) if i % 2 else HumanMessage(text) for i, text in enumerate(texts)]


def ask_twice(chain: "Chain", first: str, second: str) -> tuple[Answer, Answer]:
    answer = KNOWN.setdefault(first, KNOWN.get(first) or chain.invoke(first))
    return answer, chain.invoke({"question": second, "history": [("human", first), ("ai", answer.text)]})


class TestConversations:
    @pytest.mark.parametrize(("first", "second", "quote"), ANSWERED)
    def test_a_follow_up_is_answered_from_the_right_place(
        self, samples_chain: "Chain", first: str, second: str, quote: str
    ) -> None:
        _, answer = ask_twice(samples_chain, first, second)
        assert quote in " ".join(citation.quote for citation in answer.citations)
        assert answer.searched_for.startswith(f"{second} ")

    @pytest.mark.parametrize(("first", "second"), REFUSED)
    def test_a_hit_in_the_first_question_prevents_no_refusal_of_the_second(
        self, samples_chain: "Chain", first: str, second: str
    ) -> None:
        before, answer = ask_twice(samples_chain, first, second)
        assert (before.refused, answer.refused) == (False, True)

    def test_neither_a_refusal_nor_another_topic_before_changes_an_answer(self, samples_chain: "Chain") -> None:
        before, after_refusal = ask_twice(samples_chain, "How do I bake bread?", ORBIT)
        assert (before.refused, after_refusal.refused) == (True, False)
        _, answer = ask_twice(samples_chain, ORBIT, "How tall was the Saturn V?")
        alone, _ = ask_twice(samples_chain, "How tall was the Saturn V?", "Who insured it?")
        assert answer.citations[0].quote == alone.citations[0].quote

    def test_what_was_searched_for_is_shown_where_it_differs(
        self, samples_chain: "Chain", capsys: pytest.CaptureFixture[str]
    ) -> None:
        before, answer = ask_twice(samples_chain, ORBIT, BORN)
        print_answer(answer)
        assert f"Searched for: {BORN} (with words from before: stayed orbit Michael Collins" in capsys.readouterr().err
        print_answer(before)
        assert "Searched for" not in capsys.readouterr().err


@pytest.mark.long("asks 15 conversations over documentation")
@pytest.mark.parametrize("language", ["de", pytest.param("en", marks=pytest.mark.slow)])
def test_words_of_before_find_more_of_a_conversation_over_documentation(language: str) -> None:
    """The figures of bench/follow_ups.py, over a set that nothing was chosen by."""
    quiet = {"on_progress": lambda progress: None, "on_message": lambda message: None}
    with retriever_of_texts(load_corpus(FOLDER / language, ""), Settings(), keep=False, **quiet) as retriever:
        follow_ups = list(load_follow_ups(FOLDER, language))
        joined = [prepared(one.question, one.messages(), retriever.store.snapshot().lexical) for one in follow_ups]
        bare = ndcg_at_10(retriever, follow_ups, [Question(one.question) for one in follow_ups])
        assert ndcg_at_10(retriever, follow_ups, joined).mean() > bare.mean() + 0.15


def prepared(question: str, messages: list[BaseMessage], lexical: LexicalReader) -> Question:
    return prepare_question(question, messages, lexical=lexical, chat_model=None, config={})


class TestWords:
    def test_the_question_stays_and_words_of_before_are_joined_the_nearest_first(self, lexical: LexicalReader) -> None:
        talk = history("How tall was the Saturn V?", "It was 110 metres tall.", ORBIT, STAYED)
        assert prepared(BORN, talk, lexical) == Question(
            BORN,
            (
                ("stayed orbit", QUESTION_WEIGHTS[0]),
                ("tall Saturn V", QUESTION_WEIGHTS[1]),
                ("Michael Collins lunar", ANSWER_WEIGHT),
            ),
        )

    def test_a_question_without_a_key_word_is_searched_by_the_words_of_before_and_a_refusal_gives_none(
        self, lexical: LexicalReader
    ) -> None:
        assert prepared("And why?", history(ORBIT, STAYED), lexical).earlier[0] == ("stayed orbit", 1.0)
        found = prepared(BORN, history(ORBIT, REFUSAL), lexical).earlier
        assert [words for words, _ in found] == ["stayed orbit"]

    @pytest.mark.parametrize("talk", [("",), (ORBIT.upper(),)])
    def test_where_nothing_is_new_the_question_is_searched_by_itself(
        self, lexical: LexicalReader, talk: tuple[str, ...]
    ) -> None:
        assert prepared(ORBIT, history(*talk), lexical) == Question(ORBIT)

    @given(st.text(), st.lists(st.builds(HumanMessage, st.text()) | st.builds(AIMessage, st.text()), max_size=8))
    def test_whatever_was_said_a_bounded_number_of_words_is_joined(
        self, lexical: LexicalReader, question: str, talk: list[BaseMessage]
    ) -> None:
        found = prepared(question, [SystemMessage("Be brief."), *talk], lexical)
        assert found.text == question
        assert len(found.earlier) <= len(QUESTION_WEIGHTS) + 1
        for words, weight in found.earlier:
            assert 0 < len(words.split()) <= MOST_KEY_WORDS
            assert 0 < weight <= 1


class TestRewrites:
    """What of a model's rewriting is used: one question about the same, and neither an answer nor the prompt."""

    @pytest.mark.parametrize(
        "written",
        [
            "When was Michael Collins born?",
            '"When was Michael Collins born?"',
            "Rewritten question: When was Michael Collins born?",
            "Here is the rewritten question:\n\n**When was Michael Collins born?**\n",
            "The last question is: When was Michael Collins born?",
            "Sure! The standalone question: “When was Michael Collins born?”",
        ],
    )
    def test_quotation_marks_and_labels_are_taken_off(self, lexical: LexicalReader, written: str) -> None:
        assert tidy(written) == "When was Michael Collins born?"
        assert is_usable(tidy(written), BORN, TALK, lexical)
        assert tidy('Who wrote "Hamlet"?') == 'Who wrote "Hamlet"?'

    @pytest.mark.parametrize(
        "written",
        [
            "",
            BORN,
            "Michael Collins was born in 1930.",
            "When was Michael Collins born?\nMichael Collins was born in 1930.",
            "When was Michael Collins born? He was born in 1930.",
            "When was Michael Collins born? Where was he born?",
            "When was Michael Collins born [1]?",
            ORBIT,
            "When was Albert Einstein, the physicist from Ulm in Germany, born?",
            "Do bananas ripen?",
            "Last question: human: When was he born?",
            "When was he born in lunar orbit so that it can be understood without the conversation?",
            "When was Michael " + "Collins " * 40 + "born?",
        ],
    )
    def test_what_is_not_one_question_about_the_same_is_dropped(self, lexical: LexicalReader, written: str) -> None:
        assert not is_usable(tidy(written), BORN, TALK, lexical)

    @pytest.mark.parametrize(
        ("question", "written", "usable"),
        [
            ("tell me more about him", "tell me more about Michael Collins", True),
            ("when was he born", "when was Michael Collins born", True),
            ("when was he born", "Michael Collins was born in 1930", False),
            ("Why?", "Why did Michael Collins stay in lunar orbit?", True),
            ("Why?", "Why is the sky blue?", False),
            ("Wann wurde er geboren?", "Wann wurde Michael Collins geboren?", True),
            ("¿Cuándo nació él?", "¿Cuándo nació Michael Collins?", True),
            ("他什么时候出生？", "Michael Collins 他什么时候出生？", True),
        ],
    )
    def test_a_rewrite_asks_as_the_question_does_in_its_language(
        self, lexical: LexicalReader, question: str, written: str, usable: bool
    ) -> None:
        assert is_usable(written, question, TALK, lexical) == usable

    def test_no_sentence_of_the_prompt_is_a_question(self, lexical: LexicalReader) -> None:
        messages = load_prompt("rewrite").format_messages(history=TALK, question=BORN)
        lines = [line.strip("- ") for message in messages for line in message.text.splitlines()]
        assert not any(is_usable(tidy(line), BORN, TALK, lexical) for line in lines)

    @given(st.one_of(st.text(), st.text(alphabet="Michael Colns wherbw?\"'*\n[1]:")))
    def test_whatever_a_model_writes_what_is_used_is_a_short_line_without_markers(
        self, lexical: LexicalReader, written: str
    ) -> None:
        tidied = tidy(written)
        assert tidy(tidied) == tidied
        if is_usable(tidied, BORN, TALK, lexical):
            assert len(tidied.splitlines()) == 1
            assert len(tidied) <= MOST_CHARACTERS
            assert tidied.endswith(("?", "？", "؟"))
            assert without_markers(tidied) == tidied
