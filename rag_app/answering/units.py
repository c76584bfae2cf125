"""Parts a passage into what can be quoted: sentences, items and rows, and finds what introduces them."""

import re

from ingest import ITEM_MARK, Split, split_sentences
from rag_app.answering.citations import Evidence
from vectorstore.types import Passage

RULE = r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*\n"
# A table's head, over its rule (`|---|---|`) and the rows down to the end of the text.
TABLE_HEAD = re.compile(rf"^[ \t]*(\|[^\n]*\S|\|)[ \t]*\n{RULE}(?:[ \t]*\|[^\n]*\n)*\Z", re.MULTILINE)
# What follows the head of a table that has rows.
RULE_AND_ROW = re.compile(rf"[ \t]*\n{RULE}[ \t]*\|")
# The line over a list that ends with a colon, with nothing but items, indented and empty lines down to the end. A
# longer line is a paragraph of its own, not the heading of a list.
LIST = rf"(?:(?:{ITEM_MARK.pattern}|[ \t]+(?=\S))[^\n]*\n|[ \t]*\n)*+"
LIST_HEAD = re.compile(rf"^(?!{ITEM_MARK.pattern})(\S[^\n]{{0,298}}:)[ \t]*\n{LIST}\Z", re.MULTILINE)
BLANK_LINE = re.compile(r"\n[ \t]*\n")
SHORTEST_UNIT = 12
MOST_HEADING_WORDS = 6
NUMBERED = re.compile(r" \d{1,2}$")


def units(passage: Passage, split: Split = split_sentences) -> list[Evidence]:
    """The sentences, items and rows of a passage, without headings, heads of tables and questions, which answer
    nothing."""
    chunk = passage.chunk
    heads = {plain(head) for head in (chunk.title, *chunk.headings)}
    found = []
    for start, end in split(chunk.text):
        unit = chunk.text[start:end]
        says_little = len(unit) < SHORTEST_UNIT or is_heading(unit) or plain(unit) in heads
        is_head = unit.startswith("|") and RULE_AND_ROW.match(chunk.text, end)
        if not (unit.endswith("?") or is_head or (says_little and item_start(chunk.text, start) == start)):
            found.append(Evidence(passage, chunk.start + start, chunk.start + end))
    return found


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def is_heading(unit: str) -> bool:
    """Marked as one, or a few words without a number and without a full stop; `Apollo 11` at the end is a name."""
    if unit.startswith(("#", "```", "~~~")):
        return True
    is_row_or_ended = unit.startswith("|") or unit.endswith(tuple(".!?:;)”\"'。！？"))
    words = unit if ":" in unit else NUMBERED.sub("", unit)
    return not is_row_or_ended and len(unit.split()) <= MOST_HEADING_WORDS and not any(map(str.isdigit, words))


def lead_in(evidence: Evidence) -> Evidence | None:
    """A table's head for one of its rows, the line that ends with a colon for an item of the list below it, or None."""
    passage, chunk = evidence.passage, evidence.passage.chunk
    line_start = chunk.text.rfind("\n", 0, evidence.start - chunk.start) + 1
    above, line = chunk.text[:line_start], chunk.text[line_start:]
    head = TABLE_HEAD if is_row(line) else LIST_HEAD if ITEM_MARK.match(line) else None
    found = head.search(above) if head else None
    return Evidence(passage, chunk.start + found.start(1), chunk.start + found.end(1)) if found else None


def item_start(text: str, start: int) -> int:
    """Where the mark of a list item begins, if the sentence is an item's first."""
    line = text.rfind("\n", 0, start) + 1
    mark = ITEM_MARK.match(text, line)
    return line if mark and mark.end() == start else start


def is_row(line: str) -> bool:
    return line.lstrip(" \t").startswith("|")


def with_lead(evidence: Evidence) -> str:
    """The words of a unit as they are understood by themselves: a row's cells each behind its column's name, an item
    behind the line over its list."""
    lead = lead_in(evidence)
    if lead is None:
        return evidence.quote
    if not is_row(lead.quote):
        return f"{lead.quote} {evidence.quote}"
    cells = zip(read_cells(lead.quote), read_cells(evidence.quote), strict=False)
    return ", ".join(f"{name}: {cell}" if name else cell for name, cell in cells if cell)


def read_cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def find_blocks(text: str) -> list[tuple[int, int]]:
    """Start and end of what empty lines part."""
    gaps = [found.span() for found in BLANK_LINE.finditer(text)]
    return list(zip([0, *(end for _, end in gaps)], [*(start for start, _ in gaps), len(text)], strict=True))
