"""Reads spreadsheets and delimited text into paragraphs and Markdown tables."""
