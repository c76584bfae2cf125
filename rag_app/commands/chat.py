"""Runs `rag chat`: serves the page to this machine or, with a password, to others, and hashes that password."""

import sys
from typing import Annotated

import typer

from rag_app.commands import console
from vectorstore.errors import InputError

CHAT_EXAMPLES = console.example(
    "rag chat", "rag chat --collection samples --port 8600", "rag chat --hash-password", "rag chat --host 0.0.0.0"
)


def chat(
    collection: console.CollectionOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where the page is served.")] = 8501,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Where it listens; other than here only with RAG_PASSWORD."),
    ] = "127.0.0.1",
    hash_password: Annotated[
        bool, typer.Option("--hash-password", help="Ask for a password, print RAG_PASSWORD for it, and end.")
    ] = False,
) -> None:
    """Open the chat page in the browser."""
    if hash_password:
        print_hash()
        return
    from rag_app.web.server import serve

    serve(port, host=host, collection=collection, on_message=console.say)


def print_hash() -> None:
    from rag_app.web.access.passwords import hash_password

    if sys.stdin.isatty():
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InputError("no password was given", "type one, or pass it on: rag chat --hash-password < FILE")
    console.print_line(f"RAG_PASSWORD={hash_password(password)}")
