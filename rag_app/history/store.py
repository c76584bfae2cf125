"""Conversations in one SQLite file: the messages as LangChain keeps them, each answer whole beside its text."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_community.chat_message_histories import SQLChatMessageHistory
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import TypeAdapter
from sqlalchemy import Engine, create_engine

from rag_app.types import Answer
from vectorstore.errors import StorageError

FILE = "conversations.sqlite3"
NAME_CHARACTERS = 80
ANSWERS = TypeAdapter(Answer)
# The second is LangChain's own table, which it makes too, but not where several processes do so at once.
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, name TEXT NOT NULL, collection TEXT NOT NULL, "
    "words TEXT NOT NULL, changed_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS message_store (id INTEGER NOT NULL PRIMARY KEY, session_id TEXT, message TEXT)",
)


@dataclass(frozen=True, slots=True)
class SavedConversation:
    """`collection` is the one that was asked, `changed_at` a UTC time in ISO 8601."""

    id: str
    name: str
    collection: str
    changed_at: str


class ConversationStore:
    """The conversations of a data folder. Any number of threads and processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def found(self, words: str = "") -> list[SavedConversation]:
        """Those in whose names, questions and answers all of the words stand, whatever their case; the newest first."""
        if not self._path.exists():
            return []
        wanted = words.casefold().split()
        fits = " AND ".join(["instr(words, ?) > 0"] * len(wanted)) or "1"
        query = (
            f"SELECT id, name, collection, changed_at FROM conversations WHERE {fits} ORDER BY changed_at DESC, rowid"  # noqa: S608 - `fits` is made of question marks
        )
        with self._open() as connection:
            return [SavedConversation(*row) for row in connection.execute(query, wanted)]

    def add(self, conversation: str, answer: Answer, *, collection: str) -> None:
        """Keep a question and its answer; the first one of a conversation is its name until it is given another."""
        kept = ANSWERS.dump_python(answer, mode="json")
        message = AIMessage(answer.text, additional_kwargs={"answer": kept})
        self._messages(conversation).add_messages([HumanMessage(answer.question), message])
        words = f"{answer.question}\n{answer.text}\n".casefold()
        with self._open() as connection:
            connection.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "words = words || excluded.words, changed_at = excluded.changed_at",
                (conversation, shorten(answer.question), collection, words, datetime.now(UTC).isoformat()),
            )

    def load(self, conversation: str) -> list[Answer]:
        """The answers in their order; none of a conversation that was deleted."""
        if not self._path.exists():
            return []
        messages = self._messages(conversation).messages
        kept = (message.additional_kwargs.get("answer") for message in messages)
        return [ANSWERS.validate_python(answer) for answer in kept if answer is not None]

    def rename(self, conversation: str, name: str) -> None:
        with self._open() as connection:
            connection.execute(
                "UPDATE conversations SET name = ?, words = words || ? WHERE id = ?",
                (shorten(name), f"{name}\n".casefold(), conversation),
            )

    def delete(self, conversation: str) -> None:
        with self._open() as connection:
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))
        self._messages(conversation).clear()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
                for table in SCHEMA:
                    connection.execute(table)
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{self._path} cannot be used: {error}", "rag doctor") from error

    def _messages(self, conversation: str) -> SQLChatMessageHistory:
        with self._open():
            pass
        return SQLChatMessageHistory(conversation, connection=self._engine)

    @cached_property
    def _engine(self) -> Engine:
        options: dict[str, Any] = {"connect_args": {"timeout": 30}}
        return create_engine(f"sqlite:///{self._path}", **options)


def new_id() -> str:
    return uuid.uuid4().hex


def shorten(name: str) -> str:
    """On one line, cut at a word."""
    line = " ".join(name.split())
    return line if len(line) <= NAME_CHARACTERS else line[:NAME_CHARACTERS].rsplit(" ", 1)[0] + " …"
