"""The chain with a chat model that writes, over real HTTP on loopback: what it may write, and how it may fail."""

import asyncio
import json
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import Runnable

from rag_app import Answer, Settings, load_chain, load_page
from rag_app.answering.chain import AnswerError, Request
from rag_app.answering.generation.markers import WORD_JOINER, without_markers
from rag_app.types import REFUSAL
from tests.conftest import CommandLine
from tests.rag_app.fault_server import RETRY_AFTER_S, Behaviour, FaultServer

Chain = Runnable[Request, Any]  # a stream gives text and then an Answer
SPEC = "openai:test-model"
QUESTION = "Who stayed in lunar orbit?"
STAYED = "Michael Collins stayed in lunar orbit aboard the command module Columbia"
HISTORY = [("human", QUESTION), ("ai", "Michael Collins stayed in lunar orbit. [1]")]
JOINED = "When was he born? stayed lunar orbit Michael Collins"
LOG = "ask again in a minute; if it stays so, see that server's log"


@pytest.fixture
def chain(samples_settings: Settings, fault_server: FaultServer) -> Chain:
    fault_server.answer = f"{STAYED} [1]. Cheese is made of milk [2]."
    return load_chain(settings=samples_settings.model_copy(update={"llm": SPEC}))


def passage_with(text: str, answer: Answer) -> int:
    return next(number for number, passage in enumerate(answer.passages, 1) if text in passage.chunk.text)


