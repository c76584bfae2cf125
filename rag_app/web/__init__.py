"""The chat page: questions and answers in a browser, each answer beside the words of the documents that prove it."""
