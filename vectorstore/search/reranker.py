"""Reranks passages by a cross-encoder, which reads question and passage together."""

import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from vectorstore.errors import SettingsError, translated_errors
from vectorstore.types import Passage

# Passages that are reranked, from the first on: each takes time.
READ_PASSAGES = 50
BATCH = 8
LOG = logging.getLogger(__name__)


class Reranker:
    """A cross-encoder of sentence-transformers, by name or folder, loaded when it is first asked.

    `seconds` is how long it may read for one question; what it has not read by then stays behind what it has, in the
    order that it had.
    """

    def __init__(self, name: str, *, seconds: float = 10.0) -> None:
        self.name, self.seconds = name, seconds

    def rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        """Best first. Scores in (0, 1) where it has read, below 0 elsewhere; the order as it was where it fails."""
        try:
            scores = self._score(question, [passage.chunk.embedded_text for passage in passages[:READ_PASSAGES]])
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a model of anyone's raises, there is an order already
            LOG.warning("the reranker %s failed (%s): passages stay in the order they were found", self.name, error)
            return list(passages)
        read = [replace(passage, score=score) for passage, score in zip(passages, scores, strict=False)]
        rest = [replace(passage, score=passage.score - 1) for passage in passages[len(scores) :]]
        return sorted(read, key=lambda passage: -passage.score) + rest

    def _score(self, question: str, texts: Sequence[str]) -> list[float]:
        encoder = load_cross_encoder(self.name)
        scores: list[float] = []
        end = time.monotonic() + self.seconds
        for start in range(0, len(texts), BATCH):
            pairs = [(question, text) for text in texts[start : start + BATCH]]
            scores += map(float, encoder.predict(pairs, batch_size=BATCH, show_progress_bar=False))
            if time.monotonic() > end:
                LOG.warning("the reranker %s read %d passages in %.0f s", self.name, len(scores), self.seconds)
                break
        if not all(map(math.isfinite, scores)):
            raise ValueError("its scores are no numbers")
        return scores


_LOADING = threading.Lock()


def load_cross_encoder(name: str) -> Any:
    with _LOADING:  # two threads that ask at once must not load the same model twice
        return _load(name)


@cache
def _load(name: str) -> Any:
    import torch
    from sentence_transformers import CrossEncoder

    hint = "RAG_RERANKER is a cross-encoder's name on the Hugging Face hub, or a folder that holds one"
    with translated_errors(f"the reranker {name} cannot be loaded", hint, error_class=SettingsError):
        encoder = CrossEncoder(name, activation_fn=torch.nn.Sigmoid())
    if encoder.num_labels != 1:
        raise SettingsError(
            f"{name} gives {encoder.num_labels} scores for a pair of texts, not one",
            "RAG_RERANKER is a cross-encoder for retrieval, such as cross-encoder/ms-marco-MiniLM-L6-v2",
        )
    return encoder
