"""What stands over a table row or a list item and says what it is about."""

import re

from rag_app.citations import Evidence
from rag_app.sentences import ITEM_MARK

RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$")
# A longer line over a list is a paragraph, which tells more than what the list is of.
LONGEST = 300


def lead_in(evidence: Evidence) -> Evidence | None:
    """A table's head for one of its rows, the line that ends with a colon for an item of the list below it, or None."""
    chunk = evidence.passage.chunk
    lines = lines_until(chunk.text, evidence.start - chunk.start)
    here, above = lines[-1], lines[:-1]
    own = chunk.text[slice(*here)]
    found = head_of_table(chunk.text, above) if own.lstrip().startswith("|") else None
    if ITEM_MARK.match(own):
        found = line_over_list(chunk.text, above)
    if found is None:
        return None
    text = chunk.text[slice(*found)]
    start = found[0] + len(text) - len(text.lstrip())
    return Evidence(evidence.passage, chunk.start + start, chunk.start + start + len(text.strip()))


def lines_until(text: str, offset: int) -> list[tuple[int, int]]:
    """The start and end of each line up to the one that holds the offset."""
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        spans.append((start, start + len(line)))
        start += len(line)
        if start > offset:
            break
    return spans


def head_of_table(text: str, above: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The row over the rule (`|---|---|`) that the rows stand under."""
    rule = next((i for i in reversed(range(len(above))) if not is_row(text, above[i])), -1) + 2
    if 0 < rule < len(above) and RULE.match(text[slice(*above[rule])]):
        return above[rule - 1]
    return None


def is_row(text: str, line: tuple[int, int]) -> bool:
    return text[slice(*line)].lstrip().startswith("|")


def line_over_list(text: str, above: list[tuple[int, int]]) -> tuple[int, int] | None:
    for start, end in reversed(above):
        line = text[start:end]
        if line.strip() and not line[0].isspace() and not ITEM_MARK.match(line):
            return (start, end) if line.rstrip().endswith(":") and len(line) <= LONGEST else None
    return None
