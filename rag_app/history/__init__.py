"""Conversations kept over restarts, and written out for others to read."""