class TestWriting:
    def test_the_first_text_comes_before_the_model_has_finished(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.hold_after = 3
        began = time.monotonic()
        updates = chain.stream(QUESTION)
        assert next(updates) == "Michael"
        assert time.monotonic() - began < 30, "the server was waited for until it gave up holding"
        fault_server.release()
        *pieces, answer = updates
        assert "".join(map(str, ["Michael", *pieces])) == without_markers(fault_server.answer)
        assert isinstance(answer, Answer)

    def test_the_first_text_comes_early_in_async_code_too(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.hold_after = 3

        async def stream() -> Answer:
            updates = chain.astream(QUESTION)
            began = time.monotonic()
            assert await anext(updates) == "Michael"
            assert time.monotonic() - began < 30
            fault_server.release()
            answer: Answer = [update async for update in updates][-1]
            return answer

        assert asyncio.run(stream()).answered_by == SPEC

    def test_the_model_gets_the_question_and_the_numbered_passages_alone(
        self, chain: Chain, fault_server: FaultServer
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

    def test_a_supported_sentence_is_cited_and_an_unsupported_one_is_marked(
        self, chain: Chain, samples_settings: Settings
    ) -> None:
        answer = chain.invoke(QUESTION)
        assert answer.text == f"{STAYED}. [1] Cheese is made of milk."
        assert [(sentence.supported, sentence.markers) for sentence in answer.sentences] == [(True, (1,)), (False, ())]
        assert (answer.answered_by, answer.refused) == (SPEC, False)
        (found,) = answer.citations
        assert STAYED in found.quote
        assert load_page(found.source, found.page, settings=samples_settings)[found.start : found.end] == found.quote

    def test_the_passages_are_as_likely_to_hold_an_answer_whoever_writes_it(
        self, chain: Chain, samples_settings: Settings
    ) -> None:
        quoted = load_chain(settings=samples_settings).invoke(QUESTION)
        assert chain.invoke(QUESTION).answerability == pytest.approx(quoted.answerability)

    def test_markers_that_point_at_nothing_are_removed(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.answer = f"{STAYED} [99][7-9]. Cheese is made of milk [42]."
        assert chain.invoke(QUESTION).text == f"{STAYED}. [1] Cheese is made of milk."

    def test_a_right_claim_with_a_wrong_number_gets_the_right_citation(
        self, chain: Chain, fault_server: FaultServer
    ) -> None:
        right = passage_with(STAYED, chain.invoke(QUESTION))
        wrong = right % 6 + 1
        fault_server.answer = f"{STAYED} [{wrong}]."
        (found,) = chain.invoke(QUESTION).citations
        assert STAYED in found.quote

    def test_a_wrong_figure_is_not_supported(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.answer = f"{STAYED} in 1984 [1]."
        answer = chain.invoke(QUESTION)
        assert (answer.citations, answer.sentences[0].supported) == ((), False)

    @pytest.mark.parametrize("written", [REFUSAL, f"I am sorry. {REFUSAL} [1]", "[1]", "   "])
    def test_a_model_that_does_not_answer_makes_a_refusal(
        self, chain: Chain, fault_server: FaultServer, written: str
    ) -> None:
        fault_server.answer = written
        answer = chain.invoke(QUESTION)
        assert (answer.text, answer.refused, answer.citations) == (REFUSAL, True, ())
        assert answer.passages

    def test_a_real_small_model_writes_an_answer_that_keeps_the_law(
        self, samples_settings: Settings, smollm_path: Path
    ) -> None:
        chain = load_chain(settings=samples_settings.model_copy(update={"llm": f"gguf:{smollm_path}", "top_k": 1}))
        *pieces, answer = chain.stream(QUESTION)
        assert isinstance(answer, Answer)
        assert len(pieces) > 3
        assert answer.answered_by == f"gguf:{smollm_path}"
        numbers = {citation.marker for citation in answer.citations}
        assert {int(number) for number in re.findall(r"\[(\d+)\]", answer.text)} == numbers
        for found in answer.citations:
            page = load_page(found.source, found.page, settings=samples_settings)
            assert page[found.start : found.end] == found.quote


class TestFollowUps:
    def ask(self, chain: Chain) -> Answer:
        answer: Answer = chain.invoke({"question": "When was he born?", "history": HISTORY})
        return answer

    def test_the_question_as_the_model_rewrote_it_is_searched(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.answer = "When was Michael Collins born?"
        answer = self.ask(chain)
        assert (answer.question, answer.searched_for) == ("When was he born?", "When was Michael Collins born?")
        rewrite, written = (chat.body["messages"][-1]["content"] for chat in fault_server.chats)
        assert f"human: {QUESTION}" in rewrite
        assert written.endswith("Question: When was Michael Collins born?")

    @pytest.mark.parametrize("written", ["Bananas ripen.", "When was Collins born?\nIn 1930.", "Collins " * 90])
    def test_a_rewrite_that_cannot_be_used_is_dropped_and_the_question_asked_as_it_is(
        self, chain: Chain, fault_server: FaultServer, written: str
    ) -> None:
        fault_server.answer = written
        assert self.ask(chain).searched_for == JOINED
        assert fault_server.chats[-1].body["messages"][-1]["content"].endswith("Question: When was he born?")

    def test_a_rewrite_that_fails_does_not_fail_the_answer(self, chain: Chain, fault_server: FaultServer) -> None:
        fault_server.behave("server_error", "server_error", "server_error", "answer")
        answer = self.ask(chain)
        assert answer.searched_for == JOINED
        assert not answer.refused

    def test_without_a_conversation_the_model_is_asked_once(self, chain: Chain, fault_server: FaultServer) -> None:
        chain.invoke(QUESTION)
        assert len(fault_server.chats) == 1


FAILURES: dict[Behaviour, tuple[str, str]] = {
    "wrong_key": (
        "the key for openai:test-model was refused (401): Incorrect API key provided: ***",
        "set OPENAI_API_KEY to a key that is valid for {server}",
    ),
    "rate_limit": (
        f"{{server}} takes no more requests for openai:test-model just now (429); it asks to wait {RETRY_AFTER_S} s",
        f"ask again in {RETRY_AFTER_S} s",
    ),
    "server_error": (
        "{server} failed on openai:test-model (500): The server had an error",
        f"ask again in {RETRY_AFTER_S} s; if it stays so, see that server's log or status page",
    ),
    "dies_before_answer": ("{server} failed on openai:test-model: Server disconnected", LOG),
    "dies_in_stream": ("{server} failed on openai:test-model: peer closed connection", LOG),
    "ends_early": ("{server} failed on openai:test-model: the answer ended before it was complete", LOG),
    "error_in_stream": ("{server} failed on openai:test-model: The model ran out of memory", LOG),
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class TestFailures:
    @pytest.mark.parametrize("behaviour", FAILURES)
    def test_a_failure_is_told_with_a_hint_and_the_passages(
        self, chain: Chain, fault_server: FaultServer, behaviour: Behaviour
    ) -> None:
        fault_server.behave(behaviour)
        with pytest.raises(AnswerError) as caught:
            chain.invoke(QUESTION)
        message, hint = FAILURES[behaviour]
        assert caught.value.message.startswith(message.format(server=fault_server.address))
        assert caught.value.hint.startswith(hint.format(server=fault_server.address))
        assert any(STAYED in passage.chunk.text for passage in caught.value.passages)

    def test_a_server_that_is_down_is_named(
        self, samples_settings: Settings, fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = f"127.0.0.1:{free_port()}"
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://{address}/v1")
        chain = load_chain(settings=samples_settings.model_copy(update={"llm": SPEC}))
        with pytest.raises(AnswerError) as caught:
            chain.invoke(QUESTION)
        assert caught.value.message.startswith(f"no model server can be reached at {address}, for {SPEC}")
        assert "check OPENAI_BASE_URL" in caught.value.hint
        assert caught.value.passages

    def test_a_stream_that_breaks_off_ends_in_the_error_and_in_no_answer(
        self, chain: Chain, fault_server: FaultServer
    ) -> None:
        fault_server.behave("dies_in_stream")
        updates = chain.stream(QUESTION)
        assert [next(updates) for _ in range(3)] == ["Michael", " Collins", " stayed"]
        with pytest.raises(AnswerError):
            next(updates)


class TestCommandLine:
    def test_a_failure_is_two_lines_on_stderr_and_the_passages_on_stdout(
        self, rag: CommandLine, samples_settings: Settings, fault_server: FaultServer
    ) -> None:
        fault_server.answer = "Halfway written words come here."
        fault_server.behave("dies_in_stream")
        here = {"RAG_DATA_DIR": str(samples_settings.data_dir), "RAG_LLM": SPEC}
        run = rag("ask", QUESTION, "--collection", "samples", **here)
        assert run.returncode == 2
        message, hint = FAILURES["dies_in_stream"]
        error, advice = run.stderr.splitlines()
        assert error.startswith(f"error: {message.format(server=fault_server.address)}")
        assert advice.startswith(f"hint: {hint}")
        titles = [line for line in run.stdout.splitlines() if not line.startswith(" ")]
        assert [title[:3] for title in titles] == [f"{number}. " for number in range(1, 7)]
        assert STAYED in run.stdout
        assert "Halfway" not in run.stdout

    def test_a_failure_in_json_has_the_passages_too(
        self, rag: CommandLine, samples_settings: Settings, fault_server: FaultServer
    ) -> None:
        fault_server.behave("wrong_key")
        here = {"RAG_DATA_DIR": str(samples_settings.data_dir), "RAG_LLM": SPEC}
        run = rag("ask", QUESTION, "--collection", "samples", "--json", **here)
        found = json.loads(run.stdout)
        assert (run.returncode, list(found)) == (2, ["question", "error", "hint", "passages"])
        assert run.stderr == f"error: {found['error']}\nhint: {found['hint']}\n"
        assert len(found["passages"]) == 6

    def test_a_written_answer_says_who_wrote_it(
        self, rag: CommandLine, samples_settings: Settings, fault_server: FaultServer
    ) -> None:
        fault_server.answer = f"{STAYED} [1]. Cheese is made of milk."
        here = {"RAG_DATA_DIR": str(samples_settings.data_dir), "RAG_LLM": SPEC}
        run = rag("ask", QUESTION, "--collection", "samples", **here)
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith(f"{STAYED}. [1] Cheese is made of milk. (unsupported)\n\n[1] ")
        assert run.stderr == f"\n1 of 2 sentences have no support in the documents\n\nAnswered by {SPEC}.\n"

    def test_a_key_in_the_environment_sends_nothing_anywhere(
        self, rag: CommandLine, fault_server: FaultServer, tmp_path: Path
    ) -> None:
        """Only naming a model does; here the key and the address stand ready in the environment."""
        (tmp_path / "secret.md").write_text("The ferry Aurora leaves Kiel at 19:45.", encoding="utf-8")
        assert rag("ingest", "secret.md").returncode == 0
        run = rag("ask", "When does the ferry leave Kiel?")
        assert (run.returncode, run.stdout.splitlines()[0]) == (0, "The ferry Aurora leaves Kiel at 19:45. [1]")
        assert "Answered by quotes." in run.stderr
        assert fault_server.requests == []
