"""Makes invisible characters visible and joins text to one line, for every place that shows text."""

import re

LINE_END = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Drawn as nothing, or drawing others in another order: words can be hidden from a reader in them. Unicode 16,
# DerivedCoreProperties, Default_Ignorable_Code_Point, with control characters and interlinear annotations; but for the
# joiners between two letters of scripts that are spelled with them, such as Persian and Hindi.
UNSEEN = re.compile(
    "(?<![\u0600-\u1cff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u1cff])"
    "|[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
SURROGATE = re.compile("[\ud800-\udfff]")


def make_visible(text: str) -> str:
    """The text without what cannot be seen in it, its lines ended by line feeds."""
    return SURROGATE.sub("\ufffd", UNSEEN.sub("", LINE_END.sub("\n", text)))


def one_line(text: str, most: int) -> str:
    """A name on one line of at most `most` characters, cut between words where it is longer."""
    line = " ".join(make_visible(text).split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"
