"""What an answer is made of: sentences, each with its support, and citations that quote a document's exact words."""

from dataclasses import asdict, dataclass
from typing import Any

from vectorstore.types import Passage

REFUSAL = "The documents do not answer this question."


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of a document that prove something: `page_text[start:end] == quote`, always.

    `marker` is the number that stands as `[marker]` in the answer's text; `page` is None where the format has none;
    `time` is when it is said in a recording, such as `12:34`.
    """

    marker: int
    source: str
    title: str
    page: int | None
    start: int
    end: int
    quote: str
    time: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`time` is there for recordings alone."""
        return {name: value for name, value in asdict(self).items() if name != "time" or value is not None}

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from rag_app.notebook import citation_to_html  # it knows these types

        return citation_to_html(self)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of an answer; `start` and `end` are offsets into the answer's text, and all pieces together cover it."""

    text: str
    start: int
    end: int
    supported: bool
    markers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The finished answer.

    `answered_by` is `quotes` or the `provider:model` that wrote the text; `answerability`, in [0, 1], is how likely it
    is that the passages hold an answer, whoever answered; `searched_for` is the question as it was searched, which
    differs from `question` in a follow-up; `seconds` is the time from question to finished answer.
    """

    question: str
    text: str
    refused: bool
    answered_by: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    answerability: float
    searched_for: str
    seconds: float

    @property
    def was_rewritten(self) -> bool:
        """Whether other words were searched for than those asked, which is to be told."""
        return self.searched_for.split() != self.question.split()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from rag_app.notebook import answer_to_html  # it knows these types

        return answer_to_html(self)

    def to_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "answer": self.text,
            "refused": self.refused,
            "answered_by": self.answered_by,
            "sentences": [asdict(sentence) for sentence in self.sentences],
            "citations": [citation.to_json() for citation in self.citations],
            "passages": [passage.to_json() for passage in self.passages],
            "answerability": self.answerability,
            "searched_for": self.searched_for,
            "seconds": self.seconds,
        }
