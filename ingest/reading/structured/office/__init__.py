"""Reads word processing and slides of Word, PowerPoint and OpenDocument by their own XML."""
