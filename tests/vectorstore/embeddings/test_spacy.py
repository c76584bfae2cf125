"""`spacy:PIPELINE`: the static vectors of a pipeline, here a blank one with vectors made up for the test."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.errors import ProviderError

spacy = pytest.importorskip("spacy", reason="the extra spacy is not installed")
WORDS = {"moon": [1.0, 0.0], "orbit": [0.0, 1.0], "the": [5.0, 5.0], ",": [5.0, 5.0]}


def save_and_load(folder: Path, words: dict[str, list[float]]) -> EmbeddingModel:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    for word, vector in words.items():
        nlp.vocab.set_vector(word, np.array(vector, dtype=np.float32))
    nlp.to_disk(folder)
    return load_embedding_model(f"spacy:{folder}", cache_dir=folder)


def test_a_text_of_any_length_is_the_mean_of_its_words_without_stop_words_and_punctuation(tmp_path: Path) -> None:
    model = save_and_load(tmp_path, WORDS)
    both, moon, unknown = model.embeddings.embed_documents(["the moon, the orbit", "the moon", "the xyz,"])
    assert both == pytest.approx([0.5**0.5, 0.5**0.5])
    assert (moon, unknown) == ([1.0, 0.0], [0.0, 0.0])
    assert model.embeddings.embed_query("xyz " * 300_000 + "orbit") == [0.0, 1.0]
    assert pickle.loads(pickle.dumps(model.count_tokens))(["the moon, far"]) == [4]


def test_a_pipeline_that_was_saved_again_is_another_revision(tmp_path: Path) -> None:
    before = save_and_load(tmp_path, WORDS).identity
    assert save_and_load(tmp_path, {**WORDS, "rocket": [1.0, 1.0]}).identity != before


def test_what_has_no_vectors_is_refused_with_what_has_them(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=f"the spaCy pipeline {tmp_path} has no word vectors") as raised:
        save_and_load(tmp_path, {})
    assert "en_core_web_md" in raised.value.hint
    for name in ("en_core_web_of_nowhere", "/nowhere/at/all"):
        with pytest.raises(ProviderError, match=f"the spaCy pipeline {name} could not be loaded"):
            load_embedding_model(f"spacy:{name}", cache_dir=tmp_path)
