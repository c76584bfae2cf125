"""Lets a cross-encoder of sentence-transformers read in place of the reader of our own, as far as it can."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from vectorstore.errors import SettingsError, translated_errors
from vectorstore.search.reader import Reading, Reads, softmax

HINT = "RAG_READER is auto, own, chat, none, or a cross-encoder's name on the Hugging Face hub or its folder"
LABELS = ("entail", "contra", "neutral")
_LOADING = threading.Lock()


class CrossEncoderReader:
    """A cross-encoder by name or folder, loaded when it is first asked.

    One that gives a single score says what answers a question, one with the labels of language inference what supports
    a claim; the rest of a reading is the reader's of our own.
    """

    def __init__(self, name: str, own: Reads) -> None:
        self.name, self._own = name, own

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]:
        """Raises SettingsError where it cannot be loaded, or gives scores of another kind."""
        readings = self._own.read(asked, texts)
        if not readings:
            return []
        encoder, labels = load_cross_encoder(self.name)
        if not labels:
            logits = encoder.predict([(asked, text) for text in texts], show_progress_bar=False)
            return [replace(reading, answers=float(logit)) for reading, logit in zip(readings, logits, strict=True)]
        logits = encoder.predict([(text, asked) for text in texts], show_progress_bar=False)
        shares = softmax(np.asarray(logits, np.float32)[:, labels]).tolist()
        return [
            replace(reading, supported=yes, contradicted=no, unsaid=unsaid)
            for reading, (yes, no, unsaid) in zip(readings, shares, strict=True)
        ]


def load_cross_encoder(name: str) -> tuple[Any, list[int]]:
    """The cross-encoder, whose outputs are logits, and the places of LABELS among them; none for a single score."""
    with _LOADING:  # two threads that ask at once must not load the same model twice
        return _load(name)


@cache
def _load(name: str) -> tuple[Any, list[int]]:
    import torch
    from sentence_transformers import CrossEncoder  # seconds, and only for a model of one's own

    with translated_errors(f"the cross-encoder {name} cannot be loaded", HINT, error_class=SettingsError):
        encoder = CrossEncoder(name, activation_fn=torch.nn.Identity())
    if encoder.num_labels == 1:
        return encoder, []
    names = {str(label).lower(): number for number, label in encoder.model.config.id2label.items()}
    places = [number for label in LABELS for found, number in names.items() if found.startswith(label)]
    if len(places) != len(LABELS):
        raise SettingsError(
            f"{name} gives neither a single score nor entailment, contradiction and neutral: it has {', '.join(names)}",
            "name one such as cross-encoder/ms-marco-MiniLM-L6-v2 or cross-encoder/nli-deberta-v3-small",
        )
    return encoder, places
