"""Answers from one's own documents, every sentence of them proved by exact words.

from rag_app import Settings, ingest_paths, load_chain
ingest_paths(["docs/"])
answer = load_chain().invoke("Who stayed in orbit?")
"""

import lazy_loader

# The names of __init__.pyi, each imported when it is first used: Chroma and LangChain take a second.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
