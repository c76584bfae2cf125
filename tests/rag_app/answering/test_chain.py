"""The chain from a question to an Answer, in this process, by quotes."""

import asyncio
import re
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnablePassthrough

from rag_app import Answer, IngestReport, Settings, ingest_paths, load_chain, load_page, load_retriever
from rag_app.answering.chain import Request
from rag_app.types import REFUSAL, Citation
from vectorstore.errors import CollectionNotFoundError, InputError
from vectorstore.types import Passage

Chain = Runnable[Request, Answer]
QUESTION, BREAD = "Who stayed in lunar orbit?", "How do I bake bread?"
QUESTIONS = [
    QUESTION,
    "How much did the guidance computer weigh?",
    "How tall was the Saturn V?",
    "What is cosine similarity?",
    "What does EVA stand for?",
    BREAD,
]


def timeless(answer: Answer) -> Answer:
    """The answer without its time, which no two runs share."""
    return replace(answer, seconds=0)


class Recorder(BaseCallbackHandler):
    """The names of the events that LangChain reports."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def on_chain_start(self, *arguments: Any, name: str | None = None, **values: Any) -> None:
        self.events.append(f"chain {name}")

    def on_chain_end(self, *arguments: Any, **values: Any) -> None:
        self.events.append("chain end")

    def on_retriever_start(self, serialized: Any, query: str, **values: Any) -> None:
        self.events.append(f"retriever: {query}")

    def on_retriever_end(self, documents: Any, **values: Any) -> None:
        self.events.append(f"retriever end: {len(documents)}")


def holds(passage: Passage, found: Citation) -> bool:
    chunk = passage.chunk
    is_same_page = (chunk.source, chunk.page) == (found.source, found.page)
    return is_same_page and chunk.start <= found.start <= found.end <= chunk.end


@pytest.fixture(scope="module")
def answers(samples_chain: Chain) -> dict[str, Answer]:
    return {question: samples_chain.invoke(question) for question in QUESTIONS}


class TestFourLines:
    def test_documents_in_and_a_cited_answer_out(self, tmp_path: Path) -> None:
        """The lines of the README, on a file of one's own and the collection `default`."""
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "ferry.md").write_text("# Ferry\n\nThe ferry Aurora leaves Kiel at 19:45.\n", "utf-8")
        report = ingest_paths(["docs/"])
        answer = load_chain().invoke("When does the ferry leave Kiel?")
        citation = answer.citations[0]
        assert isinstance(report, IngestReport)
        assert isinstance(answer, Answer)
        assert isinstance(citation, Citation)
        assert (report.collection, report.counts()) == ("default", {"added": 1})
        assert answer.text == "The ferry Aurora leaves Kiel at 19:45. [1]"
        assert (answer.refused, answer.answered_by, citation.page) == (False, "quotes", None)
        assert citation.quote == "The ferry Aurora leaves Kiel at 19:45."
        page = load_page(citation.source, citation.page)
        assert page == "# Ferry\n\nThe ferry Aurora leaves Kiel at 19:45.\n"
        assert page[citation.start : citation.end] == citation.quote


class TestAnswer:
    def test_every_citation_is_exact_and_was_given_for_the_question(
        self, answers: dict[str, Answer], samples_settings: Settings
    ) -> None:
        for answer in answers.values():
            for found in answer.citations:
                page = load_page(found.source, found.page, settings=samples_settings)
                assert page[found.start : found.end] == found.quote
                assert any(holds(passage, found) for passage in answer.passages)
            for passage in answer.passages:
                chunk = passage.chunk
                page = load_page(chunk.source, chunk.page, settings=samples_settings)
                assert page[chunk.start : chunk.end] == chunk.text

    def test_a_question_that_the_documents_do_not_answer_is_refused(self, answers: dict[str, Answer]) -> None:
        answer = answers[BREAD]
        assert (answer.text, answer.refused, answer.citations) == (REFUSAL, True, ())
        assert answer.passages, "the closest are shown all the same"
        assert 0 <= answer.answerability < answers[QUESTION].answerability <= 1

    def test_an_answer_says_what_was_asked_who_answered_and_how_long_it_took(self, samples_chain: Chain) -> None:
        answer = samples_chain.invoke(f"  \udcff {QUESTION}\n")
        asked = f"? {QUESTION}"  # a byte that is no text
        assert (answer.question, answer.searched_for, answer.answered_by) == (asked, asked, "quotes")
        assert 0 < answer.seconds < 60
        assert not answer.refused

    @pytest.mark.parametrize(
        ("question", "message"),
        [
            ("", "the question is empty"),
            (" \n\t", "the question is empty"),
            ("?!…", "the question has no word in it"),
            ("why " * 2501, "the question has 10,003 characters; at most 10,000 are read"),
            (5, "a question is a text, not int"),
        ],
    )
    def test_what_is_no_question_is_refused_before_anything_is_searched(
        self, samples_chain: Chain, question: Any, message: str
    ) -> None:
        recorder = Recorder()
        with pytest.raises(InputError) as caught:
            samples_chain.invoke(question, {"callbacks": [recorder]})
        assert caught.value.message == message
        assert not [event for event in recorder.events if event.startswith("retriever")]

    def test_a_collection_that_is_not_there_is_named(self) -> None:
        with pytest.raises(CollectionNotFoundError, match="there is no collection papers"):
            load_chain(settings=Settings(collection="papers"))


