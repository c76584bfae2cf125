"""From a question to an answer: one LangChain Runnable that streams text and ends with the finished Answer."""

import time
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk, convert_to_messages
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, run_in_executor

from prompts import load_prompt
from rag_app.citations import Claim, compose
from rag_app.context import Context, build_context, cite_found, without_fences
from rag_app.followups.standalone import standalone_question
from rag_app.inert import make_inert
from rag_app.markers import MarkerReader
from rag_app.quotes import Candidate, as_claims, choose, find_candidates
from rag_app.refusal import REFUSAL, THRESHOLD, answerability
from rag_app.support import prove
from rag_app.token_budget import context_budget, estimate_tokens
from rag_app.types import Answer
from vectorstore.embeddings import embed_chunks
from vectorstore.errors import InputError, ProviderError, RagError
from vectorstore.provider_errors import explain_provider_error, explain_unfinished
from vectorstore.retriever import HybridRetriever
from vectorstore.types import Passage

QUOTES = "quotes"
MAX_QUESTION_CHARACTERS = 10_000
CONTEXT_TOKENS = 4_000
REFUSED = (Claim(REFUSAL, ()),)
Request = str | dict[str, Any]


class AnswerError(ProviderError):
    """The chat model failed; `passages` are those that were found for the question."""

    passages: tuple[Passage, ...]

    def __init__(self, cause: RagError, passages: Sequence[Passage]) -> None:
        super().__init__(cause.message, cause.hint)
        self.passages = tuple(passages)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and in what conversation."""

    text: str
    history: tuple[BaseMessage, ...]


def build_chain(
    retriever: HybridRetriever,
    *,
    chat_model: BaseChatModel | None = None,
    answered_by: str = QUOTES,
    context_tokens: int = CONTEXT_TOKENS,
) -> Runnable[Request, Answer]:
    """The chain: `invoke` gives an Answer, `stream` pieces of provisional text and then the Answer.

    Takes a question, or `{"question": ..., "history": [("human", ...), ("ai", ...)]}`. Without a chat model the
    documents are quoted. A model is shown at most `context_tokens` of passages, and no more than its window holds.
    Raises InputError for a question that cannot be asked, AnswerError where the model fails.
    """

    def answer(request: Request, config: RunnableConfig) -> Iterator[str | Answer]:
        began = time.monotonic()
        question = read_request(request)
        searched = standalone_question(question.text, question.history, chat_model=chat_model, config=config)
        documents = retriever.invoke(searched, config)
        passages = [Passage.from_document(document) for document in documents]
        candidates, likely = weigh(searched, passages, retriever)
        if chat_model is None:
            claims = as_claims(choose(candidates)) if likely >= THRESHOLD else []
            yield from (claim.text + claim.after for claim in claims or REFUSED)
        else:
            budget = room_for_passages(searched, chat_model, at_most=context_tokens)
            context = build_context(passages, load_page=retriever.store.load_page, budget_tokens=budget)
            try:
                text = yield from write(searched, context, chat_model, config=config, answered_by=answered_by)
            except RagError as error:
                raise AnswerError(error, passages) from error
            claims = [] if REFUSAL in text else cite_found(prove(text, context.passages), passages)
        yield finish(
            question.text,
            searched,
            passages,
            claims,
            answered_by,
            answerability=likely,
            seconds=time.monotonic() - began,
        )

    async def answer_async(request: Request, config: RunnableConfig) -> AsyncIterator[str | Answer]:
        # RunnableLambda streams a plain generator to `stream` alone, and fails in `astream`.
        updates = answer(request, config)
        while (update := await run_in_executor(config, next, updates, None)) is not None:
            yield update

    # Its types know of no generator that takes a config.
    return RunnableLambda(answer, answer_async, name="rag")  # type: ignore[arg-type]


def weigh(question: str, passages: Sequence[Passage], retriever: HybridRetriever) -> tuple[list[Candidate], float]:
    """The documents' own sentences, best first, and how likely it is that the passages hold an answer."""
    lexical = retriever.store.lexical
    candidates = find_candidates(
        question,
        passages,
        embed=lambda texts: embed_chunks(retriever.model, texts),
        lexical=lexical,
    )
    return candidates, answerability(question, passages, candidates, lexical=lexical)


def write(
    question: str,
    context: Context,
    chat_model: BaseChatModel,
    *,
    config: RunnableConfig,
    answered_by: str,
) -> Generator[str, None, str]:
    """Yield the model's text without its markers as it is written, and return it whole, with them.

    Without a passage nothing is asked.
    """
    if not context.passages:
        return ""
    written: BaseMessageChunk | None = None
    reader = MarkerReader(len(context.passages))
    try:
        for piece in chat_model.stream(render(question, context.text), config):
            written = piece if written is None else written + piece
            if bare := reader.feed(piece.text):
                yield bare
    except Exception as error:  # every provider raises its own
        raise explain_provider_error(error, answered_by) from error
    if written is None:
        return ""
    if unfinished := explain_unfinished(written, answered_by):
        raise unfinished
    if rest := reader.close():
        yield rest
    return without_fences(written.text)


def render(question: str, passages: str) -> list[BaseMessage]:
    """The messages for a model. The question can have been written by one that read documents: it is inert too."""
    values = {"refusal": REFUSAL, "passages": passages, "question": make_inert(question)}
    return load_prompt("answer").format_messages(**values)


def room_for_passages(question: str, chat_model: BaseChatModel, *, at_most: int) -> int:
    """The tokens that passages may take beside all else that stands in the prompt."""
    prompt_tokens = sum(estimate_tokens(message.text) for message in render(question, ""))
    return context_budget(chat_model, prompt_tokens=prompt_tokens, at_most=at_most)


def finish(
    question: str,
    searched: str,
    passages: Sequence[Passage],
    claims: Sequence[Claim],
    answered_by: str,
    *,
    answerability: float,
    seconds: float,
) -> Answer:
    text, sentences, citations = compose(claims or REFUSED)
    return Answer(
        question=question,
        text=text,
        refused=not claims,
        answered_by=answered_by,
        sentences=sentences,
        citations=citations,
        passages=tuple(passages),
        answerability=answerability,
        searched_for=searched,
        seconds=seconds,
    )


def read_request(request: Request) -> Question:
    """The question of a request; InputError where it is none that can be asked."""
    values = {"question": request} if isinstance(request, str) else request
    # Bytes of a terminal that are no UTF-8 arrive as lone surrogates, which no tokenizer takes.
    text = str(values.get("question") or "").encode("utf-8", "replace").decode("utf-8").strip()
    example = 'ask in words: rag ask "Who stayed in orbit?"'
    if not text:
        raise InputError("the question is empty", example)
    if not any(letter.isalnum() for letter in text):
        raise InputError("the question has no word in it", example)
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise InputError(
            f"the question has {len(text):,} characters; at most {MAX_QUESTION_CHARACTERS:,} are read",
            "ask in a sentence or two; a long text can be ingested: rag ingest FILE",
        )
    return Question(text, tuple(convert_to_messages(values.get("history") or [])))
