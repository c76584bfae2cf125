"""Readers of archives, text files, pictures, recordings and sequences: each takes bytes and gives pages."""
