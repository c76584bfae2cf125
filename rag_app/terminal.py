"""Writes to the terminal: plain text to stdout, messages to stderr, control characters removed."""

import re

from rich.console import Console

# A document's bytes must not move the cursor, recolour the terminal or retitle the window, nor turn round the order in
# which a line is read (CVE-2021-42574, "Trojan Source").
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# Rich would colour `[red]` and draw `:smile:` where a document has them.
out = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
err = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    err.print(clean(message))


def print_text(text: str) -> None:
    out.print(clean(text))


def print_line(text: str) -> None:
    """For titles and file names: one with a line break in it must not look like two."""
    out.print(" ".join(clean(text).splitlines()))


def clean(text: str) -> str:
    return CONTROL.sub(" ", text)
