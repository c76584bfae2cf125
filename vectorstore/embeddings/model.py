"""Defines an embedding model as a collection uses it, its name, the calls that embed, and the cosines of vectors."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from vectorstore.provider_errors import translated_provider_errors

Vectors = NDArray[np.float32]
# Left, top, right and bottom, in pixels of a picture.
Box = tuple[int, int, int, int]
# Where a model's tokenizer is not on this machine, tokens are bounded by bytes: no tokenizer that works on bytes makes
# more tokens than a text has bytes, so a text of at most the window's number of bytes is never cut.
BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A LangChain embedding model with what a collection has to know of it.

    `name` is its setting; `revision` distinguishes models of one name where a name can come to mean another model, as
    a folder's can. `max_tokens` is the longest text that is embedded whole, in the tokens of `count_tokens`, which can
    be pickled; special tokens are not counted. `cosine_floor` is the cosine of unrelated texts; `sequence_letters` is
    how much of each biological sequence is read for the model; `languages` are the codes (ISO 639-1) of those that it
    was trained for, empty where they are unknown or many. `count_sent` returns the tokens that a provider has billed
    since the model was opened.

    A model with `embed_pictures` embeds pictures (see `Picture.data`) into the space of its questions, and makes
    collections of pictures. With `find_objects` the objects on a picture become passages as well.
    """

    name: str
    embeddings: Embeddings
    max_tokens: int
    count_tokens: Callable[[Sequence[str]], list[int]]
    revision: str = ""
    cosine_floor: float = 0.0
    sequence_letters: int = 600
    languages: frozenset[str] = frozenset()
    count_sent: Callable[[], int] | None = None
    embed_pictures: Callable[[Sequence[bytes]], list[list[float]]] | None = None
    find_objects: Callable[[bytes], list[Box]] | None = None

    @property
    def identity(self) -> str:
        return f"{self.name} {self.revision}"


@dataclass(frozen=True, slots=True)
class ModelName:
    """The parts of RAG_EMBEDDINGS, `prefix:model@dimensions`; `model` is empty without a colon."""

    setting: str
    prefix: str
    model: str
    dimensions: int | None = None

    @classmethod
    def parse(cls, setting: str) -> Self:
        prefix, _, model = setting.partition(":")
        if found := re.fullmatch(r"(.+)@([1-9]\d{0,5})", model):
            return cls(setting, prefix, found[1], int(found[2]))
        return cls(setting, prefix, model)


@dataclass(frozen=True, slots=True)
class TorchOptions:
    """For models that run on torch: `device` is `cpu`, `cuda`, `mps` or None for torch's preference; `dtype` is
    `float32`, `bfloat16`, `float16`, or `auto` for that of the model's files; `batch` is the most texts in one call."""

    device: str | None = None
    dtype: str = "auto"
    batch: int = 32


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """`on_message` gets a line where the first use of a model takes longer."""

    cache_dir: Path
    on_message: Callable[[str], None]
    torch: TorchOptions


def embed_chunks(model: EmbeddingModel, texts: Sequence[str]) -> list[list[float]]:
    """Vectors in the order of `texts`; whatever a provider raises becomes a ProviderError."""
    with translated_provider_errors(model.name):
        return model.embeddings.embed_documents(list(texts))


def embed_pictures(model: EmbeddingModel, pictures: Sequence[bytes]) -> list[list[float]]:
    assert model.embed_pictures is not None
    with translated_provider_errors(model.name):
        return model.embed_pictures(pictures)


def embed_question(model: EmbeddingModel, question: str) -> list[float]:
    with translated_provider_errors(model.name):
        return model.embeddings.embed_query(question)


def count_in_bytes(texts: Sequence[str]) -> list[int]:
    return [-(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) for text in texts]


def cosine_similarities(vector: Vectors, vectors: Vectors) -> Vectors:
    """Cosines of one vector, shape (dimension,), with many, shape (n, dimension); 0 for a vector of length 0."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    products: Vectors = vectors @ vector
    cosines: Vectors = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines


def unit_vectors(vectors: Vectors) -> Vectors:
    """Each row of shape (n, dimension) at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return units
