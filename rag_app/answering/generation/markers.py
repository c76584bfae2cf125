"""From what a model writes, piece by piece, to its text without markers and the passages that the markers name.

Read: `[1]`, `[1, 3-5]`, `[1][2]`, `[[1]]`, `([1], [2])`, `【1】`, `【1†source】`, `［1］`, `[^1]`, `[Source 1]`, digits
of any script, and `(1)` where it is asked for. Not read: what stands in code, links, subscripts and years. Definitions
of reference links are not followed, and code that is indented instead of fenced is prose.
"""

import re

from rag_app.answering.generation.code_spans import (
    TICKS_OR_LINE_END,
    TOO_LONG,
    closes_block,
    find_code_end,
    find_run_end,
    opens_block,
)
from rag_app.answering.generation.marker_forms import (
    AFTER_BEGUN,
    ANY_BRACKETS,
    BLANK,
    LONGEST,
    LONGEST_AFTER,
    OPENERS,
    SQUARE,
    WORD_JOINER,
    expand_numbers,
    is_link,
    is_subscript,
)

# As much of a text's end as a decision looks at; longer than any form.
TAIL = LONGEST + 8
MOST_BLANKS = 8
LEAST_FENCE = 3

PLAIN = re.compile(r"[^`~\[【［(（]*")
BLANKS = re.compile(rf"{BLANK}{{0,{MOST_BLANKS}}}")
BLANKS_AT_END = re.compile(rf"{BLANK}*\Z")
DESTINATION = re.compile(r"[^)\s]*[)\s]?")
# Between two markers, `[1], [2]` and `[1] and [2]`, it goes with them.
JOINED = re.compile(rf"{BLANK}{{0,2}}(?:[,;，；、&]|and){BLANK}{{0,2}}")
JOINED_BEGUN = re.compile(rf"{BLANK}{{0,2}}(?:an?)?")

# Where a piece of the raw text ends and what of it is kept; None while that is not certain.
Step = tuple[int, str] | None


def read_markers(text: str, *, passages: int, round_brackets: bool = False) -> tuple[str, list[tuple[int, int]]]:
    """A whole text without its markers, and of each marker the offset in that text and the passage's number."""
    reader = MarkerReader(passages, round_brackets=round_brackets)
    return reader.feed(text) + reader.close(), reader.markers


def without_markers(text: str) -> str:
    return read_markers(text, passages=0)[0]


def defuse(text: str, *, round_brackets: bool = False) -> str:
    """The text of a document with anything that reads as one of our markers made to be none, looking the same.

    In code too, since a piece of a text does not tell whether it is code.
    """
    forms = ANY_BRACKETS if round_brackets else SQUARE
    return forms.whole.sub(lambda match: "".join(s + WORD_JOINER if s in OPENERS else s for s in match[0]), text)


