"""A conversation as Markdown with footnotes, and as JSON; one answer as plain text."""

import json
import re
from collections.abc import Sequence
from typing import Any

from rag_app.history.store import SavedAnswer
from rag_app.types import Answer, Citation, Sentence
from vectorstore.types import name_place

# What Markdown would read as more than text.
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def to_markdown(name: str, answers: Sequence[Answer]) -> str:
    """Questions as headings, sentences with footnotes that quote their proof, and those without proof marked so."""
    parts, notes = [f"# {escape(name)}"], 0
    for answer in answers:
        text = escape(answer.text) if answer.refused else "".join(show(one, notes) for one in answer.sentences)
        footnotes = "\n".join(footnote(citation, notes) for citation in answer.citations)
        parts += [f"## {escape(answer.question)}", text.strip(), f"*Answered by {escape(answer.answered_by)}*"]
        parts += [footnotes] if footnotes else []
        notes += len(answer.citations)
    return "\n\n".join(parts) + "\n"


def show(sentence: Sentence, notes: int) -> str:
    """`notes` is how many footnotes the answers before have."""
    shown = sentence.text.rstrip()
    words = shown.removesuffix("".join(f"[{marker}]" for marker in sentence.markers)).rstrip()
    marks = "".join(f"[^{notes + marker}]" for marker in sentence.markers)
    is_bare = not sentence.supported and re.search(r"\w", words)
    return escape(words) + marks + (" (unsupported)" if is_bare else "") + sentence.text[len(shown) :]


def footnote(citation: Citation, notes: int) -> str:
    quote = escape(" ".join(citation.quote.split()))
    where = f"{name_place(escape(citation.title), citation.page, citation.time)} ({escape(citation.source)})"
    return f"[^{notes + citation.marker}]: {where}: “{quote}”"


def escape(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def to_json(name: str, saved: Sequence[SavedAnswer]) -> str:
    answers = [show_saved(one) for one in saved]
    return json.dumps({"name": name, "answers": answers}, ensure_ascii=False, indent=2)


def show_saved(saved: SavedAnswer) -> dict[str, Any]:
    """All that an answer holds, and under `feedback` what was thought of it, where somebody said so."""
    told = {"feedback": saved.feedback.to_json()} if saved.feedback else {}
    return {**saved.answer.to_json(), **told}


def to_text(answer: Answer) -> str:
    """An answer as plain text: its markers as they are, and under it the words that each stands for."""
    notes = [
        f"[{one.marker}] {name_place(one.title, one.page, one.time)}: “{' '.join(one.quote.split())}”"
        for one in answer.citations
    ]
    return "\n\n".join(filter(None, (answer.text.strip(), "\n".join(notes))))
