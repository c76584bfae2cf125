"""From an encoder to a vector for each of its tokens, by model2vec: a static model that needs no more than a table."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from vectorstore.embeddings.model import first_line
from vectorstore.embeddings.words import find_words
from vectorstore.errors import InputError, RagError

# A word that stands less often is as well embedded by its tokens.
FEWEST, MOST_WORDS = 5, 20_000


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
