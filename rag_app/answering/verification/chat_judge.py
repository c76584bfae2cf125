"""Judges the sentences of an answer by the chat model that wrote it, in one call, and finds the words it points at.

The model's word alone proves nothing: what it quotes counts as evidence only where it is found in a passage.
"""

import re
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.utils.json import parse_json_markdown
from pydantic import BaseModel, ValidationError

from prompts import load_prompt
from rag_app.answering.citations import Evidence
from rag_app.answering.generation.generate import make_inert, show
from rag_app.safe_text import make_visible
from vectorstore.provider_errors import explain_provider_error, kind_of
from vectorstore.types import Passage

Says = Literal["supported", "contradicted", "unsaid"]
# What a provider without structured output raises: 400 and 422, 404 of routers, NotImplementedError. Everything else,
# such as a wrong key, would meet a second request too.
NO_STRUCTURE = ("other", "model")
FIRST_JSON = re.compile(r'\[(?=\s*\{)|\{(?=\s*")')


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a chat model says of a sentence; `evidence` are the words it pointed at, found in the passage character by
    character, and None where it pointed at none that stand there."""

    says: Says
    evidence: Evidence | None


class Judgement(BaseModel):
    """The verdict on one sentence, behind the words of a passage that show it."""

    # In this order, so that a model looks before it judges, and an answer that breaks off holds no verdict by halves.
    sentence: int
    passage: int | None = None
    quote: str | None = None
    verdict: Says


class Judgements(BaseModel):
    """The verdicts on all sentences."""

    verdicts: list[Judgement]


def judge_by_chat(
    sentences: Sequence[str], passages: Sequence[Passage], chat_model: BaseChatModel, *, answered_by: str
) -> list[Verdict]:
    """A verdict for each sentence; `unsaid` for those that the model leaves out or writes nonsense about.

    Without a sentence or a passage nothing is asked. Raises RagError where the model fails.
    """
    judgements: dict[int, Judgement] = {}
    if sentences and passages:
        try:
            judged = ask(render(sentences, passages), chat_model)
        except Exception as error:  # every provider raises its own
            raise explain_provider_error(error, answered_by) from error
        for judgement in judged:
            judgements.setdefault(judgement.sentence, judgement)
    return [to_verdict(judgements.get(number), passages) for number in range(1, len(sentences) + 1)]


def render(sentences: Sequence[str], passages: Sequence[Passage]) -> list[BaseMessage]:
    """The messages for a model; each sentence on one line, so that what it quotes of a document begins no other."""
    shown = "\n\n".join(show(number, passage) for number, passage in enumerate(passages, 1))
    listed = "\n".join(f"{n}. {make_inert(' '.join(sentence.split()))}" for n, sentence in enumerate(sentences, 1))
    return load_prompt("judge").format_messages(passages=shown, sentences=listed)


def ask(messages: list[BaseMessage], chat_model: BaseChatModel) -> list[Judgement]:
    """What the model says: structured, or as JSON in its text where the provider cannot or it comes out unreadable."""
    judged: list[Judgement] = []
    try:
        with warnings.catch_warnings():
            # langchain-openai warns of models that cannot, and pydantic of each streamed answer that it has parsed.
            warnings.simplefilter("ignore", UserWarning)
            answer: Any = chat_model.with_structured_output(Judgements, include_raw=True).invoke(messages)
        judged = answer["parsed"].verdicts if answer["parsed"] else read_judgements(answer["raw"].text)
    except Exception as error:
        # What is unreadable, the openai package raises with the text in it, of which no kind is to be guessed.
        if not isinstance(error, ValidationError) and kind_of(error) not in NO_STRUCTURE:
            raise
    return judged or read_judgements(chat_model.invoke(messages).text)


def read_judgements(text: str) -> list[Judgement]:
    """Those in the first JSON of a text; each is read by itself, so that one that is wrong spoils no other."""
    found = FIRST_JSON.search(text)
    content: Any = None
    with suppress(ValueError, RecursionError):
        content = parse_json_markdown(text[found.start() :]) if found else None
    if isinstance(content, dict):
        content = content.get("verdicts", [content])
    judged: list[Judgement] = []
    for one in content if isinstance(content, list) else []:
        with suppress(ValidationError):
            judged.append(Judgement.model_validate(one))
    return judged


def to_verdict(judgement: Judgement | None, passages: Sequence[Passage]) -> Verdict:
    if judgement is None:
        return Verdict("unsaid", None)
    number = judgement.passage or 0
    named = [passages[number - 1]] if 0 < number <= len(passages) else []
    found = (find_quote(judgement.quote or "", passage) for passage in [*named, *passages])
    return Verdict(judgement.verdict, next(filter(None, found), None))


def find_quote(quote: str, passage: Passage) -> Evidence | None:
    """Where a quote stands in a passage, whatever white space and invisible characters are in either."""
    chunk = passage.chunk
    text, offsets = chunk.text, list(range(len(chunk.text)))
    quote = quote.strip()
    if quote not in text:
        (text, offsets), quote = simplify(text), simplify(quote)[0].strip()
    at = text.find(quote)
    if not quote or at < 0:
        return None
    return Evidence(passage, chunk.start + offsets[at], chunk.start + offsets[at + len(quote) - 1] + 1)


def simplify(text: str) -> tuple[str, list[int]]:
    """The text as it looks, any white space made one space, and the offset in the given text of each character left."""
    kept: list[tuple[str, int]] = []
    for offset, character in enumerate(text):
        seen = make_visible(character)
        if seen.isspace():
            seen = " " if not kept or kept[-1][0] != " " else ""
        if seen:
            kept.append((seen, offset))
    return "".join(seen for seen, _ in kept), [offset for _, offset in kept]
