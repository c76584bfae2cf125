"""Reads files and web pages into pages of text and pictures."""
