"""The leaf: chunks and passages, embedding models, and the collection that keeps and finds them."""
