"""Ingests files into a collection: finds, reads, chunks, embeds and stores what changed."""

import lazy_loader

# The names of __init__.pyi, each imported when it is first used: Chroma and LangChain take a second.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
