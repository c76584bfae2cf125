"""`provider:model` for all else that LangChain's `init_embeddings` knows: Ollama, Azure, Cohere and the like."""

from collections.abc import Sequence
from typing import Any

from langchain_core.embeddings import Embeddings

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, first_line
from vectorstore.errors import MissingPackageError, ProviderError, RagError, SettingsError

# Where a model's tokenizer is not on this machine, a text is bounded by bytes: no tokenizer that works on bytes
# makes more tokens than a text has bytes, so a text of at most the window's number of bytes is never cut.
KNOWN_WINDOWS = {"azure_openai": 8191}
OTHER_WINDOW = 2048
BYTES_PER_TOKEN = 4
# langchain-openai would count tokens itself, with a vocabulary that it downloads; chunks are bounded already.
OPTIONS: dict[str, dict[str, Any]] = {name: {"check_embedding_ctx_length": False} for name in KNOWN_WINDOWS}


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    embeddings = init_provider_embeddings(name.setting)
    window = KNOWN_WINDOWS.get(name.prefix, OTHER_WINDOW) // BYTES_PER_TOKEN
    return EmbeddingModel(name.setting, embeddings, window, count_in_bytes, revision=address(embeddings))


def address(embeddings: Embeddings) -> str:
    """The server that is asked, where the provider's client tells: the same name may be another model elsewhere."""
    client = getattr(getattr(embeddings, "client", None), "_client", None)  # of Azure
    return str(getattr(client, "base_url", None) or getattr(embeddings, "base_url", None) or "")


def count_in_bytes(texts: Sequence[str]) -> list[int]:
    return [-(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN) for text in texts]


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
