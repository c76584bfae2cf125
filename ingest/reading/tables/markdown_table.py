"""Writes a Markdown table whose head is repeated, so that each chunk of it says what its columns are."""

import re
from collections.abc import Sequence

_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
# A piece fits a chunk of 200 tokens together with the sheet's name; a longer head leaves the rows too little room.
_TABLE_TOKENS, _MAX_HEAD_TOKENS, _ROOM = 150, 110, 60
_GROUP_TOKENS = 75  # of the heads of columns that are shown together, where all are too many
_WIDE = 5  # columns


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A long table as several, each with the head: a chunk of it then says what its columns are.

    A wide one is parted into groups of columns too, each with the first column, as sheets are printed.
    """
    groups: list[list[int]] = [[0]]
    costs = [_token_estimate(name) + 1 for name in head]
    is_wide = len(head) >= _WIDE and sum(costs) > _MAX_HEAD_TOKENS
    for column in range(1, len(head)):
        is_full = sum(costs[one] for one in groups[-1]) + costs[column] > _GROUP_TOKENS
        if is_wide and is_full and len(groups[-1]) > 1:
            groups.append([0])
        groups[-1].append(column)
    tables = []
    for group in groups:
        lines = [
            f"| {' | '.join([row[column].replace('|', chr(92) + '|') for column in group])} |" for row in (head, *rows)
        ]
        tables.append(_with_repeated_head(lines, f"|{' --- |' * len(group)}"))
    return "\n\n".join(tables)


def _with_repeated_head(lines: Sequence[str], rule: str) -> str:
    head_cost = _token_estimate(lines[0])
    if head_cost > _MAX_HEAD_TOKENS or not lines[0].strip("| "):
        return "\n".join([lines[0], rule, *lines[1:]])
    most = max(_TABLE_TOKENS, head_cost + _ROOM)
    tables, cost = [[lines[0], rule]], head_cost
    for line in lines[1:]:
        line_cost = _token_estimate(line)
        if cost + line_cost > most and len(tables[-1]) > 2:
            tables.append([lines[0], rule])
            cost = head_cost
        tables[-1].append(line)
        cost += line_cost
    return "\n\n".join("\n".join(table) for table in tables)


def _token_estimate(line: str) -> int:
    # Word pieces: one a mark or short word, one more for every five letters or three digits.
    return sum(1 + len(word) // (3 if word[0].isdigit() else 5) for word in _WORD_OR_MARK.findall(line))
