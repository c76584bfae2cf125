"""Stores conversations in one SQLite file, in LangChain's message table; exports them as Markdown, JSON and text."""

import json
import re
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, message_to_dict, messages_from_dict
from pydantic import TypeAdapter

from rag_app.safe_text import one_line
from rag_app.types import Answer, Citation, Sentence
from vectorstore.errors import StorageError
from vectorstore.types import name_place

FILE = "conversations.sqlite3"
NAME_CHARACTERS = 80
ANSWERS = TypeAdapter(Answer)
# What Markdown would read as more than text.
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")
# The second is the table of LangChain's SQLChatMessageHistory, which can read it too.
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


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """An answer as it is kept; `id` is that of its message, `feedback` a reader's: `{"good": bool, "note": str}`."""

    id: str
    answer: Answer
    feedback: dict[str, Any] | None = None


class ConversationStore:
    """The conversations of a data folder. Any number of threads and processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def found(self, words: str = "") -> list[SavedConversation]:
        """Those whose names, questions and answers contain all of the words, in any case; the newest first."""
        if not self._path.exists():
            return []
        wanted = words.casefold().split()
        fits = " AND ".join(["instr(words, ?) > 0"] * len(wanted)) or "1"
        query = (
            f"SELECT id, name, collection, changed_at FROM conversations WHERE {fits} ORDER BY changed_at DESC, rowid"  # noqa: S608 - `fits` is made of question marks
        )
        with self._open() as connection:
            return [SavedConversation(*row) for row in connection.execute(query, wanted)]

    def add(self, conversation: str, answer: Answer, *, collection: str, instead_of: str | None = None) -> str:
        """Keep a question and its answer, in place of an earlier one where its id is given; returns the id.

        The first question of a conversation is its name until it is renamed.
        """
        kept = ANSWERS.dump_python(answer, mode="json")
        kept["sentences"] = [sentence.to_json() for sentence in answer.sentences]
        message = AIMessage(answer.text, id=uuid.uuid4().hex, additional_kwargs={"answer": kept})
        name = one_line(answer.question, NAME_CHARACTERS)
        words = f"{answer.question}\n{answer.text}\n".casefold()
        rows = [(conversation, json.dumps(message_to_dict(one))) for one in (HumanMessage(answer.question), message)]
        with self._open() as connection:
            connection.executemany("INSERT INTO message_store (session_id, message) VALUES (?, ?)", rows)
            connection.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "words = words || excluded.words, changed_at = excluded.changed_at",
                (conversation, name, collection, words, datetime.now(UTC).isoformat()),
            )
            if instead_of:
                drop(connection, conversation, instead_of)
        return str(message.id)

    def load(self, conversation: str) -> list[Answer]:
        return [saved.answer for saved in self.load_saved(conversation)]

    def load_saved(self, conversation: str) -> list[SavedAnswer]:
        """The answers in their order, with their ids and feedback; none of a conversation that was deleted."""
        if not self._path.exists():
            return []
        query = "SELECT message FROM message_store WHERE session_id = ? ORDER BY id"
        with self._open() as connection:
            messages = messages_from_dict([json.loads(row) for (row,) in connection.execute(query, (conversation,))])
        return [read_saved(message) for message in messages if "answer" in message.additional_kwargs]

    def rate(self, conversation: str, answer: str, feedback: dict[str, Any] | None) -> None:
        """Keep the feedback on the answer with this id in place of an earlier one; None removes it."""
        with self._open() as connection:
            connection.execute(
                "UPDATE message_store SET message = json_set(message, '$.data.additional_kwargs.feedback', json(?)) "
                "WHERE id = ?",
                (json.dumps(feedback), row_of(connection, conversation, answer)),
            )

    def rename(self, conversation: str, name: str) -> None:
        with self._open() as connection:
            connection.execute(
                "UPDATE conversations SET name = ?, words = words || ? WHERE id = ?",
                (one_line(name, NAME_CHARACTERS), f"{name}\n".casefold(), conversation),
            )

    def delete(self, conversation: str) -> None:
        with self._open() as connection:
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))
            connection.execute("DELETE FROM message_store WHERE session_id = ?", (conversation,))

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


def read_saved(message: BaseMessage) -> SavedAnswer:
    kept = message.additional_kwargs
    return SavedAnswer(message.id or "", ANSWERS.validate_python(kept["answer"]), kept.get("feedback"))


def row_of(connection: sqlite3.Connection, conversation: str, answer: str) -> int | None:
    query = "SELECT id FROM message_store WHERE session_id = ? AND json_extract(message, '$.data.id') = ?"
    row = connection.execute(query, (conversation, answer)).fetchone()
    return row[0] if row else None


def drop(connection: sqlite3.Connection, conversation: str, answer: str) -> None:
    """Remove an answer and the question before it; their words can still be searched for."""
    row = row_of(connection, conversation, answer)
    question = (
        "DELETE FROM message_store WHERE id = (SELECT max(id) FROM message_store WHERE session_id = ? AND id < ?)"
    )
    connection.execute(question, (conversation, row))
    connection.execute("DELETE FROM message_store WHERE id = ?", (row,))


def to_markdown(name: str, answers: Sequence[Answer]) -> str:
    """Questions as headings, sentences with footnotes that quote their sources, and a remark on what is not proved."""
    parts, notes = [f"# {escape(name)}"], 0
    for answer in answers:
        text = "".join(show_sentence(one, notes) for one in answer.sentences)
        footnotes = "\n".join(footnote(citation, notes) for citation in answer.citations)
        parts += [f"## {escape(answer.question)}", text.strip(), f"*Answered by {escape(answer.answered_by)}*"]
        parts += [footnotes] if footnotes else []
        notes += len(answer.citations)
    return "\n\n".join(parts) + "\n"


def show_sentence(sentence: Sentence, notes: int) -> str:
    """`notes` is how many footnotes the answers before have."""
    marks = "".join(f"[^{notes + marker}]" for marker in sentence.markers)
    return escape(sentence.words) + marks + sentence.remark + sentence.after


def footnote(citation: Citation, notes: int) -> str:
    quote = escape(" ".join(citation.quote.split()))
    where = f"{name_place(escape(citation.title), citation.page, citation.time)} ({escape(citation.source)})"
    return f"[^{notes + citation.marker}]: {where}: “{quote}”"


def escape(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def to_json(name: str, saved: Sequence[SavedAnswer]) -> str:
    answers = [one.answer.to_json() | ({"feedback": one.feedback} if one.feedback else {}) for one in saved]
    return json.dumps({"name": name, "answers": answers}, ensure_ascii=False, indent=2)


def to_text(answer: Answer) -> str:
    """An answer as plain text: its markers and remarks as they are, and below it the quotes."""
    notes = [
        f"[{one.marker}] {name_place(one.title, one.page, one.time)}: “{' '.join(one.quote.split())}”"
        for one in answer.citations
    ]
    return "\n\n".join(filter(None, ("".join(one.shown for one in answer.sentences).strip(), "\n".join(notes))))
