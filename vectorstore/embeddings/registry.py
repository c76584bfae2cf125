"""From the name in a setting to an embedding model."""

from collections.abc import Callable
from pathlib import Path

from vectorstore.embeddings import langchain_providers
from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName, TorchOptions
from vectorstore.embeddings.providers import BY_PREFIX
from vectorstore.errors import SettingsError

AS_TORCH_PREFERS = TorchOptions()


def load_embedding_model(
    name: str,
    *,
    cache_dir: Path,
    on_message: Callable[[str], None] = lambda message: None,
    torch: TorchOptions = AS_TORCH_PREFERS,
) -> EmbeddingModel:
    """Open the model called `name`, which may be the folder of an encoder; `on_message` gets a line when the first use
    takes longer, `torch` says how models run that torch runs.

    Raises SettingsError for a name nobody knows or a device that is not there, MissingPackageError and ProviderError as
    the provider fails.
    """
    wanted, options = ModelName.parse(name), LoadOptions(cache_dir, on_message, torch)
    provider = BY_PREFIX.get(wanted.prefix)
    if provider is None and Path(name).expanduser().is_dir():
        wanted, provider = ModelName(name, "huggingface", str(Path(name).expanduser())), BY_PREFIX["huggingface"]
    if provider and bool(wanted.model) == (":" in provider.form):
        return provider.load(wanted, options)
    if not wanted.model:
        raise SettingsError(
            f"RAG_EMBEDDINGS={name} names no embedding model",
            "set RAG_EMBEDDINGS=minilm, a folder, or provider:model such as openai:text-embedding-3-small",
        )
    return langchain_providers.load(wanted, options)
