"""What was found for a question weighed: the sentences, likeliest to answer first, and whether they answer at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag_app.evidence import Candidate
from rag_app.quotes import find_candidates
from rag_app.refusal import answerability
from rag_app.sentences import Split, split_sentences
from vectorstore.embeddings import EmbeddingModel, embed_chunks
from vectorstore.fusion import cosine_similarities
from vectorstore.lexical import LexicalIndex
from vectorstore.types import Passage


@dataclass(frozen=True, slots=True)
class Weighed:
    """`answerability` is in [0, 1]."""

    candidates: Sequence[Candidate]
    answerability: float


@dataclass(frozen=True, slots=True)
class Scales:
    """The words of a collection, and the model by which sentences are judged.

    Every constant was fitted on that model's cosines, which another model's are not like: `is_own` says whether it is
    the collection's too. `split` parts a text into sentences.
    """

    lexical: LexicalIndex
    model: EmbeddingModel
    is_own: bool
    split: Split = split_sentences

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return embed_chunks(self.model, texts)

    def weigh(self, question: str, passages: Sequence[Passage]) -> Weighed:
        if not passages:
            return Weighed((), 0.0)
        judged = passages if self.is_own else self._judged(question, passages)
        candidates = find_candidates(question, judged, embed=self.embed, lexical=self.lexical, split=self.split)
        return Weighed(candidates, answerability(question, judged, candidates, lexical=self.lexical))

    def _judged(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        texts = [question, *(passage.chunk.embedded_text for passage in passages)]
        vectors = np.asarray(self.embed(texts), dtype=np.float32)
        cosines = cosine_similarities(vectors[0], vectors[1:]).tolist()
        return [replace(passage, cosine=cosine) for passage, cosine in zip(passages, cosines, strict=True)]
