"""From a collection's own texts to embedding models made for it: word vectors, a distilled one, a fine-tuned one."""
