"""Splits text into sentences, list items and table rows, by the rules of sentencex or by spaCy (RAG_SENTENCES)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from sentencex import get_sentence_boundaries

from vectorstore.errors import ProviderError, SettingsError, require_packages, translated_errors

Span = tuple[int, int]
# Start and end of each sentence, in order; together they are the text. Can be pickled: reader processes cut texts too.
FindSentences = Callable[[str], list[Span]]
# Start and end of each unit, sentence or line that is one by itself, in order and without white space around it.
Split = Callable[[str], list[Span]]
SENTENCEX, SPACY = "sentencex", "spacy"
HINT = "set RAG_SENTENCES=sentencex, spacy, or spacy:PIPELINE such as spacy:en_core_web_sm"
# Of a pipeline's components, those that can begin a sentence, the surest first, and those that they listen to.
SPLITTERS = ("parser", "senter", "sentencizer")
LISTENED_TO = ("tok2vec", "transformer", "curated_transformer")
# spaCy refuses texts over a million characters for the sake of its parser's memory. What is cut here are paragraphs.
LONGEST_TEXT = 1_000_000_000
# These lines are units of their own: headings, list items, table rows, fences, rules, directives of reStructuredText,
# and what follows an empty line.
LINE_OF_ITS_OWN = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]|[-*+•][ \t]|\d{1,3}[.)][ \t]|\||```|~~~|>|([-=~^\"'*+#_])\1{2,}[ \t]*$|\.\. )|^[ \t]*$",
    re.MULTILINE,
)
# Two fields or more, one a line, as in the head of a mail or of a page: `title: Handbook`, `:Author: Ada`.
_FIELD = r"[ \t]*(?::[\w -]{1,40}:|[^\W\d_][\w .-]{0,40}(?::|[ \t]=))(?:[ \t][^\n]*)?"
FIELDS = re.compile(rf"^{_FIELD}\n(?={_FIELD}$)", re.MULTILINE)
# A heading without marks: a short first line of a paragraph, without a full stop, before a line that begins with a
# capital. Lines of wrapped text are longer.
BARE_HEADING = re.compile(r"(?:\A|\n[ \t]*\n)[^\n]{1,50}(?<![\s.,;:!?…-])[ \t]*\n(?=[^\W_a-z])")
ROW_OR_HEADING = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\||```|~~~|([-=~^\"'*+#_])\1{2,}[ \t]*$)", re.MULTILINE)
HAS_WORD = re.compile(r"\w")
# In text that is parted into tokens a full stop between spaces ends a sentence, within quotation marks too; the mark
# that closes them belongs to it.
STOP_ALONE = re.compile(r"(?<=\s[.?!])(?:\s+(?:'{1,2}|[\"”’])(?=\s))*\s+(?=\S)")
# A reference to a note after a full stop, `found.[12]`, `found.¹²` or `found.[^a]`, belongs to the sentence before it.
NOTE_MARKS = r"(?:\[[^\[\]\n]{1,30}\]|[¹²³⁰⁴-⁹]{1,3}(?:[,–][¹²³⁰⁴-⁹]{1,3})*)+"
CLOSING_MARKS = re.compile(rf"(?<=[.?!])(?:\s+(?:'{{1,2}}|[\"”’])(?=\s|\Z))+|(?<=[.?!\"”’»)]){NOTE_MARKS}(?=\s|\Z)")
NOTED_STOP = re.compile(rf"[.?!…][\"”’»)]{{0,2}}{NOTE_MARKS}\s+(?=[\"“‘«(¿¡]?[^\W\d_a-z])")
# No word of a script that parts words by spaces: bytes as text, or filler. The sentences around it stand by themselves.
LONG_RUN = re.compile(r"[!-~\u00a1-\u0dff]{300,}")
ITEM_MARK = re.compile(r"[ \t]*(?:[-*+•>]|\*{2,3}|\d{1,3}[.)])[ \t]+")


def find_sentences(text: str) -> list[Span]:
    return [(found["start_index"], found["end_index"]) for found in get_sentence_boundaries("en", text)]


@dataclass(frozen=True, slots=True)
class SpacySentences:
    """By the parser, senter or sentencizer of `pipeline`, or where that is empty by spaCy's rules of punctuation."""

    pipeline: str = ""

    def __call__(self, text: str) -> list[Span]:
        starts = [sentence.start_char for sentence in load_pipeline(self.pipeline)(text).sents][1:]
        return list(pairwise([0, *starts, len(text)])) if text else []