class TestRunnable:
    @pytest.mark.parametrize("question", [QUESTION, BREAD])
    def test_the_stream_is_text_and_then_the_answer(
        self, samples_chain: Chain, answers: dict[str, Answer], question: str
    ) -> None:
        *pieces, answer = samples_chain.stream(question)
        assert all(isinstance(piece, str) for piece in pieces)
        assert isinstance(answer, Answer)
        assert timeless(answer) == timeless(answers[question])
        assert "".join(map(str, pieces)).split() == re.sub(r" \[\d+\]", "", answer.text).split()

    def test_a_batch_is_as_many_invokes(self, samples_chain: Chain, answers: dict[str, Answer]) -> None:
        questions: list[Request] = [*QUESTIONS, QUESTION]
        batch = samples_chain.batch(questions)
        assert [answer.question for answer in batch] == questions
        assert [timeless(answer) for answer in batch] == [timeless(answers[answer.question]) for answer in batch]

    def test_the_async_calls_give_the_same(self, samples_chain: Chain, answers: dict[str, Answer]) -> None:
        async def ask() -> list[Any]:
            streamed = [update async for update in samples_chain.astream(QUESTION)]
            return [*streamed, await samples_chain.ainvoke(QUESTION), *await samples_chain.abatch([QUESTION])]

        *pieces, last, alone, batched = asyncio.run(ask())
        assert [timeless(answer) for answer in (last, alone, batched)] == [timeless(answers[QUESTION])] * 3
        assert pieces
        assert all(isinstance(piece, str) for piece in pieces)

    def test_callbacks_are_told_of_the_chain_and_of_the_retriever_inside_it(self, samples_chain: Chain) -> None:
        expected = ["chain rag", f"retriever: {QUESTION}", "retriever end: 10", "chain end"]
        told, told_async = Recorder(), Recorder()
        samples_chain.invoke(QUESTION, {"callbacks": [told]})
        asyncio.run(samples_chain.ainvoke(QUESTION, {"callbacks": [told_async]}))
        assert told.events == told_async.events == expected

    def test_the_chain_is_a_piece_of_other_chains(self, samples_chain: Chain) -> None:
        in_capitals = samples_chain | (lambda answer: answer.text.upper())
        assert in_capitals.invoke(BREAD) == REFUSAL.upper()


class TestHistory:
    @pytest.mark.parametrize(
        "history",
        [
            [("human", QUESTION), ("ai", "Michael Collins.")],
            [HumanMessage(QUESTION), AIMessage("Michael Collins.")],
            [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "Michael Collins."}],
        ],
    )
    def test_a_follow_up_is_searched_with_what_it_refers_to(self, samples_chain: Chain, history: list[Any]) -> None:
        answer = samples_chain.invoke({"question": "When was he born?", "history": history})
        assert answer.question == "When was he born?"
        assert answer.searched_for.startswith("When was he born? stayed lunar orbit Michael Collins")
        assert not answer.refused

    def test_a_request_without_history_is_the_question(self, samples_chain: Chain, answers: dict[str, Answer]) -> None:
        answer = samples_chain.invoke({"question": QUESTION, "history": []})
        assert timeless(answer) == timeless(answers[QUESTION])


class TestRetriever:
    def test_a_retriever_finds_k_documents_best_first_or_as_many_as_the_settings_say(
        self, samples_settings: Settings
    ) -> None:
        found = load_retriever(k=8, settings=samples_settings).invoke("orbit")
        scores = [document.metadata["score"] for document in found]
        assert len(found) == 8
        assert scores == sorted(scores, reverse=True)
        three = samples_settings.model_copy(update={"top_k": 3})
        assert len(load_retriever(settings=three).invoke("orbit")) == 3

    def test_a_retriever_serves_in_a_chain_of_ones_own(self, samples_settings: Settings) -> None:
        def join(documents: list[Document]) -> str:
            return " ".join(document.page_content for document in documents)

        retriever = load_retriever(k=8, settings=samples_settings)
        chain = RunnablePassthrough.assign(context=itemgetter("question") | retriever | join)
        found = chain.invoke({"question": QUESTION})
        assert found["question"] == QUESTION
        assert "Michael Collins stayed in lunar orbit" in found["context"]
