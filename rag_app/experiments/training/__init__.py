"""Trains embedding models on a collection or a data set."""
