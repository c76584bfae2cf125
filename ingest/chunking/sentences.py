"""Splits a text into sentences by the rules of sentencex, or by spaCy if RAG_SENTENCES says so."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sentencex import get_sentence_boundaries

from vectorstore.errors import ProviderError, SettingsError, require_packages, translated_errors

Span = tuple[int, int]
# Start and end of each sentence, in order; together they are the text. Can be pickled: reader processes cut texts too.
FindSentences = Callable[[str], list[Span]]
SENTENCEX, SPACY = "sentencex", "spacy"
HINT = "set RAG_SENTENCES=sentencex, spacy, or spacy:PIPELINE such as spacy:en_core_web_sm"
# Of a pipeline's components, those that can begin a sentence, the surest first, and those that they listen to.
SPLITTERS = ("parser", "senter", "sentencizer")
LISTENED_TO = ("tok2vec", "transformer", "curated_transformer")
# spaCy refuses texts over a million characters for the sake of its parser's memory. What is cut here are paragraphs.
LONGEST_TEXT = 1_000_000_000


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
