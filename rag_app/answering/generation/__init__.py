"""Writes answers with a chat model."""
