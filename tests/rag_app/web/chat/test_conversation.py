"""An answer in progress: the stages that it shows meanwhile, and how it ends before its time."""

import re
import time
from collections.abc import Callable, Iterator

import pytest

from rag_app import Answer, Settings
from rag_app.web.chat.conversation import (
    CHECKING,
    OPENING,
    REWRITING,
    SEARCHING,
    STOPPED,
    WRITING,
    BackgroundAnswer,
    Conversation,
    Turn,
    cached_chain,
)
from tests.rag_app.fault_server import FaultServer
from vectorstore.errors import RagError

ORBIT = "Who stayed in lunar orbit?"
PATIENCE_S = 30.0


class Recorded(BackgroundAnswer):
    """Remembers its stages, each once."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "stage":
            self.stages = [*getattr(self, "stages", []), value]
        super().__setattr__(name, value)


def run(settings: Settings, question: str, *history: tuple[str, str]) -> Recorded:
    answer = Recorded(settings, {"question": question, "history": list(history)})
    answer.run()
    answer.stages = list(dict.fromkeys(answer.stages))
    return answer


@pytest.fixture
def written(samples_settings: Settings, fault_server: FaultServer) -> Iterator[Settings]:
    fault_server.answer = "Michael Collins stayed in lunar orbit aboard Columbia [1]."
    cached_chain.clear()  # of a server that is gone
    yield samples_settings.model_copy(update={"llm": "openai:fake-model"})
    fault_server.release()


def test_an_answer_shows_what_is_being_done_and_a_follow_up_what_it_is_searched_by(
    samples_settings: Settings, written: Settings
) -> None:
    quoted = run(samples_settings, ORBIT)
    assert quoted.stages == [OPENING, SEARCHING, "Reading 10 passages …"]
    assert isinstance(quoted.outcome, Answer)
    first = run(written, ORBIT)
    assert isinstance(first.outcome, Answer)
    assert first.stages == [OPENING, SEARCHING, "Reading 10 passages …", WRITING, CHECKING]
    second = run(written, "When was he born?", ("human", ORBIT), ("ai", first.outcome.text))
    assert second.stages[:2] == [OPENING, REWRITING]
    assert re.match("Searching for: When was he born. .*Michael Collins", second.stages[2])


def test_an_answer_that_is_stopped_or_that_nobody_watches_hangs_up_on_its_model(
    written: Settings, fault_server: FaultServer
) -> None:
    fault_server.answer, fault_server.hold_after = "word " * 100, 3
    answer = BackgroundAnswer(written, ORBIT).start()
    wait_until(lambda: answer.text.count("word") == 3)
    answer.stop()
    for pieces in range(4, 100):  # it notices at its next word
        fault_server.hold_after = pieces
        if fault_server.hung_up.wait(0.05):
            break
    assert fault_server.hung_up.is_set()
    assert answer.has_ended(within_s=PATIENCE_S)
    assert answer.outcome is STOPPED

    fault_server.hold_after, watched = 3, [True]
    answer = BackgroundAnswer(written, ORBIT, is_watched=lambda: watched[0]).start()
    wait_until(lambda: answer.text.count("word") == 3)
    watched[0] = False
    fault_server.release()
    assert answer.has_ended(within_s=PATIENCE_S)
    assert answer.outcome is STOPPED


def test_what_cannot_be_answered_ends_as_an_error_in_words(samples_settings: Settings) -> None:
    missing = samples_settings.model_copy(update={"collection": "missing"})
    for settings, question, message in (
        (samples_settings, "?!", "no word in it"),
        (missing, ORBIT, "there is no collection missing"),
    ):
        outcome = run(settings, question).outcome
        assert isinstance(outcome, RagError)
        assert message in outcome.message


def test_a_turn_asked_again_does_not_get_the_answer_of_the_one_in_progress(samples_settings: Settings) -> None:
    conversation = Conversation([Turn("first", STOPPED), Turn("second")])
    first, second = conversation.turns
    second.running = BackgroundAnswer(samples_settings, "second")
    conversation.ask_again(first)
    assert conversation.pending() is second
    conversation.stop()
    assert second.outcome is STOPPED
    assert conversation.pending() is conversation.turns[0] is not first


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
