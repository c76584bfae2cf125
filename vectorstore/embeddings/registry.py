"""From the name in a setting to an embedding model."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from vectorstore.embeddings import minilm
from vectorstore.embeddings.model import EmbeddingModel
from vectorstore.errors import (
    MissingPackageError,
    ProviderError,
    RagError,
    SettingsError,
)

# Where a model's tokenizer is not on this machine, a text is bounded by bytes: no tokenizer that works on bytes
# makes more tokens than a text has bytes, so a text of at most the window's number of bytes is never cut.
KNOWN_WINDOWS = {"openai": 8191, "azure_openai": 8191}
OTHER_WINDOW = 2048
BYTES_PER_TOKEN = 4
# langchain-openai would count tokens itself, with a vocabulary that it downloads; chunks are bounded already.
OPTIONS: dict[str, dict[str, Any]] = {name: {"check_embedding_ctx_length": False} for name in KNOWN_WINDOWS}


def load_embedding_model(
    name: str,
    *,
    cache_dir: Path,
    on_message: Callable[[str], None] = lambda message: None,
) -> EmbeddingModel:
    """Open the model called `name`; `on_message` gets a line when the first use takes longer.

    Raises SettingsError for a name nobody knows, MissingPackageError and ProviderError as the provider fails.
    """
    if name == minilm.NAME:
        return load_minilm(cache_dir, on_message=on_message)
    return load_provider_model(name)


def load_minilm(cache_dir: Path, *, on_message: Callable[[str], None]) -> EmbeddingModel:
    if has_gpu():
        return load_sentence_transformer(minilm.NAME, str(minilm.find_weights()))
    folder = minilm.converted_folder(cache_dir, on_message=on_message)
    return EmbeddingModel(
        name=minilm.NAME,
        embeddings=minilm.MiniLMEmbeddings(folder),
        max_tokens=minilm.WINDOW - minilm.SPECIAL_TOKENS,
        count_tokens=minilm.TokenCounter(minilm.load_tokenizer(folder)),
    )


def has_gpu() -> bool:
    """Whether torch can use a CUDA or ROCm device; torch is asked only where a device file says there may be one."""
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/kfd").exists():
        return False
    import torch  # seconds to import: never on a machine without such a device

    return torch.cuda.is_available()


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


def load_provider_model(name: str) -> EmbeddingModel:
    provider, separator, model = name.partition(":")
    if not separator or not model:
        raise SettingsError(
            f"RAG_EMBEDDINGS={name} names no embedding model",
            "set RAG_EMBEDDINGS=minilm, or provider:model such as openai:text-embedding-3-small",
        )
    if provider == "huggingface":
        return load_hugging_face(name, model)
    embeddings = init_provider_embeddings(name)
    window = KNOWN_WINDOWS.get(provider, OTHER_WINDOW) // BYTES_PER_TOKEN
    return EmbeddingModel(name, embeddings, window, count_in_bytes)


def count_in_bytes(texts: Sequence[str]) -> list[int]:
    return [-(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) for text in texts]


def load_hugging_face(name: str, model: str) -> EmbeddingModel:
    try:
        return load_sentence_transformer(name, model)
    except Exception as error:  # the hub, torch and transformers each raise their own
        raise ProviderError(
            f"{model} could not be loaded: {first_line(error)}",
            "name a sentence-transformers model of the hub, or a folder that holds one: huggingface:PATH",
        ) from error


def init_provider_embeddings(name: str) -> Embeddings:
    from langchain.embeddings import (
        init_embeddings,
    )  # 0.3 s, and only providers need it

    provider = name.partition(":")[0]
    try:
        embeddings = init_embeddings(name, **OPTIONS.get(provider, {}))
    except ImportError as error:
        package = f"langchain-{provider.replace('_', '-')}"
        raise MissingPackageError(f"{name} needs the package {package}", f"pip install {package}") from error
    except RagError:
        raise
    except Exception as error:  # what is raised for a bad name or a missing key differs by provider
        raise ProviderError(
            f"{name} could not be opened: {first_line(error)}",
            f"check the name in RAG_EMBEDDINGS and the key of {provider} (such as OPENAI_API_KEY)",
        ) from error
    if not isinstance(embeddings, Embeddings):
        raise SettingsError(f"{name} names no embedding model", "set RAG_EMBEDDINGS=provider:model")
    return embeddings


def first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