class MarkerReader:
    """Takes markers out of a stream, whatever its pieces; linear in its length, and raises nothing.

    `markers` holds of each marker its offset in the text given so far and the number of its passage, in 1..`passages`;
    other numbers are dropped. Whether a marker is one is decided by the bare text before it and the raw text after it,
    so that the bare text, read again, has none and stays as it is.
    """

    def __init__(self, passages: int, *, round_brackets: bool = False) -> None:
        self.markers: list[tuple[int, int]] = []
        self._passages = passages
        self._forms = ANY_BRACKETS if round_brackets else SQUARE
        self._raw = ""  # not yet certain
        self._tail = ""  # the end of the bare text
        self._length = 0
        self._after_marker = False
        self._fence = ""  # of the block of code that is open
        self._ticks = 0  # of the code in a line that was too long to be held back
        self._in_destination = False

    def feed(self, piece: str) -> str:
        """The bare text that is certain now."""
        self._raw += piece
        return self._read(is_end=False)

    def close(self) -> str:
        """The rest of it: nothing follows."""
        return self._read(is_end=True)

    def _read(self, *, is_end: bool) -> str:
        text, at, kept = self._raw, 0, []
        while at < len(text) and (step := self._step(text, at, is_end=is_end)):
            at = step[0]
            kept.append(self._keep(step[1]))
        self._raw = text[at:]
        return "".join(kept)

    def _step(self, text: str, at: int, *, is_end: bool) -> Step:
        if self._fence:
            return self._step_in_block(text, at, is_end=is_end)
        if self._ticks:
            return self._step_in_code(text, at, is_end=is_end)
        if self._in_destination:
            stop = end_of(DESTINATION, text, at)
            # With what ends it: blanks that a marker took away would let the destination go on.
            self._in_destination = text[stop - 1] != ")" and not text[stop - 1].isspace()
            return stop, text[at:stop]
        if self._after_marker:
            step = self._step_to_next_marker(text, at, is_end=is_end)
            if step is None or step[0] > at:
                return step
        return self._step_in_prose(text, at, is_end=is_end)

    def _step_in_prose(self, text: str, at: int, *, is_end: bool) -> Step:
        stop = end_of(PLAIN, text, at)
        if text[stop] in OPENERS if stop < len(text) else not is_end:
            stop = start_of_blanks(text, at, stop)  # which go with a marker
        if stop > at:
            return stop, text[at:stop]
        special = end_of(BLANKS, text, at)
        if special == len(text):
            return None
        if text[special] in "`~":
            return self._step_at_run(text, special, is_end=is_end)
        return self._step_at_bracket(text, at, special, is_end=is_end)

    def _step_at_bracket(self, text: str, at: int, opener: int, *, is_end: bool) -> Step:
        """Between `at` and the bracket stand blanks alone."""
        if text[at] == "(" and self._tail.endswith("]"):
            self._in_destination = True
            return at + 1, "("
        is_glued = at == opener and not self._after_marker
        found = self._judge(text, opener, is_glued=is_glued, is_end=is_end)
        if found is None:
            return None
        end, is_marker = found
        if is_marker:
            self._take(text[opener:end])
        return end, "" if is_marker else text[at:end]

    def _step_to_next_marker(self, text: str, at: int, *, is_end: bool) -> Step:
        """Over a comma or an "and" and the marker behind it; no step where none is there."""
        joined = JOINED.match(text, at)
        if joined is None:
            return None if not is_end and JOINED_BEGUN.fullmatch(text, at) else (at, "")
        opener = joined.end()
        if opener == len(text):
            return (at, "") if is_end else None
        if text[opener] not in OPENERS:
            return at, ""
        found = self._judge(text, opener, is_glued=False, is_end=is_end)
        if found is None:
            return None
        end, is_marker = found
        if is_marker:
            self._take(text[opener:end])
        return (end if is_marker else at), ""

    def _judge(self, text: str, opener: int, *, is_glued: bool, is_end: bool) -> tuple[int, bool] | None:
        """Where what begins with this bracket ends, and whether it is a marker; None while that is not certain."""
        whole = self._forms.whole.match(text, opener, opener + LONGEST)
        if whole is None:
            may_become = not is_end and len(text) - opener < LONGEST and self._forms.begun.fullmatch(text, opener)
            return None if may_become else (opener + 1, False)
        end = whole.end()
        if not is_end and AFTER_BEGUN.fullmatch(text, end):
            return None
        after = text[end : end + LONGEST_AFTER]
        is_other = is_link(whole[0], self._line(), after) or (is_glued and is_subscript(whole[0], self._tail, after))
        return end, not is_other

    def _step_at_run(self, text: str, at: int, *, is_end: bool) -> Step:
        """At ticks or tildes: past a fence, past code in a line, or past the run if it opens nothing."""
        end = find_run_end(text, at, is_end=is_end)
        if end is None:
            return None
        run = text[at:end]
        if len(run) >= LEAST_FENCE and not self._line().strip():
            is_fence = run[0] == "~" or opens_block(text, end, is_end=is_end)
            if is_fence is None:
                return None
            self._fence = run if is_fence else ""
        if self._fence or run[0] == "~":
            return end, run
        code_end = find_code_end(text, end, len(run), is_end=is_end)
        if code_end == TOO_LONG:
            self._ticks, code_end = len(run), end
        return None if code_end is None else (code_end, text[at:code_end])

    def _step_in_block(self, text: str, at: int, *, is_end: bool) -> Step:
        stop = text.find(self._fence[0], at)
        if stop != at:
            stop = len(text) if stop < 0 else stop
            return stop, text[at:stop]
        end = find_run_end(text, at, is_end=is_end)
        if end is None:
            return None
        if end - at >= len(self._fence) and not self._line().strip():
            is_closed = closes_block(text, end, is_end=is_end)
            if is_closed is None:
                return None
            self._fence = "" if is_closed else self._fence
        return end, text[at:end]

    def _step_in_code(self, text: str, at: int, *, is_end: bool) -> Step:
        found = TICKS_OR_LINE_END.search(text, at)
        if found is None or found.start() > at:
            stop = found.start() if found else len(text)
            return stop, text[at:stop]
        end = find_run_end(text, at, is_end=is_end) if found[0] != "\n" else found.end()
        if end is None:
            return None
        if found[0] == "\n" or end - at == self._ticks:
            self._ticks = 0
        return end, text[at:end]

    def _line(self) -> str:
        """What stands on the line so far, as far as the tail tells."""
        line = self._tail[self._tail.rfind("\n") + 1 :]
        return line if len(line) < TAIL else "…"

    def _take(self, marker: str) -> None:
        given = (number for number in expand_numbers(marker) if 1 <= number <= self._passages)
        self.markers += [(self._length, number) for number in given]
        self._after_marker = True

    def _keep(self, piece: str) -> str:
        if not piece:
            return ""
        if self._after_marker and self._closes_up(piece[0]):
            piece = WORD_JOINER + piece
        self._after_marker = False
        self._tail = (self._tail + piece[-TAIL:])[-TAIL:]
        self._length += len(piece)
        return piece

    def _closes_up(self, sign: str) -> bool:
        """Whether what stands before a marker taken out and what follows would be read as one: `[[1]2]`."""
        if sign in "`~" and self._tail.endswith(sign):
            return True
        before = re.split(rf"[\n{WORD_JOINER}]", self._tail[-LONGEST:])[-1]  # no marker holds either
        found = self._forms.at_end.search(before + sign)
        return found is not None and found.start() < len(before)


def end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the pattern, which matches nothing at least, ends its match here."""
    match = pattern.match(text, at)
    return match.end() if match else at


def start_of_blanks(text: str, at: int, stop: int) -> int:
    """Where the last blanks before `stop` begin, of which so many count."""
    found = BLANKS_AT_END.search(text, max(at, stop - MOST_BLANKS), stop)
    return found.start() if found else stop
