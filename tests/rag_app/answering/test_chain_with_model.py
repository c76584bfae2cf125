"""The chain with a chat model that writes, over real HTTP on loopback: what it may write, and how it may fail."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI

from rag_app import Answer, Settings, load_chain, load_page, load_retriever
from rag_app.answering.chain import AnswerError, Request, Writer, build_chain
from rag_app.answering.generation.markers import WORD_JOINER, without_markers
from rag_app.types import REFUSAL
from rag_app.wiring import load_judge
from tests.conftest import CommandLine
from tests.rag_app.fault_server import Behaviour, FaultServer

Chain = Runnable[Request, Any]  # a stream gives text and then an Answer
SPEC = "openai:test-model"
QUESTION, BORN = "Who stayed in lunar orbit?", "When was he born?"
STAYED = "Michael Collins stayed in lunar orbit aboard the command module Columbia"
HISTORY = [("human", QUESTION), ("ai", "Michael Collins stayed in lunar orbit. [1]")]
JOINED = "When was he born? stayed lunar orbit Michael Collins"


@pytest.fixture
def chain(samples_settings: Settings, fault_server: FaultServer) -> Chain:
    fault_server.answer = f"{STAYED} [1]. Cheese is made of milk [2]."
    return load_chain(settings=samples_settings.model_copy(update={"llm": SPEC}))


class TestWriting:
    @pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
    def test_the_first_text_comes_before_the_model_has_finished(
        self,
        chain: Chain,
        fault_server: FaultServer,
        is_async: bool,
    ) -> None:
        fault_server.hold_after = 3
        began = time.monotonic()

        def check(first: Any) -> None:
            assert first == "Michael"
            assert time.monotonic() - began < 30, "the server was waited for until it gave up holding"
            fault_server.release()

        async def stream() -> list[Any]:
            updates = chain.astream(QUESTION)
            check(await anext(updates))
            return [update async for update in updates]

        if is_async:
            *pieces, answer = asyncio.run(stream())
        else:
            updates = chain.stream(QUESTION)
            check(next(updates))
            *pieces, answer = updates
        assert "".join(["Michael", *pieces]) == without_markers(fault_server.answer)
        assert isinstance(answer, Answer)

    def test_a_model_gets_question_and_passages_and_each_sentence_is_cited_or_marked(
        self, chain: Chain, fault_server: FaultServer, samples_settings: Settings
    ) -> None:
        answer = chain.invoke(QUESTION)
        (chat,) = fault_server.chats
        system, human = (message["content"] for message in chat.body["messages"])
        assert REFUSAL in system
        assert human.endswith(f"Question: {QUESTION}")
        numbers = [int(number) for number in re.findall(r"(?m)^<passage (\d+)>$", human)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(passage.chunk.text in human.replace(WORD_JOINER, "") for passage in answer.passages)
        assert all(passage.chunk.title in human for passage in answer.passages)

        assert answer.text == f"{STAYED}. [1] Cheese is made of milk."
        assert [(sentence.supported, sentence.markers) for sentence in answer.sentences] == [(True, (1,)), (False, ())]
        assert (answer.answered_by, answer.refused) == (SPEC, False)
        (found,) = answer.citations
        assert STAYED in found.quote
        assert load_page(found.source, found.page, settings=samples_settings)[found.start : found.end] == found.quote
        quoted = load_chain(settings=samples_settings).invoke(QUESTION)
        assert answer.answerability == pytest.approx(quoted.answerability), "whoever writes"

    def test_markers_that_point_at_nothing_are_removed_and_wrong_ones_put_right(
        self, chain: Chain, fault_server: FaultServer
    ) -> None:
        fault_server.answer = f"{STAYED} [99][7-9]. Cheese is made of milk [42]."
        answer = chain.invoke(QUESTION)
        assert answer.text == f"{STAYED}. [1] Cheese is made of milk."
        right = next(n for n, passage in enumerate(answer.passages, 1) if STAYED in passage.chunk.text)
        fault_server.answer = f"{STAYED} [{right % 6 + 1}]."
        (found,) = chain.invoke(QUESTION).citations
        assert STAYED in found.quote

    @pytest.mark.parametrize("written", [REFUSAL, f"I am sorry. {REFUSAL} [1]", "[1]", "   ", f"{STAYED} in 1984 [1]."])
    def test_a_model_that_does_not_answer_makes_a_refusal(
        self, chain: Chain, fault_server: FaultServer, written: str
    ) -> None:
        fault_server.answer = written
        answer = chain.invoke(QUESTION)
        assert (answer.text, answer.refused, answer.citations) == (REFUSAL, True, ())
        assert answer.passages

    @pytest.mark.long("a language model writes")
    def test_a_real_small_model_writes_an_answer_that_keeps_the_law(
        self, samples_settings: Settings, smollm: ChatOpenAI
    ) -> None:
        writer = Writer(smollm.model_copy(update={"max_tokens": 60}), "gguf:smollm")
        retriever = load_retriever(k=1, settings=samples_settings)
        *pieces, answer = build_chain(retriever, judge=load_judge(samples_settings), writer=writer).stream(QUESTION)
        assert isinstance(answer, Answer)
        assert len(pieces) > 3
        assert answer.answered_by == "gguf:smollm"
        numbers = {citation.marker for citation in answer.citations}
        assert {int(number) for number in re.findall(r"\[(\d+)\]", answer.text)} == numbers
        for found in answer.citations:
            page = load_page(found.source, found.page, settings=samples_settings)
            assert page[found.start : found.end] == found.quote


class TestFollowUps:
    def ask(self, chain: Chain) -> Answer:
        answer: Answer = chain.invoke({"question": BORN, "history": HISTORY})
        return answer

    def test_the_question_as_the_model_rewrote_it_is_searched(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.answer = "When was Michael Collins born?"
        answer = self.ask(chain)
        assert (answer.question, answer.searched_for) == (BORN, "When was Michael Collins born?")
        rewrite, written = (chat.body["messages"][-1]["content"] for chat in fault_server.chats)
        assert f"human: {QUESTION}" in rewrite
        assert written.endswith("Question: When was Michael Collins born?")

    @pytest.mark.parametrize("written", ["Bananas ripen.", "When was Collins born?\nIn 1930.", "Collins " * 90])
    def test_a_rewrite_that_cannot_be_used_is_dropped_and_the_question_asked_as_it_is(
        self, chain: Chain, fault_server: FaultServer, written: str
    ) -> None:
        fault_server.answer = written
        assert self.ask(chain).searched_for == JOINED
        assert fault_server.chats[-1].body["messages"][-1]["content"].endswith(f"Question: {BORN}")

    def test_a_rewrite_that_fails_does_not_fail_the_answer(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.behave("wrong_key", "answer")
        answer = self.ask(chain)
        assert (answer.searched_for, answer.refused) == (JOINED, False)


FAILURES: dict[Behaviour, str] = {
    "wrong_key": "the key for openai:test-model was refused (401)",
    "dies_in_stream": "{server} failed on openai:test-model: peer closed connection",
    "ends_early": "{server} failed on openai:test-model: the answer ended before it was complete",
}


class TestFailures:
    @pytest.mark.parametrize("behaviour", FAILURES)
    def test_a_failure_ends_the_stream_in_an_error_with_a_hint_and_the_passages(
        self, chain: Chain, fault_server: FaultServer, behaviour: Behaviour
    ) -> None:
        fault_server.behave(behaviour)
        updates, pieces = chain.stream(QUESTION), list[Any]()
        with pytest.raises(AnswerError) as caught:
            pieces.extend(updates)
        assert caught.value.message.startswith(FAILURES[behaviour].format(server=fault_server.address))
        assert caught.value.hint
        assert any(STAYED in passage.chunk.text for passage in caught.value.passages)
        assert not [piece for piece in pieces if isinstance(piece, Answer)]


class TestCommandLine:
    @pytest.fixture
    def here(self, samples_settings: Settings) -> dict[str, str]:
        return {"RAG_DATA_DIR": str(samples_settings.data_dir), "RAG_LLM": SPEC}

    def test_a_failure_is_two_lines_on_stderr_and_the_passages_on_stdout(
        self, rag: CommandLine, fault_server: FaultServer, here: dict[str, str]
    ) -> None:
        fault_server.answer = "Halfway written words come here."
        fault_server.behave("dies_in_stream")
        run = rag("ask", QUESTION, "--collection", "samples", **here)
        assert run.returncode == 2
        error, advice = run.stderr.splitlines()
        assert error.startswith(f"error: {FAILURES['dies_in_stream'].format(server=fault_server.address)}")
        assert advice.startswith("hint: ask again in a minute")
        titles = [line for line in run.stdout.splitlines() if not line.startswith(" ")]
        assert [title[:3] for title in titles] == [f"{number}. " for number in range(1, 7)]
        assert STAYED in run.stdout
        assert "Halfway" not in run.stdout

        fault_server.behave("wrong_key")
        run = rag("ask", QUESTION, "--collection", "samples", "--json", **here)
        found = json.loads(run.stdout)
        assert (run.returncode, list(found)) == (2, ["question", "error", "hint", "passages"])
        assert run.stderr == f"error: {found['error']}\nhint: {found['hint']}\n"
        assert len(found["passages"]) == 6

    def test_a_written_answer_says_who_wrote_it(
        self, rag: CommandLine, fault_server: FaultServer, here: dict[str, str]
    ) -> None:
        fault_server.answer = f"{STAYED} [1]. Cheese is made of milk."
        run = rag("ask", QUESTION, "--collection", "samples", **here)
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith(f"{STAYED}. [1] Cheese is made of milk. (unsupported)\n\n[1] ")
        assert run.stderr == f"\n1 of 2 sentences have no support in the documents\n\nAnswered by {SPEC}.\n"

    def test_a_key_in_the_environment_sends_nothing_anywhere(
        self, rag: CommandLine, fault_server: FaultServer, tmp_path: Path
    ) -> None:
        """Only naming a model does; here the key and the address are ready in the environment."""
        (tmp_path / "secret.md").write_text("The ferry Aurora leaves Kiel at 19:45.", encoding="utf-8")
        assert rag("ingest", "secret.md").returncode == 0
        run = rag("ask", "When does the ferry leave Kiel?")
        assert (run.returncode, run.stdout.splitlines()[0]) == (0, "The ferry Aurora leaves Kiel at 19:45. [1]")
        assert "Answered by quotes." in run.stderr
        assert fault_server.requests == []
