"""Analyses text into the terms of lexical search, by its language: stems without stop words, parts of identifiers."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import tantivy

ENGLISH = "en"
# The languages that tantivy stems, by their code of ISO 639-1; of most it has stop words too.
STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
WITHOUT_STOP_WORDS = {"ar", "el", "ro", "ta", "tr"}
# Others are not stemmed; these write without spaces between words.
OTHER = "other"
UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
UNSPACED_LANGUAGES = ("ja", "ko", "th", "zh")
LANGUAGES = (*STEMMERS, OTHER)
# Code and lists of names look a little like every language: less sure than this counts as English.
SURE = 0.9
DETECTED_CHARACTERS = 4_000
WORD = re.compile(r"\w+")
# Where an identifier is joined: fooBar, HTTPServer, utf8.
JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
LONGEST_TERM = 100


def analyze(text: str, language: str) -> list[str]:
    """The terms of a text in order; after them those of the parts of its identifiers."""
    # Halves of surrogate pairs, which a terminal passes on, are no text to tantivy.
    text = UNSPACED.sub(_pairs, text.encode("utf-8", "replace").decode())
    analyzer = build_analyzer(language)
    terms: list[str] = analyzer.analyze(text)
    parts = ((word, JOINTS.sub(" ", word)) for word in WORD.findall(text))
    return terms + analyzer.analyze(" ".join(parted for word, parted in parts if parted != word))


def read_words(text: str, language: str) -> list[str | None]:
    """The words of a text in order, as they are written but for their case; None for each stop word."""
    text = UNSPACED.sub(_pairs, text.encode("utf-8", "replace").decode()).lower()
    telling = set(build_analyzer(language, is_stemmed=False).analyze(text))
    return [word if word in telling else None for word in WORD.findall(text)]


def _pairs(run: re.Match[str]) -> str:
    """Each two neighbours as a word: where no space divides words, pairs find them almost as well as a dictionary."""
    signs = run[0]
    return f" {' '.join(signs[i : i + 2] for i in range(max(len(signs) - 1, 1)))} "


def detect_language(text: str) -> str:
    """One of LANGUAGES."""
    if not text.strip():
        return ENGLISH
    language, probability = _identifier().classify(text[:DETECTED_CHARACTERS])
    if probability < SURE:
        return ENGLISH
    return language if language in STEMMERS else OTHER


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # 0.7 s, and only what writes needs it

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*STEMMERS, *UNSPACED_LANGUAGES])
    return identifier


@cache
def english_stop_words() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("stop_words.txt").read_text(encoding="utf-8").split())


@cache
def build_analyzer(language: str, *, is_stemmed: bool = True) -> tantivy.TextAnalyzer:
    name = STEMMERS.get(language)
    filters = [tantivy.Filter.remove_long(LONGEST_TERM), tantivy.Filter.lowercase()]
    if language == ENGLISH:  # a longer list than tantivy's
        filters.append(tantivy.Filter.custom_stopword(sorted(english_stop_words())))
    elif name and language not in WITHOUT_STOP_WORDS:
        filters.append(tantivy.Filter.stopword(name))
    if is_stemmed:
        if name:
            filters.append(tantivy.Filter.stemmer(name))
        filters.append(tantivy.Filter.ascii_fold())  # last: stemmers and stop words know the accents of their language
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for text_filter in filters:
        builder = builder.filter(text_filter)
    return builder.build()
