"""Whether the passages found hold an answer at all, and the one sentence that says they do not."""

import math
from collections.abc import Sequence

from rag_app.quotes import Candidate, share_of_terms
from vectorstore.lexical import LexicalIndex
from vectorstore.types import Passage

REFUSAL = "The documents do not answer this question."

# A logistic model fitted on the visible halves of CLAP NQ (answerable, near misses, off topic) and on 400 questions of
# XQuAD English; the threshold keeps 94 % of the answerable ones there.
PASSAGE_COSINE, SENTENCE_COSINE, TERMS_FOUND, INTERCEPT = 2.7, 10.4, 3.7, -9.2
THRESHOLD = 0.35
PASSAGES_READ_FOR_TERMS = 3


def answerability(
    question: str,
    passages: Sequence[Passage],
    candidates: Sequence[Candidate],
    *,
    lexical: LexicalIndex,
) -> float:
    """How likely it is that the passages answer the question, in [0, 1]; 0 without a passage."""
    if not passages or not candidates:
        return 0.0
    weights = lexical.idf(question)
    texts = (passage.chunk.embedded_text for passage in passages[:PASSAGES_READ_FOR_TERMS])
    evidence = (
        PASSAGE_COSINE * max(passage.cosine for passage in passages)
        + SENTENCE_COSINE * max(candidate.cosine for candidate in candidates)
        + TERMS_FOUND * max(share_of_terms(weights, lexical.terms(text)) for text in texts)
    )
    return 1 / (1 + math.exp(-(INTERCEPT + evidence)))
