"""`huggingface:MODEL`: any encoder that sentence-transformers opens, by its name on the hub or a folder."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, first_line
from vectorstore.errors import ProviderError

OTHER_WINDOW = 2048


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    try:
        return load_sentence_transformer(name.setting, name.model)
    except Exception as error:  # the hub, torch and transformers each raise their own
        raise ProviderError(
            f"{name.model} could not be loaded: {first_line(error)}",
            "name a sentence-transformers model of the hub, or a folder that holds one: huggingface:PATH",
        ) from error


def load_sentence_transformer(name: str, path: str) -> EmbeddingModel:
    """Any sentence-transformers model by hub name or folder, on the device that torch prefers."""
    from langchain_huggingface import HuggingFaceEmbeddings  # imports torch: seconds

    embeddings = HuggingFaceEmbeddings(model_name=path, encode_kwargs={"normalize_embeddings": True})
    model = embeddings._client  # the only way to the tokenizer and its window
    tokenizer, special = model.tokenizer, model.tokenizer.num_special_tokens_to_add()
    window = (model.max_seq_length or OTHER_WINDOW) - special
    return EmbeddingModel(name, embeddings, window, WordPieceCounter(tokenizer), revision=describe_folder(path))


@dataclass(frozen=True, slots=True)
class WordPieceCounter:
    """Counts tokens by a tokenizer of transformers; a class, so that it can be sent to another process."""

    tokenizer: Any

    def __call__(self, texts: Sequence[str]) -> list[int]:
        return [len(self.tokenizer.tokenize(text)) for text in texts]


def describe_folder(path: str) -> str:
    """The sizes and times of a model's files, which change when it is trained anew; nothing for a name of the hub."""
    files = sorted(Path(path).rglob("*")) if Path(path).is_dir() else []
    told = "\n".join(f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files if file.is_file())
    return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""
