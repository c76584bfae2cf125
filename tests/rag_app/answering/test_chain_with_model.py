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

from rag_app import Answer, Settings, ingest_paths, load_chain, load_page, load_retriever
from rag_app.answering.chain import AnswerError, Request, Writer, build_chain
from rag_app.answering.generation.markers import WORD_JOINER, without_markers
from rag_app.types import REFUSAL
from rag_app.wiring import load_judge, load_reader
from tests.conftest import CommandLine
from tests.rag_app.fault_server import Behaviour, FaultServer

Chain = Runnable[Request, Any]  # a stream gives text and then an Answer
SPEC = "openai:test-model"
QUESTION, BORN = "Who stayed in lunar orbit?", "When was he born?"
STAYED = "Michael Collins stayed in lunar orbit aboard the command module Columbia"
ASKED, TALL = "How tall is the Eiffel Tower?", "The Eiffel Tower is 330 metres tall"
CHEESE = "Cheese is made of milk."
HISTORY = [("human", QUESTION), ("ai", "Michael Collins stayed in lunar orbit. [1]")]
JOINED = "When was he born? stayed lunar orbit Michael Collins"


def judged(*verdicts: str) -> str:
    """What a chat model says of the sentences of an answer, the first of which it finds word for word in a passage."""
    said = [{"sentence": number, "verdict": verdict} for number, verdict in enumerate(verdicts, 1)]
    return json.dumps({"verdicts": [{**said[0], "passage": 1, "quote": f"{TALL}."}, *said[1:]]})


