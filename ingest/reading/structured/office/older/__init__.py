"""Reads the older formats of word processing: RTF, and the binary documents of Word."""