def load_find_sentences(setting: str) -> FindSentences:
    """What RAG_SENTENCES names. Raises SettingsError, MissingPackageError and ProviderError, at once rather than when
    the first text is cut."""
    if setting == SENTENCEX:
        return find_sentences
    prefix, colon, pipeline = setting.partition(":")
    if prefix != SPACY or bool(colon) != bool(pipeline):
        raise SettingsError(f"RAG_SENTENCES={setting} names no way to split sentences", HINT)
    load_pipeline(pipeline)
    return SpacySentences(pipeline)


@lru_cache(maxsize=4)
def load_pipeline(name: str) -> Any:
    require_packages("spacy", needed_by="RAG_SENTENCES=spacy", install="'rag-app[spacy]'")
    import spacy

    if not name:
        rules = spacy.blank("en")
        rules.add_pipe("sentencizer")
        rules.max_length = LONGEST_TEXT
        return rules
    with translated_errors(f"the spaCy pipeline {name} could not be loaded", HINT):
        pipeline = spacy.load(name)
    return keep_splitter(pipeline, name)


def keep_splitter(pipeline: Any, name: str) -> Any:
    """The pipeline with only what begins sentences: one that is switched on, else one that is there."""
    there = [one for names in (pipeline.pipe_names, pipeline.component_names) for one in SPLITTERS if one in names]
    if not there:
        raise ProviderError(f"the spaCy pipeline {name} has nothing that splits sentences", HINT)
    pipeline.select_pipes(enable=[one for one in pipeline.pipe_names if one == there[0] or one in LISTENED_TO])
    if there[0] not in pipeline.pipe_names:
        pipeline.enable_pipe(there[0])
    pipeline.max_length = LONGEST_TEXT
    return pipeline


def load_split(setting: str) -> Split:
    """`split_sentences` by what RAG_SENTENCES names; errors as of `load_find_sentences`."""
    return partial(split_sentences, find=load_find_sentences(setting))


def split_sentences(text: str, find: FindSentences = find_sentences) -> list[Span]:
    """Start and end of each unit that has a word in it, in order, without the white space around it.

    `find` parts what is neither a row nor a heading nor several items into sentences.
    """
    spans: list[Span] = []
    for start, end in split_lines(text):
        if ROW_OR_HEADING.match(text, start, end):
            units = [(start, end)]  # a table row or a heading is one unit, whatever points and stops it has
        else:
            found = find(text[start:end])
            units = [part for unit in found for part in split_at_stops(text, start + unit[0], start + unit[1])]
        for unit in units:
            found_start, found_end = strip(text, *unit)
            found_start = max(found_start, spans[-1][1] if spans else 0)  # marks that closed the one before it
            if HAS_WORD.search(text, found_start, found_end):
                spans.append(strip(text, found_start, close(text, found_end)))
    return spans


def split_at_stops(text: str, start: int, end: int) -> list[Span]:
    """A sentence cut after every full stop between spaces or with a note's mark, and around what is no word."""
    cuts = [match.end() for stop in (STOP_ALONE, NOTED_STOP) for match in stop.finditer(text, start, end)]
    cuts += [place for run in LONG_RUN.finditer(text, start, end) for place in run.span()]
    return list(pairwise([start, *sorted(cuts), end]))


def close(text: str, end: int) -> int:
    """The end of a sentence behind the marks of its notes, and those that close a quotation after white space."""
    marks = CLOSING_MARKS.match(text, end)
    return marks.end() if marks else end


def split_lines(text: str) -> list[Span]:
    """The text cut before every line that is a unit of its own, and after those that are rows or headings."""
    cuts = {0, len(text), *(match.end() for match in BARE_HEADING.finditer(text))}
    cuts.update(place for match in FIELDS.finditer(text) for place in match.span())
    for match in LINE_OF_ITS_OWN.finditer(text):
        cuts.add(match.start())
        if ROW_OR_HEADING.match(text, match.start()):
            line_end = text.find("\n", match.start())
            cuts.add(len(text) if line_end < 0 else line_end + 1)
    ordered = sorted(cuts)
    return [(start, end) for start, end in pairwise(ordered) if text[start:end].strip()]


def strip(text: str, start: int, end: int) -> Span:
    """The span without the mark of a list item, the end of bold type before it, and white space at its ends."""
    mark = ITEM_MARK.match(text, start, end)
    start = mark.end() if mark else start
    return strip_span(text, start, end)


def strip_span(text: str, start: int, end: int) -> Span:
    """The span without the white space at its ends."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
