"""Runs `rag search` and `rag similar`: finds the passages nearest to a query, the documents nearest to a document."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag_app.commands import console
from vectorstore.errors import InputError

if TYPE_CHECKING:
    from vectorstore import HybridRetriever
    from vectorstore.types import Passage

SEARCH_EXAMPLES = console.example(
    'rag search "lunar orbit"',
    'rag search --top-k 3 --json "lunar orbit"',
    "rag search --source 'reports/*.pdf' --explain \"lunar orbit\"",
    "rag search --collection genes --sequence unknown.fasta",
)


def search(
    query: Annotated[str | None, typer.Argument(metavar="[QUERY]", help="What to look for.")] = None,
    collection: console.CollectionOption = None,
    top_k: console.TopKOption = None,
    source: console.SourceOption = None,
    where: console.WhereOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the ranks and scores of each passage.")] = False,
    sequence: Annotated[
        Path | None,
        typer.Option(
            "--sequence",
            metavar="FILE",
            help="Look for the records of a FASTA or GenBank file instead, by their vectors alone.",
        ),
    ] = None,
    as_json: console.JsonOption = False,
) -> None:
    """Find the passages nearest to a query, by meaning and by words.

    With --sequence and --json there is an object for each record: {"searches": [...]}.
    """
    if (query is None) == (sequence is None):
        raise InputError("either a QUERY or --sequence FILE is to be given", 'such as: rag search "lunar orbit"')
    from rag_app.answering.chain import read_request
    from rag_app.wiring import load_retriever

    if query is not None:
        query, _ = read_request(query)  # one without words is refused before a model is loaded
    settings, facts = console.build_settings(collection, top_k=top_k), console.read_facts(where)
    retriever = load_retriever(sources=source or (), where=facts, settings=settings, on_message=console.say)
    if query is not None:
        search_text(retriever, query, explain=explain, as_json=as_json)
    elif sequence is not None:
        search_records(retriever, sequence, as_json=as_json)


def search_text(retriever: "HybridRetriever", query: str, *, explain: bool, as_json: bool) -> None:
    began = time.monotonic()
    passages = retriever.search(query)
    seconds = time.monotonic() - began
    reasons = [explanation(retriever, query, passage) for passage in passages] if explain else []
    if not as_json:
        console.print_passages(passages, [describe_reasons(reason) for reason in reasons])
        return
    found = [passage.to_json() for passage in passages]
    for row, reason in zip(found, reasons, strict=False):
        row["explanation"] = reason
    console.print_json({"query": query, "passages": found, "seconds": seconds})


def search_records(retriever: "HybridRetriever", file: Path, *, as_json: bool) -> None:
    from rag_app.library.sequence_search import search_sequences

    searches = list(search_sequences(retriever, file))
    if as_json:
        rows = [
            {"query": one.name, "passages": [passage.to_json() for passage in one.passages], "seconds": one.seconds}
            for one in searches
        ]
        console.print_json({"searches": rows})
        return
    for one in searches:
        console.print_line(f"{one.name}:")
        console.print_passages(one.passages)


def explanation(retriever: "HybridRetriever", query: str, passage: "Passage") -> dict[str, Any]:
    return {
        "dense_rank": passage.dense_rank,
        "lexical_rank": passage.lexical_rank,
        "cosine": passage.cosine,
        "lexical": passage.lexical,
        "terms": retriever.store.snapshot().lexical.matched(query, passage.chunk),
        "score": passage.score,
    }


def describe_reasons(reason: dict[str, Any]) -> str:
    dense, lexical = (
        f"no. {rank}" if rank else "not among the first" for rank in (reason["dense_rank"], reason["lexical_rank"])
    )
    terms = ", ".join(reason["terms"]) or "none"
    return (
        f"by meaning {dense} (cosine {reason['cosine']:.3f}), by words {lexical} ({reason['lexical']:.3f}); "
        f"words: {terms}; score {reason['score']:.3f}"
    )


def similar(
    source: console.SourceArgument,
    collection: console.CollectionOption = None,
    top_k: console.TopKOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Find the documents nearest to a document, by their chunks."""
    from rag_app.library.documents import find_source
    from rag_app.wiring import build_store
    from vectorstore import similar_documents

    settings = console.build_settings(collection, top_k=top_k)
    store = build_store(settings)
    record = find_source(store, source)
    documents = [document.to_json() for document in similar_documents(store, record.source, limit=settings.top_k)]
    console.print_result({"source": record.source, "documents": documents}, as_json=as_json, as_text=print_similar)


def print_similar(found: dict[str, Any]) -> None:
    for document in found["documents"]:
        same = "  (the same picture)" if document.get("shows_the_same") else ""
        console.print_line(f"{document['similarity']:.3f}  {document['title']}  {document['source']}{same}")
    if not found["documents"]:
        console.print_line("no other document in the collection")
