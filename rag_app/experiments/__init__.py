"""Measures retrieval and answers on data sets, and trains embedding models."""
