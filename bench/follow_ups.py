"""Measures how well follow-up questions find their documents: python bench/follow_ups.py [FOLDER]

The folder (tests/data/follow_ups) has a folder a language with `corpus.jsonl` and `conversations.jsonl`. Prints nDCG@10
of the questions by themselves and with the conversation before them, over all turns but the first, and over those that
change the topic, which its README lists; and the share of follow-ups that quotes mode refuses.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.messages import BaseMessage, convert_to_messages

from bench.results import arguments, record
from rag_app import Settings
from rag_app.answering.chain import build_chain
from rag_app.answering.follow_ups import prepare_question
from rag_app.experiments.evaluation.datasets import load_corpus, retriever_of_texts
from rag_app.experiments.evaluation.retrieval import measure_each, rank_documents
from rag_app.wiring import load_judge, load_reader
from vectorstore.search.retriever import HybridRetriever, Question

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "follow_ups"


@dataclass(frozen=True, slots=True)
class FollowUp:
    id: str
    question: str
    history: Sequence[tuple[str, str]]
    relevant: Sequence[str]
    changes_topic: bool

    def messages(self) -> list[BaseMessage]:
        return convert_to_messages(self.history)


def main() -> None:
    folder = Path(next(iter(arguments()), FOLDER))
    for language in sorted(path.parent.name for path in folder.glob("*/conversations.jsonl")):
        with retriever_of_texts(
            load_corpus(folder / language, "a folder with corpus.jsonl and conversations.jsonl"),
            Settings(),
            keep=False,
            on_progress=lambda progress: None,
            on_message=print,
        ) as retriever:
            show(language, retriever, list(load_follow_ups(folder, language)))


def load_follow_ups(folder: Path, language: str) -> Iterator[FollowUp]:
    """The turns after the first of each conversation."""
    changes = set(re.findall(r"\b[a-z]{2}-\d+/\d+", (folder / "README.md").read_text(encoding="utf-8")))
    for line in (folder / language / "conversations.jsonl").read_text(encoding="utf-8").splitlines():
        conversation: dict[str, Any] = json.loads(line)
        history: list[tuple[str, str]] = []
        for number, turn in enumerate(conversation["turns"], 1):
            name = f"{conversation['id']}/{number}"
            if history:
                yield FollowUp(name, turn["question"], tuple(history), turn["relevant"], name in changes)
            history += [("human", turn["question"]), ("ai", turn["answer"])]


def show(language: str, retriever: HybridRetriever, follow_ups: Sequence[FollowUp]) -> None:
    bare = [Question(one.question) for one in follow_ups]
    lexical = retriever.store.snapshot().lexical
    joined = [
        prepare_question(one.question, one.messages(), lexical=lexical, chat_model=None, config={})
        for one in follow_ups
    ]
    changes = np.array([one.changes_topic for one in follow_ups])
    values: dict[str, float] = {}
    for name, questions in (("bare question", bare), ("with earlier words", joined)):
        scores = ndcg_at_10(retriever, follow_ups, questions)
        values[f"nDCG@10, {name}"] = round(float(scores.mean()), 3)
        values[f"nDCG@10 where the topic changes, {name}"] = round(float(scores[changes].mean()), 3)
        print(
            f"{language}  {name:18}  nDCG@10 {scores.mean():.3f} of {len(scores)} follow-ups, "
            f"{scores[~changes].mean():.3f} where the topic stays, {scores[changes].mean():.3f} where it changes",
            flush=True,
        )
    chain = build_chain(retriever, judge=load_judge(Settings(), print), reader=load_reader(Settings(), print))
    refused = [chain.invoke({"question": one.question, "history": list(one.history)}).refused for one in follow_ups]
    alone = [chain.invoke(one.question).refused for one in follow_ups]
    print(f"{language}  refused {np.mean(refused):.2f}, by themselves {np.mean(alone):.2f}", flush=True)
    values |= {"refused": round(float(np.mean(refused)), 2), "refused by themselves": round(float(np.mean(alone)), 2)}
    record(f"Follow-ups: conversations over documentation, {language}", "python bench/follow_ups.py", values)


def ndcg_at_10(
    retriever: HybridRetriever, follow_ups: Sequence[FollowUp], questions: Sequence[Question]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    rankings = {
        one.id: rank_documents(retriever, question) for one, question in zip(follow_ups, questions, strict=True)
    }
    judgments = {one.id: dict.fromkeys(one.relevant, 1) for one in follow_ups}
    return np.array(measure_each(rankings, judgments)["ndcg@10"])


if __name__ == "__main__":
    main()
