"""Retrieves passages: by vectors, words and a reader of question and passage, with filters; similar documents."""
