"""Stores a collection on disk."""
