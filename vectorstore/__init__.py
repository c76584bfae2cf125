"""Keeps collections of chunks with their vectors and words, and finds the passages nearest to a question.

from vectorstore import HybridRetriever, load_embedding_model, open_store
retriever = HybridRetriever(store=open_store(data_dir, "papers"), model=load_embedding_model("minilm", cache_dir=...))
"""

import lazy_loader

# The names of __init__.pyi, each imported when it is first used: Chroma and LangChain take a second.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
