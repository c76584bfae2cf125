"""Embedding models by name: `minilm`, or any `provider:model` that LangChain's `init_embeddings` takes."""

from vectorstore.embeddings.model import (
    PROVIDERS,
    Box,
    EmbeddingModel,
    ModelName,
    TorchOptions,
    Vectors,
    cosine_similarities,
    embed_chunks,
    embed_pictures,
    embed_question,
    is_remote,
    load_embedding_model,
    unit_vectors,
)
from vectorstore.embeddings.vector_cache import VectorCache

__all__ = [
    "PROVIDERS",
    "Box",
    "EmbeddingModel",
    "ModelName",
    "TorchOptions",
    "VectorCache",
    "Vectors",
    "cosine_similarities",
    "embed_chunks",
    "embed_pictures",
    "embed_question",
    "is_remote",
    "load_embedding_model",
    "unit_vectors",
]
