"""Embedding models by name: `minilm`, or any `provider:model` that LangChain's `init_embeddings` takes."""

from vectorstore.embeddings.cache import VectorCache
from vectorstore.embeddings.model import Box, EmbeddingModel, TorchOptions, embed_chunks, embed_pictures, embed_question
from vectorstore.embeddings.providers import PROVIDERS, is_remote
from vectorstore.embeddings.registry import load_embedding_model

__all__ = [
    "PROVIDERS",
    "Box",
    "EmbeddingModel",
    "TorchOptions",
    "VectorCache",
    "embed_chunks",
    "embed_pictures",
    "embed_question",
    "is_remote",
    "load_embedding_model",
]
