"""Manages a collection: its documents, watched folders, suggested questions, conversations and map."""
