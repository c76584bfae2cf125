"""Reads subtitles: the lines that are spoken, and who speaks, without times and styles."""

import html
import re

from ingest.reading.text_decoding import decode_lines

_SPEAKER = re.compile(r"<v(?:\.[\w.-]+)?\s+([^<>]+)>")
_STYLE = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>|</?>|\{\\[^{}]*\}")
_ALIGNMENT = re.compile(r"\{[\\=][^{}]*\}|\\h")


def read_subtitles(data: bytes) -> tuple[None, str]:
    """SubRip and WebVTT."""
    lines = decode_lines(data).split("\n")
    is_web = lines[0].startswith("WEBVTT")
    spoken: list[str] = []
    in_cue = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if "-->" in line:
            in_cue = True
        elif not line.strip():
            in_cue = in_cue and not is_web  # after an empty line WebVTT may have notes and styles
        elif in_cue and not ("-->" in following and (is_web or line.strip().isdigit())):
            spoken += [words for part in line.split("\\N") if (words := _words(part)) not in ("", *spoken[-1:])]
    return None, "\n".join(spoken if in_cue or spoken or is_web else lines)


def _words(line: str) -> str:
    named = _SPEAKER.sub(lambda speaker: f"{speaker[1].strip()}: ", line)
    return " ".join(html.unescape(_ALIGNMENT.sub(" ", _STYLE.sub("", named))).split())
