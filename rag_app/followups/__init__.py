"""From a question in a conversation to one that stands by itself, by the chat model or by rules of English."""
