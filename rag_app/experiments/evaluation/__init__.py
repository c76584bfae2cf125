"""Measures retrieval, answers and chunking on data sets."""
