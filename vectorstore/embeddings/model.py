"""An embedding model as a collection sees it: LangChain's Embeddings, its name, and how long a text it can read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from langchain_core.embeddings import Embeddings

from vectorstore.provider_errors import translated_provider_errors

# Left, top, right and bottom, in pixels of a picture.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """`name` is what a collection remembers; `count_tokens` measures texts in the model's own tokens.

    `max_tokens` is the longest text that is embedded whole, special tokens not counted. `revision` tells models of one
    name apart where a name can come to mean another model, as a folder's can. `count_tokens` can be pickled.
    `cosine_floor` is what the cosines of texts that have nothing in common come near to;
    `sequence_letters` is how much of each biological sequence is read for it. `languages` are the codes (ISO 639-1) of
    those that it was made for, none where they are not known or many. `count_sent` tells how many tokens a provider has
    read since the model was opened, by its own count.

    A model that has `embed_pictures` turns pictures (see `Picture.data`) into vectors of the space that it turns
    questions into; a collection that it makes is one of pictures. With `find_objects` the objects on a picture are
    passages of it, too.
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
    """What RAG_EMBEDDINGS says: `prefix:model@dimensions`. Without a colon `model` is empty; without an @ and a number
    behind it a model gives all the dimensions it has."""

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
    """For models that torch runs: `device` is `cpu`, `cuda`, `mps` or, as None, what torch prefers; `dtype` is
    `float32`, `bfloat16`, `float16` or, as `auto`, that of the model's files; at most `batch` texts go together."""

    device: str | None = None
    dtype: str = "auto"
    batch: int = 32


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Where converted models are kept, who is told in a line when the first use takes longer, and how torch runs."""

    cache_dir: Path
    on_message: Callable[[str], None]
    torch: TorchOptions


def embed_chunks(model: EmbeddingModel, texts: Sequence[str]) -> list[list[float]]:
    """Vectors of texts, in order; what a provider raises becomes a ProviderError."""
    with translated_provider_errors(model.name):
        return model.embeddings.embed_documents(list(texts))


def embed_pictures(model: EmbeddingModel, pictures: Sequence[bytes]) -> list[list[float]]:
    """Vectors of pictures, in order, by a model that can; errors as of `embed_chunks`."""
    assert model.embed_pictures is not None
    with translated_provider_errors(model.name):
        return model.embed_pictures(pictures)


def embed_question(model: EmbeddingModel, question: str) -> list[float]:
    with translated_provider_errors(model.name):
        return model.embeddings.embed_query(question)


def first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
