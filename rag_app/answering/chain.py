"""From a question to an answer: one LangChain Runnable that streams text and ends with the finished Answer."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, run_in_executor

from rag_app.answering.answerability import THRESHOLD, WORTH_ASKING, Scales
from rag_app.answering.citations import compose
from rag_app.answering.claims import Claim
from rag_app.answering.generation.generate import room_for_passages, write
from rag_app.answering.generation.prompt_context import build_context
from rag_app.answering.quotes import MOST_SENTENCES, as_claims, choose, likely
from rag_app.answering.sentence_ranking import Candidate
from rag_app.answering.sentences import Split, split_sentences
from rag_app.answering.verification.contradictions import find_conflict, notice
from rag_app.answering.verification.entailment import Verify
from rag_app.answering.verification.prove_claims import cite_found, prove
from rag_app.followups.standalone import standalone_question
from rag_app.types import REFUSAL, Answer
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import InputError, ProviderError, RagError
from vectorstore.search.retriever import HybridRetriever
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


@dataclass(frozen=True, slots=True)
class Writer:
    """A chat model that writes answers, by its name; it is shown at most `context_tokens` of passages, and no more than
    its window holds. `verify` judges what it wrote where the checker of words alone is not to."""

    model: BaseChatModel
    name: str
    context_tokens: int = CONTEXT_TOKENS
    verify: Verify | None = None


def build_chain(
    retriever: HybridRetriever,
    *,
    judge: EmbeddingModel,
    writer: Writer | None = None,
    split: Split = split_sentences,
) -> Runnable[Request, Answer]:
    """The chain: `invoke` gives an Answer, `stream` pieces of provisional text and then the Answer.

    Takes a question, or `{"question": ..., "history": [("human", ...), ("ai", ...)]}`. Without a writer the documents
    are quoted. `judge` is MiniLM, whatever model the collection has: sentences are judged by its cosines. `split` parts
    a text into them. Raises InputError for a question that cannot be asked, AnswerError where the chat model fails.
    """
    is_own = judge.identity == retriever.model.identity
    chat_model = writer.model if writer else None

    def answer(request: Request, config: RunnableConfig) -> Iterator[str | Answer]:
        began = time.monotonic()
        question = read_request(request)
        searched = standalone_question(question.text, question.history, chat_model=chat_model, config=config)
        passages = [Passage.from_document(document) for document in retriever.invoke(searched, config)]
        scales = Scales(retriever.store.lexical, judge, is_own=is_own, split=split)
        weighed = scales.weigh(searched, passages)
        if writer is None:
            claims = quote(weighed.candidates) if weighed.answerability >= THRESHOLD else []
            yield from (claim.text + claim.after for claim in claims or REFUSED)
        elif weighed.answerability < WORTH_ASKING:
            claims = []
            yield REFUSAL
        else:
            budget = room_for_passages(searched, writer.model, at_most=writer.context_tokens)
            context = build_context(
                passages, load_page=retriever.store.load_page, budget_tokens=budget, sentences_of=split
            )
            try:
                text = yield from write(searched, context, writer.model, config=config, answered_by=writer.name)
                proved = prove(text, context.passages, embed=scales.embed, verify=writer.verify, split=split)
            except RagError as error:
                raise AnswerError(error, passages) from error
            claims = accept(text, cite_found(proved, passages), weighed.candidates)
        yield finish(
            question.text,
            searched,
            passages,
            claims,
            writer.name if writer else QUOTES,
            answerability=weighed.answerability,
            seconds=time.monotonic() - began,
        )

    async def answer_async(request: Request, config: RunnableConfig) -> AsyncIterator[str | Answer]:
        # RunnableLambda streams a plain generator to `stream` alone, and fails in `astream`.
        updates = answer(request, config)
        while (update := await run_in_executor(config, next, updates, None)) is not None:
            yield update

    # Its types know of no generator that takes a config.
    return RunnableLambda(answer, answer_async, name="rag")  # type: ignore[arg-type]


def quote(candidates: Sequence[Candidate]) -> list[Claim]:
    """The sentences that answer; where documents contradict each other, both sides, and that they do."""
    chosen = choose(candidates)
    conflict = find_conflict(likely(candidates))
    if conflict is None:
        return as_claims(chosen)
    shown = [*conflict, *(one for one in chosen if one not in conflict)]
    return [notice(conflict), *as_claims(shown[:MOST_SENTENCES])]


def accept(text: str, claims: Sequence[Claim], candidates: Sequence[Candidate]) -> list[Claim]:
    """What a model wrote, if it is an answer: none that refuses, and none of which nothing is supported."""
    if REFUSAL in text or not any(claim.evidence for claim in claims):
        return []
    conflict = find_conflict(likely(candidates))
    if conflict is None:
        return list(claims)
    return [*claims[:-1], replace(claims[-1], after="\n\n"), notice(conflict)]


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
