"""Types of a conversation on the page: turns, and what ends one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag_app.library.conversations import Feedback
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


def messages(turn: Turn) -> Sequence[tuple[str, str]]:
    if turn.outcome is None or isinstance(turn.outcome, Failure):
        return []
    return [("human", turn.question), ("ai", turn.outcome.text)]
