"""Checks each sentence that a chat model wrote against the retrieved passages."""
