"""Searches a collection."""
