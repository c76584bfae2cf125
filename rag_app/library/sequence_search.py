"""Searches the passages whose sequences are nearest to the records of a FASTA or GenBank file."""

import io
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from vectorstore import HybridRetriever
from vectorstore.embeddings import embed_chunks
from vectorstore.errors import InputError, require_packages
from vectorstore.types import Passage

FORMATS = {".gb": "genbank", ".gbk": "genbank", ".genbank": "genbank", ".gbff": "genbank"}
MOST_RECORDS = 1_000
LETTERS_A_LINE = 60
TEXT_MODEL_LETTERS = 600


@dataclass(frozen=True, slots=True)
class SequenceSearch:
    """The passages of a record; `seconds` is the time of its search."""

    name: str
    passages: list[Passage]
    seconds: float


def search_sequences(retriever: HybridRetriever, file: Path) -> Iterator[SequenceSearch]:
    """Each record's passages, nearest first. Raises InputError for no record, or a model that reads no sequences."""
    model = retriever.model
    if model.sequence_letters <= TEXT_MODEL_LETTERS:
        raise InputError(
            f"the embedding model {model.name} reads no sequences",
            "ingest with RAG_EMBEDDINGS=kmer:6 (or protein:MODEL) into a collection of its own, and search that",
        )
    for name, letters in read_records(file):
        began = time.monotonic()
        text = textwrap.fill(letters[: model.sequence_letters], LETTERS_A_LINE)
        [vector] = embed_chunks(model, [text])
        passages = retriever.search_vector(np.asarray(vector, np.float32)) if any(vector) else []
        yield SequenceSearch(name, passages, time.monotonic() - began)


def read_records(file: Path) -> list[tuple[str, str]]:
    """The name and the letters of each record; letters alone are a record called by the file."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace").lstrip()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}", "name a FASTA or GenBank file") from error
    letters = "".join(text.split())
    if letters.isalpha() and letters.isascii():
        return [(file.name, letters)]
    records = parse(text, FORMATS.get(file.suffix.lower(), "fasta-pearson"))
    if not records or len(records) > MOST_RECORDS:
        raise InputError(
            f"{file} has {'more than ' + format(MOST_RECORDS, ',') if records else 'no'} records",
            "name a FASTA or GenBank file, or one of letters alone",
        )
    return records


def parse(text: str, form: str) -> list[tuple[str, str]]:
    require_packages("Bio", needed_by="a search for sequences", install="'rag-app[bio]'")
    from Bio import SeqIO  # optional, and slow to import

    read: Any = SeqIO.parse
    try:
        return [(record.id, str(record.seq)) for record in islice(read(io.StringIO(text), form), MOST_RECORDS + 1)]
    except (ValueError, LookupError, AssertionError, TypeError):
        return []
