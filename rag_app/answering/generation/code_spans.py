"""Where code begins and ends in Markdown that is still being written; None where only more text can tell."""

import re

# Runs of ticks are read so many at a time, and code in a line is looked for so far, so that little is held back.
LONGEST_RUN = 16
LONGEST_CODE = 240
TOO_LONG = -1

RUN = re.compile(rf"`{{1,{LONGEST_RUN}}}|~{{1,{LONGEST_RUN}}}")
TICKS_OR_LINE_END = re.compile(rf"`{{1,{LONGEST_RUN}}}|\n")
REST_OF_LINE = re.compile(r"[ \t\r]{0,16}")


def find_run_end(text: str, at: int, *, is_end: bool) -> int | None:
    """Where the ticks or tildes that begin here end."""
    run = RUN.match(text, at)
    end = run.end() if run else at
    is_open = end == len(text) and end - at < LONGEST_RUN and not is_end
    return None if is_open else end


def opens_block(text: str, run_end: int, *, is_end: bool) -> bool | None:
    """Whether three ticks or more at the start of a line are a fence: code in a line has ticks on the same line again.

    https://spec.commonmark.org/0.31.2/#info-string
    """
    found = TICKS_OR_LINE_END.search(text, run_end, run_end + LONGEST_CODE)
    if found:
        return found[0] == "\n"
    return True if is_end or len(text) - run_end >= LONGEST_CODE else None


def closes_block(text: str, run_end: int, *, is_end: bool) -> bool | None:
    """Whether nothing follows on the line of a fence."""
    rest = REST_OF_LINE.match(text, run_end)
    end = rest.end() if rest else run_end
    if end == len(text):
        return True if is_end else None
    return text[end] == "\n"


def find_code_end(text: str, run_end: int, ticks: int, *, is_end: bool) -> int | None:
    """Where code in a line ends that so many ticks open; `run_end` itself if the line ends first, or TOO_LONG."""
    stop = run_end + LONGEST_CODE
    for found in TICKS_OR_LINE_END.finditer(text, run_end, stop):
        if found.end() == len(text) < stop and found[0] != "\n" and not is_end:
            return None
        if found[0] == "\n":
            return run_end
        if len(found[0]) == ticks:
            return found.end()
    if len(text) >= stop:
        return TOO_LONG
    return run_end if is_end else None
