"""What a collection offers besides answers: documents, watching, conversations, maps."""
