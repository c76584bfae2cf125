"""Retrieves passages: by vectors and words together, with filters, a reranker and similar documents."""
