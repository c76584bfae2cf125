"""Answers questions: follow-ups, sentence ranking, quotes, claims and citations."""
