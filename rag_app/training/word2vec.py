"""From texts to word vectors learned from them alone: skip-gram (Mikolov and others, 2013), by gensim."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vectorstore.embeddings.words import find_words
from vectorstore.errors import InputError


@dataclass(frozen=True, slots=True)
class WordOptions:
    """`window` is how many words to each side count as near; rarer words than `min_count` are left out."""

    dimensions: int = 100
    epochs: int = 10
    min_count: int = 2
    window: int = 5
    seed: int = 0


def train_word2vec(texts: Iterable[str], output: Path, *, options: WordOptions) -> dict[str, int]:
    """Write gensim's KeyedVectors to `output`; the same texts and seed give the same vectors.

    Raises InputError where no word stands `min_count` times.
    """
    from gensim.models import Word2Vec  # two seconds, and only this needs it

    sentences = [[word.lower() for word in find_words(text)] for text in texts]
    model = Word2Vec(
        vector_size=options.dimensions,
        sg=1,
        negative=10,
        window=options.window,
        min_count=options.min_count,
        seed=options.seed,
        workers=1,  # with more, threads take turns in no order that could be repeated
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        hint = "rag ingest more documents, or give a lower --min-count"
        raise InputError(f"no word stands {options.min_count} times in these documents", hint)
    model.train(sentences, total_examples=len(sentences), epochs=options.epochs)
    model.wv.save(str(output))
    return {"words": len(model.wv), "dimensions": options.dimensions, "texts": len(sentences)}
