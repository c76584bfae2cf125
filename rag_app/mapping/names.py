"""From the texts of clusters to a name for each: the words that tell it from the others."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence

from vectorstore.analysis import UNSPACED, analyze, read_words

WORDS_IN_NAME = 3
CANDIDATES = 12
LEAST_LETTERS = 3
# A phrase stands for its word where more than this share of the word's uses are within it.
SHARE_OF_WORD = 0.5


def name_clusters(texts: Sequence[Sequence[str]], language: str) -> list[tuple[str, ...]]:
    """Up to three words or phrases a cluster, the most telling first; `texts` has the texts of each."""
    words = [Counter[str]() for _ in texts]
    phrases = [Counter[tuple[str, str]]() for _ in texts]
    for one, counted, paired in zip(texts, words, phrases, strict=True):
        for text in one:
            count_terms(text, language, counted, paired)
    everywhere = sum(words, Counter[str]())
    mean_words = everywhere.total() / max(len(texts), 1)
    return [
        choose(weigh(counted, everywhere, mean_words), counted, paired, language)
        for counted, paired in zip(words, phrases, strict=True)
    ]


def count_terms(text: str, language: str, words: Counter[str], phrases: Counter[tuple[str, str]]) -> None:
    """Words that mean something, and two of them that stand side by side; None stands for a word between."""
    found = [word if tells(word) else None for word in read_words(text, language)]
    words.update(word for word in found if word)
    phrases.update((a, b) for a, b in itertools.pairwise(found) if a and b and not UNSPACED.search(a + b))


def tells(word: str | None) -> bool:
    if not word or any(letter.isdigit() for letter in word):
        return False
    return len(word) >= LEAST_LETTERS or bool(UNSPACED.fullmatch(word))


def weigh(counted: Counter[str], everywhere: Counter[str], mean_words: float) -> Counter[str]:
    """c-TF-IDF (Grootendorst 2022): uses here times the logarithm of 1 + mean words of a cluster / uses anywhere."""
    return Counter({word: uses * math.log1p(mean_words / everywhere[word]) for word, uses in counted.items()})


def choose(
    weights: Counter[str], words: Counter[str], phrases: Counter[tuple[str, str]], language: str
) -> tuple[str, ...]:
    """The heaviest words, each within its phrase, none of whose stems was there before."""
    names: list[str] = []
    known: set[str] = set()
    for word, _ in sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:CANDIDATES]:
        # The phrase first; with a word in it that has been said already, the word alone.
        forms = (widen(word, words, phrases), word)
        new = next((form for form in forms if known.isdisjoint(analyze(form, language))), None)
        if new:
            names.append(new)
            known.update(analyze(new, language))
    return tuple(names[:WORDS_IN_NAME])


def widen(word: str, words: Counter[str], phrases: Counter[tuple[str, str]]) -> str:
    around = {phrase: uses for phrase, uses in phrases.items() if word in phrase and phrase[0] != phrase[1]}
    phrase = max(around, key=lambda pair: (around[pair], pair), default=None)
    is_usual = phrase is not None and around[phrase] > max(1, SHARE_OF_WORD * words[word])
    return " ".join(phrase) if phrase and is_usual else word
