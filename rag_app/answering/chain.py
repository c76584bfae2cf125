"""Answers questions from a collection: a LangChain Runnable that streams text and ends with the finished Answer."""

import time
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, run_in_executor

from ingest import Split, split_sentences
from rag_app.answering.answerability import THRESHOLD, WORTH_ASKING, assess
from rag_app.answering.citations import Claim, compose
from rag_app.answering.follow_ups import prepare_question
from rag_app.answering.generation.generate import Context, build_context, room_for_passages, write
from rag_app.answering.quotes import MOST_SENTENCES, as_claims, choose, find_conflict, likely, notice
from rag_app.answering.sentence_ranking import Candidate, Judge
from rag_app.answering.verification.chat_judge import Verdict, judge_by_chat
from rag_app.answering.verification.prove_claims import cite_found, prove
from rag_app.types import REFUSAL, Answer
from vectorstore import HybridRetriever, PassageDocument, Question, Reads
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import InputError, ProviderError, RagError
from vectorstore.types import Passage

QUOTES = "quotes"
MAX_QUESTION_CHARACTERS = 10_000
CONTEXT_TOKENS = 4_000
REFUSED = (Claim(REFUSAL, (), state="not a claim"),)
Request = str | dict[str, Any]


class AnswerError(ProviderError):
    """The chat model failed; `passages` are those that were found for the question."""

    passages: tuple[Passage, ...]

    def __init__(self, cause: RagError, passages: Sequence[Passage]) -> None:
        super().__init__(cause.message, cause.hint)
        self.passages = tuple(passages)


@dataclass(frozen=True, slots=True)
class Writer:
    """A chat model that writes answers, by its name; it is shown at most `context_tokens` of passages, and no
    more than its window holds. Where it `judges`, it is asked once more, what of its answer the passages prove."""

    model: BaseChatModel
    name: str
    context_tokens: int = CONTEXT_TOKENS
    judges: bool = False


def build_chain(
    retriever: HybridRetriever,
    *,
    judge: EmbeddingModel,
    reader: Reads,
    writer: Writer | None = None,
    split: Split = split_sentences,
) -> Runnable[Request, Answer]:
    """The chain: `invoke` gives an Answer, `stream` pieces of provisional text and then the Answer.

    Takes a question, or `{"question": ..., "history": [("human", ...), ("ai", ...)]}`. Without a writer the documents
    are quoted. `judge` is MiniLM, whatever model the collection has: sentences are judged by its cosines and by what
    the `reader` says of them. `split` splits a text into them. Raises InputError for a question that cannot be asked,
    AnswerError where the chat model fails.
    """
    steps = Steps(retriever, judge, reader, writer, split)
    # RunnableLambda's types do not know a generator that takes a config.
    return RunnableLambda(steps.answer, steps.answer_async, name="rag")  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps from a request to its Answer."""

    retriever: HybridRetriever
    model: EmbeddingModel
    reader: Reads
    writer: Writer | None
    split: Split

    def answer(self, request: Request, config: RunnableConfig) -> Iterator[str | Answer]:
        began = time.monotonic()
        text, history = read_request(request)
        lexical, chat_model = self.retriever.store.snapshot().lexical, self.writer.model if self.writer else None
        question = Question(text)
        if history:
            question = prepare_question(text, history, lexical=lexical, chat_model=chat_model, config=config)
        passages = self.retrieve(question, config)
        judge = Judge(self.model, lexical, self.reader, self.split)
        assessment = assess(question, passages, judge, found_by=self.retriever.model)
        if self.writer is None:
            threshold = WORTH_ASKING if question.earlier else THRESHOLD
            claims = quote(assessment.candidates) if assessment.answerability >= threshold else []
            yield from (claim.text + claim.after for claim in claims or REFUSED)
        elif assessment.answerability < WORTH_ASKING:
            claims = []
            yield REFUSAL
        else:
            written = yield from self.write(question.text, passages, judge, self.writer, config)
            claims = accept(written, assessment.candidates)
        shown, sentences, citations = compose(claims or REFUSED)
        yield Answer(
            question=text,
            text=shown,
            refused=not claims,
            answered_by=self.writer.name if self.writer else QUOTES,
            sentences=sentences,
            citations=citations,
            passages=tuple(passages),
            answerability=assessment.answerability,
            searched_for=question.searched_text,
            seconds=time.monotonic() - began,
        )

    def retrieve(self, question: Question, config: RunnableConfig) -> list[Passage]:
        """By the retriever's `invoke`, so that callbacks and tracing see it."""
        found = self.retriever.invoke(question.searched_text, config, question=question)
        return [document.passage for document in cast("list[PassageDocument]", found)]

    def write(
        self, asked: str, passages: Sequence[Passage], judge: Judge, writer: Writer, config: RunnableConfig
    ) -> Generator[str, None, list[Claim]]:
        """Yield the model's text as it comes, and return it as claims with the evidence that was found for each."""
        context = build_context(
            passages,
            load_page=self.retriever.store.load_page,
            budget_tokens=room_for_passages(asked, writer.model, at_most=writer.context_tokens),
            sentences_of=self.split,
        )
        try:
            text = yield from write(asked, context, writer.model, config=config, answered_by=writer.name)
            ask_model = partial(self.ask_model, context, writer) if writer.judges else None
            claims = prove(
                text, context.passages, embed=judge.embed, reader=judge.reader, ask_model=ask_model, split=self.split
            )
        except RagError as error:
            raise AnswerError(error, passages) from error
        return cite_found(claims, passages)

    def ask_model(self, context: Context, writer: Writer, sentences: Sequence[str]) -> list[Verdict]:
        return judge_by_chat(sentences, context.passages, writer.model, answered_by=writer.name)

    async def answer_async(self, request: Request, config: RunnableConfig) -> AsyncIterator[str | Answer]:
        # RunnableLambda streams a plain generator to `stream` alone, and fails in `astream`.
        updates = self.answer(request, config)
        while (update := await run_in_executor(config, next, updates, None)) is not None:
            yield update


def quote(candidates: Sequence[Candidate]) -> list[Claim]:
    """The sentences that answer; where documents contradict each other, both sides, and that they do."""
    chosen = choose(candidates)
    conflict = find_conflict(likely(candidates))
    if conflict is None:
        return as_claims(chosen)
    shown = [*conflict, *(one for one in chosen if one not in conflict)]
    return [notice(conflict), *as_claims(shown[:MOST_SENTENCES])]


def accept(claims: Sequence[Claim], candidates: Sequence[Candidate]) -> list[Claim]:
    """What a model wrote; nothing where it refuses, and says nothing besides that is proved."""
    text = "".join(claim.text + claim.after for claim in claims)
    if not text.strip() or (REFUSAL in text and not any(claim.state == "proved" for claim in claims)):
        return []
    conflict = find_conflict(likely(candidates))
    if conflict is None:
        return list(claims)
    return [*claims[:-1], replace(claims[-1], after="\n\n"), notice(conflict)]


def read_request(request: Request) -> tuple[str, tuple[BaseMessage, ...]]:
    """The question of a request and its history; InputError where the question cannot be asked."""
    values = {"question": request} if isinstance(request, str) else request
    if not isinstance(values, dict):
        raise InputError(
            f"a question is a text, not {type(values).__name__}", 'ask: chain.invoke("Who?") or {"question": "Who?"}'
        )
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
    return text, tuple(convert_to_messages(values.get("history") or []))
