"""Embedding models, a module a provider."""