@pytest.fixture
def chain(samples_settings: Settings, fault_server: FaultServer) -> Chain:
    fault_server.answer = f"{STAYED} [1]. Cheese is made of milk [2]."
    return load_chain(settings=samples_settings.model_copy(update={"llm": SPEC}))


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A collection of two short documents, one of which says how tall a tower is."""
    folder = tmp_path_factory.mktemp("towers")
    for name, text in {"tower": f"{TALL}.", "garden": "Tomatoes need sun and water."}.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    here = Settings(collection="towers", data_dir=folder / "data")
    ingest_paths([folder], settings=here)
    return here


@pytest.fixture
def judged_chain(towers: Settings, fault_server: FaultServer) -> Chain:
    """The model judges what it wrote: that the first sentence is proved by the document, and the second is not."""
    fault_server.answer, fault_server.judgements = f"{TALL} [1]. {CHEESE}", judged("supported", "unsaid")
    return load_chain(settings=towers.model_copy(update={"llm": SPEC}))


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
        self, judged_chain: Chain, fault_server: FaultServer, towers: Settings
    ) -> None:
        answer = judged_chain.invoke(ASKED)
        chat, judging = fault_server.chats
        system, human = (message["content"] for message in chat.body["messages"])
        assert REFUSAL in system
        assert human.endswith(f"Question: {ASKED}")
        numbers = [int(number) for number in re.findall(r"(?m)^<passage (\d+)>$", human)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(passage.chunk.text in human.replace(WORD_JOINER, "") for passage in answer.passages)
        assert all(passage.chunk.title in human for passage in answer.passages)

        assert answer.text == f"{TALL}. [1] {CHEESE}"
        assert [(one.state, one.markers) for one in answer.sentences] == [("proved", (1,)), ("not proved", ())]
        assert judging.body["messages"][-1]["content"].endswith(f"1. {TALL}.\n2. {CHEESE}")
        assert (answer.answered_by, answer.refused) == (SPEC, False)
        (found,) = answer.citations
        assert TALL in found.quote
        assert load_page(found.source, found.page, settings=towers)[found.start : found.end] == found.quote
        quoted = load_chain(settings=towers).invoke(ASKED)
        assert answer.answerability == pytest.approx(quoted.answerability), "whoever writes"

    def test_markers_that_point_at_nothing_are_removed_and_wrong_ones_put_right(
        self, judged_chain: Chain, fault_server: FaultServer
    ) -> None:
        fault_server.answer = f"{TALL} [99][7-9]. Cheese is made of milk [42]."
        answer = judged_chain.invoke(ASKED)
        assert answer.text == f"{TALL}. [1] {CHEESE}"
        right = next(n for n, passage in enumerate(answer.passages, 1) if TALL in passage.chunk.text)
        fault_server.answer = f"{TALL} [{right % 2 + 1}]."
        (found,) = judged_chain.invoke(ASKED).citations
        assert TALL in found.quote

    @pytest.mark.parametrize("written", [REFUSAL, f"I am sorry. {REFUSAL} [1]", "[1]", "   "])
    def test_a_model_that_does_not_answer_makes_a_refusal(
        self, chain: Chain, fault_server: FaultServer, written: str
    ) -> None:
        fault_server.answer = written
        answer = chain.invoke(QUESTION)
        assert (answer.text, answer.refused, answer.citations) == (REFUSAL, True, ())
        assert answer.passages

    def test_an_answer_of_which_nothing_is_proved_is_shown_as_that(
        self, chain: Chain, fault_server: FaultServer
    ) -> None:
        fault_server.answer, fault_server.judgements = f"# Milk\n\n{CHEESE} [1]", "I cannot say."
        answer = chain.invoke(QUESTION)
        assert (answer.text, answer.refused, answer.citations) == (f"# Milk\n\n{CHEESE}", False, ())
        assert [sentence.state for sentence in answer.sentences] == ["not a claim", "not proved"]

    def test_documents_that_do_not_agree_are_told_under_what_a_model_wrote_if_it_wrote_anything(
        self, fault_server: FaultServer, tmp_path: Path
    ) -> None:
        opens = "The town library opens at 9 in the morning and closes at 18 on weekdays."
        for name, text in {"old": opens, "new": opens.replace("9", "10")}.items():
            (tmp_path / f"{name}.md").write_text(f"# Opening hours\n\n{text}\n", encoding="utf-8")
        here = Settings(llm=SPEC)
        ingest_paths([tmp_path], settings=here)
        chain = load_chain(settings=here)
        fault_server.answer, fault_server.judgements = CHEESE, judged("unsaid")
        said, notice, *_ = chain.invoke("When does the town library open?").sentences
        assert (said.words, len(notice.markers), notice.state) == (CHEESE, 2, "proved")
        fault_server.answer = "[1]"
        assert chain.invoke("When does the town library open?").refused

    @pytest.mark.long("a language model writes")
    def test_a_real_small_model_writes_an_answer_that_keeps_the_law(
        self, samples_settings: Settings, smollm: ChatOpenAI
    ) -> None:
        writer = Writer(smollm.model_copy(update={"max_tokens": 60}), "gguf:smollm")
        retriever = load_retriever(k=1, settings=samples_settings)
        judge, reader = load_judge(samples_settings), load_reader(samples_settings)
        *pieces, answer = build_chain(retriever, judge=judge, reader=reader, writer=writer).stream(QUESTION)
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
        rewrite, written, *_ = (chat.body["messages"][-1]["content"] for chat in fault_server.chats)
        assert f"human: {QUESTION}" in rewrite
        assert written.endswith("Question: When was Michael Collins born?")

    @pytest.mark.parametrize("written", ["Bananas ripen.", "When was Collins born?\nIn 1930.", "Collins " * 90])
    def test_a_rewrite_that_cannot_be_used_is_dropped_and_the_question_asked_as_it_is(
        self, chain: Chain, fault_server: FaultServer, written: str
    ) -> None:
        fault_server.answer = written
        assert self.ask(chain).searched_for == JOINED
        assert fault_server.chats[1].body["messages"][-1]["content"].endswith(f"Question: {BORN}")

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
        assert [title.split()[0] for title in titles] == [f"{number}." for number in range(1, 11)]
        assert STAYED in run.stdout
        assert "Halfway" not in run.stdout

        fault_server.behave("wrong_key")
        run = rag("ask", QUESTION, "--collection", "samples", "--json", **here)
        found = json.loads(run.stdout)
        assert (run.returncode, list(found)) == (2, ["question", "error", "hint", "passages"])
        assert run.stderr == f"error: {found['error']}\nhint: {found['hint']}\n"
        assert len(found["passages"]) == 10

    def test_a_written_answer_says_who_wrote_it(
        self, rag: CommandLine, fault_server: FaultServer, towers: Settings
    ) -> None:
        fault_server.answer, fault_server.judgements = f"{TALL} [1]. {CHEESE}", judged("supported", "unsaid")
        run = rag("ask", ASKED, "--collection", "towers", RAG_DATA_DIR=str(towers.data_dir), RAG_LLM=SPEC)
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith(f"{TALL}. [1] {CHEESE} (not proved)\n\n[1] ")
        assert run.stderr == f"\n1 of 2 sentences is not proved\n\nAnswered by {SPEC}.\n"

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
