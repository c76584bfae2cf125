"""Readers of every format but PDF: each takes bytes and gives pages."""
