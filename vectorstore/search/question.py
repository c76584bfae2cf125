"""Prepares a question for retrieval and ranking: its vector, and its weighted terms in the collection's languages."""

from dataclasses import dataclass, field

import numpy as np

from vectorstore.embeddings.model import EmbeddingModel, Vectors, embed_question, unit_vectors
from vectorstore.storage.lexical_index import LexicalReader


@dataclass(frozen=True)
class Question:
    """A question, made once for retrieval, sentence ranking and answerability; it is analysed and embedded once.

    `text` is the question by itself. A follow-up has the key words of the conversation before it in `earlier`, each
    group with the weight of its terms, the heaviest first; the question's own terms have weight 1. The vector is that
    of the question plus that of the searched text, by the first weight.
    """

    text: str
    earlier: tuple[tuple[str, float], ...] = ()
    _vectors: dict[str, Vectors] = field(default_factory=dict, init=False, repr=False, compare=False)
    _terms: dict[tuple[str, ...], dict[str, dict[str, float]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def searched_text(self) -> str:
        """The question with the key words of what came before."""
        return " ".join((self.text, *(words for words, _ in self.earlier)))

    def vector(self, model: EmbeddingModel) -> Vectors:
        """The vector by a model, shape (dimension,)."""
        if model.identity not in self._vectors:
            [self._vectors[model.identity]] = self._embed(model)
        return self._vectors[model.identity]

    def _embed(self, model: EmbeddingModel) -> Vectors:
        """Shape (1, dimension)."""
        texts = [self.text, self.searched_text] if self.earlier else [self.text]
        vectors = np.array([embed_question(model, text) for text in texts], np.float32)
        if not self.earlier:
            return vectors
        own, whole = unit_vectors(vectors)
        return unit_vectors((own + np.float32(self.earlier[0][1]) * whole)[np.newaxis])

    def terms(self, lexical: LexicalReader) -> dict[str, dict[str, float]]:
        """By language of the collection: the question's terms, each with its weight."""
        languages = tuple(lexical.languages)
        if languages not in self._terms:
            terms = {language: dict.fromkeys(own, 1.0) for language, own in lexical.analyze_question(self.text).items()}
            for words, weight in self.earlier:
                for language, found in lexical.analyze_question(words).items():
                    terms[language] = dict.fromkeys(found, weight) | terms[language]
            self._terms[languages] = terms
        return self._terms[languages]

    def weights(self, lexical: LexicalReader) -> dict[str, float]:
        """The terms of weight 1 in all languages, each with its inverse document frequency.

        The earlier ones are left out: a sentence that answers a follow-up seldom names the topic again.
        """
        terms = [term for of_language in self.terms(lexical).values() for term, w in of_language.items() if w == 1.0]
        return lexical.weigh(terms)
