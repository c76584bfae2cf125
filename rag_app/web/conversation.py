"""What was asked and what came of it, in one visitor's session."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # LangChain comes with these, and the page is drawn before it is needed
    from rag_app.history.store import Feedback
    from rag_app.types import Answer
    from rag_app.web.answering import Answering
    from vectorstore.types import Passage


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no answer, and the passages that were found for it all the same."""

    message: str
    hint: str
    passages: "tuple[Passage, ...]" = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its outcome; None while it waits for one.

    `kept` is the id under which an answer to this question is kept, be it this outcome or the one before it was asked
    again; `unkept` says why this outcome could not be kept.
    """

    question: str
    outcome: "Answer | Failure | None" = None
    kept: str | None = None
    feedback: "Feedback | None" = None
    unkept: str | None = None


STOPPED = Failure("stopped: what had been written was not yet checked, and is not kept", "")


@dataclass(slots=True)
class Conversation:
    """`answering` is at work for the first question that waits; `fresh` is the turn that was answered last."""

    turns: list[Turn] = field(default_factory=list)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    answering: "Answering | None" = None
    fresh: int | None = None

    def ask(self, question: str) -> None:
        self.turns.append(Turn(question))

    def ask_again(self, number: int) -> None:
        self.turns[number] = Turn(self.turns[number].question, kept=self.turns[number].kept)

    def waiting(self) -> int | None:
        """The first question that has no outcome yet."""
        return next((number for number, turn in enumerate(self.turns) if turn.outcome is None), None)

    def finish(self, number: int, outcome: "Answer | Failure") -> None:
        self.turns[number] = replace(self.turns[number], outcome=outcome)
        self.answering, self.fresh = None, number

    def stop(self) -> None:
        """End the answering; the question is left as stopped."""
        number = self.waiting()
        if self.answering and number is not None:
            self.answering.stop()
            self.finish(number, STOPPED)

    def note(self, number: int, *, kept: str | None, unkept: str | None = None) -> None:
        self.turns[number] = replace(self.turns[number], kept=kept, unkept=unkept)

    def rate(self, number: int, feedback: "Feedback | None") -> None:
        self.turns[number] = replace(self.turns[number], feedback=feedback)

    def history(self, number: int) -> list[tuple[str, str]]:
        """The questions before this one that were answered, with their answers, as the chain takes them."""
        answered = [turn for turn in self.turns[:number] if turn.outcome and not isinstance(turn.outcome, Failure)]
        return [message for turn in answered for message in messages(turn)]


def messages(turn: Turn) -> Sequence[tuple[str, str]]:
    if turn.outcome is None or isinstance(turn.outcome, Failure):
        return []
    return [("human", turn.question), ("ai", turn.outcome.text)]
