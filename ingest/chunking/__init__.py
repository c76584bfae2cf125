"""Splits pages into chunks that fit the window of the embedding model."""
