"""Whether a question is English, which the rules are for, and which of its words say what it is about."""

from rag_app.followups.stems import STEM_LETTERS
from rag_app.followups.tokens import tokenize
from rag_app.followups.words import FUNCTION_WORDS, VAGUE

# German, Spanish and French words of the same sort; those that are English too ("was", "me", "on") count for both.
FOREIGN_WORDS = frozenset([
    "aber", "als", "am", "auch", "auf", "aus", "bei", "das", "dem", "den", "denn", "der", "des", "die", "dort", "du",
    "ein", "eine", "einem", "einen", "einer", "er", "es", "für", "hat", "hatte", "ich", "ihm", "ihn", "ihr", "ihre",
    "im", "in", "ist", "kann", "man", "mehr", "mit", "nach", "nicht", "noch", "nur", "oder", "ob", "sein", "seine",
    "sich", "sie", "sind", "so", "über", "um", "und", "uns", "viel", "viele", "vom", "von", "vor", "wann", "war",
    "waren", "warum", "was", "wem", "wen", "wer", "weshalb", "wessen", "wie", "wieso", "wird", "wo", "wohin", "woher",
    "wurde", "wurden", "zu", "zum", "zur", "haben", "welche", "welcher", "welches", "genau", "wieviel", "passierte",
    "a", "al", "como", "cómo", "con", "cuál", "cuáles", "cual", "cuando", "cuándo", "cuanto", "cuánto", "cuántos",
    "cuántas", "cuánta", "de", "del", "donde", "dónde", "el", "él", "ella", "ellas", "ellos", "en", "entonces", "era",
    "eran", "eso", "esta", "está", "este", "esto", "estos", "fue", "fueron", "ha", "han", "hay", "la", "las", "le",
    "les", "lo", "los", "me", "más", "mas", "muy", "no", "o", "para", "pero", "por", "porque", "que", "qué", "quien",
    "quién", "quienes", "quiénes", "se", "ser", "si", "sí", "sobre", "son", "su", "sus", "también", "te", "un", "una",
    "y", "ya",
    "alors", "après", "au", "aux", "avec", "avait", "avant", "c'est", "ce", "cela", "ces", "cette", "combien",
    "comment", "d", "dans", "des", "du", "elle", "elles", "est", "est-ce", "et", "était", "il", "ils", "l", "leur",
    "leurs", "lui", "mais", "ne", "on", "ont", "où", "par", "pas", "pour", "pourquoi", "qu'est-ce", "quand", "quel",
    "quelle", "quels", "quelles", "qui", "quoi", "s", "sa", "sans", "ses", "sont", "sur", "une", "a-t-il", "a-t-elle",
])  # fmt: skip
EMPTY_WORDS = FUNCTION_WORDS | VAGUE


def is_english(text: str, *, before: str = "") -> bool:
    """Whether more of its function words are English than German, Spanish or French; if as many, more of `before`."""
    words = [token.word for token in tokenize(text)]
    surplus = sum(word in FUNCTION_WORDS for word in words) - sum(word in FOREIGN_WORDS for word in words)
    return surplus > 0 or (surplus == 0 and bool(before) and is_english(before))


def key_terms(text: str) -> list[str]:
    """The words that say what a text is about, in order, each once."""
    empty = EMPTY_WORDS if is_english(text) else EMPTY_WORDS | FOREIGN_WORDS
    terms = {token.word: token.text for token in tokenize(text) if not token.is_clitic and token.word not in empty}
    return list(terms.values())


def topic_words(text: str) -> set[str]:
    """The same by their first letters, which do for an ending that differs."""
    return {term.lower()[:STEM_LETTERS] for term in key_terms(text)}
