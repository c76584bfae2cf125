"""An answer of the page in the making: what is told of it meanwhile, and how it ends before its time."""

import time
from collections.abc import Callable, Iterator

import pytest

from rag_app import Answer, Settings
from rag_app.web.chat.background_answer import (
    CHECKING,
    OPENING,
    REWRITING,
    SEARCHING,
    WRITING,
    Answering,
    answer,
    begin,
    cached_chain,
)
from rag_app.web.chat.outcomes import STOPPED, Failure
from tests.rag_app.fault_server import FaultServer

ORBIT = "Who stayed in lunar orbit?"
PATIENCE_S = 30.0


class Diary(Answering):
    """Remembers what it was told, each once."""

    __slots__ = ("stages",)

    def tell(self, stage: str) -> None:
        self.stages = list(dict.fromkeys([*getattr(self, "stages", []), stage]))
        super().tell(stage)


@pytest.fixture
def written(samples_settings: Settings, fault_server: FaultServer) -> Iterator[Settings]:
    fault_server.answer = "Michael Collins stayed in lunar orbit aboard Columbia [1]."
    cached_chain.clear()  # of a server that is gone
    yield samples_settings.model_copy(update={"llm": "openai:fake-model"})
    fault_server.release()


def test_quotes_are_searched_and_read(samples_settings: Settings) -> None:
    diary = Diary()
    answer(diary, samples_settings, ORBIT)
    assert diary.stages == [OPENING, SEARCHING, "Reading 6 passages …"]
    assert isinstance(diary.outcome, Answer)


def test_a_follow_up_that_a_model_answers_tells_what_it_is_searched_by(
    written: Settings, fault_server: FaultServer
) -> None:
    first = Diary()
    answer(first, written, ORBIT)
    assert isinstance(first.outcome, Answer)
    assert first.stages == [OPENING, SEARCHING, "Reading 6 passages …", WRITING, CHECKING]

    second, history = Diary(), [("human", ORBIT), ("ai", first.outcome.text)]
    answer(second, written, {"question": "When was he born?", "history": history})
    assert second.stages[:3] == [OPENING, REWRITING, "Searching for: When was Michael Collins born?"]


def test_an_answer_that_is_stopped_hangs_up_on_its_model(written: Settings, fault_server: FaultServer) -> None:
    fault_server.answer, fault_server.hold_after = "word " * 100, 3
    answering = begin(written, ORBIT, is_watched=lambda: True)
    wait_until(lambda: answering.text.count("word") == 3)
    answering.stop()
    for pieces in range(4, 100):  # it hears of it at its next word
        fault_server.hold_after = pieces
        if fault_server.hung_up.wait(0.05):
            break
    assert fault_server.hung_up.is_set()
    assert answering.has_ended(within_s=PATIENCE_S)
    assert answering.outcome == STOPPED


def test_an_answer_that_nobody_watches_any_longer_ends(written: Settings, fault_server: FaultServer) -> None:
    fault_server.hold_after, watched = 3, [True]
    answering = begin(written, ORBIT, is_watched=lambda: watched[0])
    wait_until(lambda: "Collins stayed" in answering.text)
    watched.clear()
    watched.append(False)
    fault_server.release()
    assert answering.has_ended(within_s=PATIENCE_S)
    assert answering.outcome == STOPPED


def test_what_cannot_be_answered_ends_as_a_failure_in_words(samples_settings: Settings) -> None:
    for settings, request, told in (
        (samples_settings, "?!", "no word in it"),
        (samples_settings.model_copy(update={"collection": "missing"}), ORBIT, "there is no collection missing"),
    ):
        diary = Diary()
        answer(diary, settings, request)
        assert isinstance(diary.outcome, Failure)
        assert told in diary.outcome.message


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
