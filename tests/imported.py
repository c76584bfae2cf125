"""Imports what asking and ingesting import, and begins no thread: for processes that are forked."""

import chromadb
import tantivy

import ingest.pipeline
import rag_app.answering.chain
import rag_app.commands.main
import rag_app.wiring
from vectorstore.embeddings.openvino import import_openvino

__all__ = ["chromadb", "ingest", "rag_app", "tantivy"]

import_openvino()
