"""Manages a collection: documents, watching, suggested questions, checks, conversations, map."""
