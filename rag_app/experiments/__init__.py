"""Measures and trains."""
