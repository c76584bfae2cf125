"""A conversation as Markdown with footnotes, and as JSON."""

import json
import re
from collections.abc import Sequence

from rag_app.types import Answer, Citation, Sentence

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
    page = f", page {citation.page}" if citation.page is not None else ""
    quote = escape(" ".join(citation.quote.split()))
    return f"[^{notes + citation.marker}]: {escape(citation.title)}{page} ({escape(citation.source)}): “{quote}”"


def escape(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def to_json(name: str, answers: Sequence[Answer]) -> str:
    return json.dumps({"name": name, "answers": [answer.to_json() for answer in answers]}, ensure_ascii=False, indent=2)
