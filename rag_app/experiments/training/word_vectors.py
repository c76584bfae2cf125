"""Trains word vectors by skip-gram (Mikolov and others, 2013) with gensim, and distils encoders with model2vec."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from vectorstore import find_words
from vectorstore.errors import InputError, RagError, first_line

# A rarer word is as well embedded by its tokens.
FEWEST, MOST_WORDS = 5, 20_000
# Words to each side that count as near.
WINDOW = 5


def frequent_words(texts: Iterable[str]) -> list[str]:
    """In small letters, the most frequent first."""
    counts = Counter(word.lower() for text in texts for word in find_words(text))
    return [word for word, count in counts.most_common(MOST_WORDS) if count >= FEWEST]


def distill_static(weights: Path, output: Path, *, dimensions: int, words: Sequence[str] = ()) -> dict[str, int]:
    """Write a model2vec folder: each token, and each of `words`, embedded by itself, reduced by PCA, weighted by its
    likely rank (https://github.com/MinishLab/model2vec).

    Raises RagError where the folder holds no encoder that can be read so.
    """
    if not (weights / "config.json").is_file():
        raise InputError(f"{weights} holds no encoder", "name a folder of transformers with --from")
    os.environ["HF_HUB_OFFLINE"] = "1"
    from model2vec.distill import distill  # torch and transformers, which only this needs

    try:
        model = distill(str(weights), vocabulary=list(words), pca_dims=dimensions, device="cpu")
    except Exception as error:  # transformers, tokenizers and model2vec each raise their own
        hint = "name a folder of transformers with a fast tokenizer: --from PATH"
        raise RagError(f"{weights} could not be distilled: {first_line(error)}", hint) from error
    model.save_pretrained(output)
    return {"tokens": len(model.tokens), "dimensions": model.dim}


def train_word2vec(
    texts: Iterable[str], output: Path, *, dimensions: int = 100, epochs: int = 10, min_count: int = 2, seed: int = 0
) -> dict[str, int]:
    """Write gensim's KeyedVectors to `output`; the same texts and seed give the same vectors.

    Raises InputError where no word occurs `min_count` times.
    """
    from gensim.models import Word2Vec  # two seconds, and only this needs it

    sentences = [[word.lower() for word in find_words(text)] for text in texts]
    model = Word2Vec(
        vector_size=dimensions,
        sg=1,
        negative=10,
        window=WINDOW,
        min_count=min_count,
        seed=seed,
        workers=1,  # with more, threads take turns in no order that could be repeated
    )
    model.build_vocab(sentences)
    if not len(model.wv):
        hint = "rag ingest more documents, or give a lower --min-count"
        raise InputError(f"no word occurs {min_count} times in these documents", hint)
    model.train(sentences, total_examples=len(sentences), epochs=epochs)
    model.wv.save(str(output))
    return {"words": len(model.wv), "dimensions": dimensions, "texts": len(sentences)}
