"""Judges whether a span supports a claim by a cross-encoder of language inference or a chat model."""

import re
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser

from prompts import load_prompt
from vectorstore.errors import SettingsError, translated_errors

CHAT = "chat"
# Gives for each span how likely it supports the claim, in [0, 1].
Verify = Callable[[str, Sequence[str]], Sequence[float]]
YES = re.compile(r"\W*yes\b", re.IGNORECASE)
_LOADING = threading.Lock()


def build_verifier(name: str, chat_model: BaseChatModel | None) -> Verify:
    """`name` is a cross-encoder of sentence-transformers, by name or folder, or `chat`: the model that writes.

    Raises SettingsError where it cannot be used; the cross-encoder is loaded when it is first asked.
    """
    if name != CHAT:
        return lambda claim, spans: entailed(name, claim, spans)
    if chat_model is None:
        raise SettingsError(
            "RAG_VERIFIER=chat needs a chat model, and RAG_LLM=quotes names none",
            "name one with RAG_LLM, or unset RAG_VERIFIER",
        )
    return lambda claim, spans: confirmed(chat_model, claim, spans)


def entailed(name: str, claim: str, spans: Sequence[str]) -> list[float]:
    """The probability that each span, as premise, entails the claim, as hypothesis."""
    encoder, label = load_entailment(name)
    scores = encoder.predict([(span, claim) for span in spans], apply_softmax=True, show_progress_bar=False)
    return [float(row[label]) for row in scores]


def load_entailment(name: str) -> tuple[Any, int]:
    """The cross-encoder, and the place of its label for entailment."""
    with _LOADING:  # two threads that ask at once must not load the same model twice
        return _load(name)


@cache
def _load(name: str) -> tuple[Any, int]:
    from sentence_transformers import CrossEncoder  # seconds, and only for a verifier

    hint = "RAG_VERIFIER is a cross-encoder's name on the Hugging Face hub, a folder that holds one, or chat"
    with translated_errors(f"the verifier {name} cannot be loaded", hint, error_class=SettingsError):
        encoder = CrossEncoder(name)
    labels = {number: str(label).lower() for number, label in encoder.model.config.id2label.items()}
    entailment = [number for number, label in labels.items() if label.startswith("entail")]
    if not entailment:
        raise SettingsError(
            f"{name} has no label called entailment: it has {', '.join(labels.values())}",
            "RAG_VERIFIER is a model of natural-language inference, such as cross-encoder/nli-deberta-v3-small",
        )
    return encoder, entailment[0]


def confirmed(chat_model: BaseChatModel, claim: str, spans: Sequence[str]) -> list[float]:
    """1 where the chat model says yes, asked about one span at a time until it does."""
    asked = load_prompt("verify") | chat_model | StrOutputParser()
    scores = [0.0] * len(spans)
    for i, span in enumerate(spans):
        scores[i] = float(bool(YES.match(asked.invoke({"span": span, "claim": claim}))))
        if scores[i]:
            break
    return scores
