"""What was asked and what came of it, in one visitor's session."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # LangChain comes with these, and the page is drawn before it is needed
    from rag_app.types import Answer
    from vectorstore.types import Passage


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no answer, and the passages that were found for it all the same."""

    message: str
    hint: str
    passages: "tuple[Passage, ...]" = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its outcome; None while nobody has begun to answer it."""

    question: str
    outcome: "Answer | Failure | None" = None


# A click or a reload ends the script in the midst of an answer: what is left then says so.
STOPPED = Failure("this question was stopped before it was answered", "ask it again")


@dataclass(slots=True)
class Conversation:
    turns: list[Turn] = field(default_factory=list)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def ask(self, question: str) -> None:
        self.turns.append(Turn(question))

    def ask_again(self, number: int) -> None:
        self.turns[number] = Turn(self.turns[number].question)

    def finish(self, number: int, outcome: "Answer | Failure") -> None:
        self.turns[number] = replace(self.turns[number], outcome=outcome)

    def history(self, number: int) -> list[tuple[str, str]]:
        """The questions before this one that were answered, with their answers, as the chain takes them."""
        answered = [turn for turn in self.turns[:number] if turn.outcome and not isinstance(turn.outcome, Failure)]
        return [message for turn in answered for message in messages(turn)]


def messages(turn: Turn) -> Sequence[tuple[str, str]]:
    if turn.outcome is None or isinstance(turn.outcome, Failure):
        return []
    return [("human", turn.question), ("ai", turn.outcome.text)]
