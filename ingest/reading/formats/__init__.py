"""Readers of mail, archives, pictures, recordings and sequences: each takes bytes and gives pages."""
