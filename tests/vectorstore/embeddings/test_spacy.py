"""`spacy:PIPELINE`: the static vectors of a pipeline, here a blank one with vectors made up for the test."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from vectorstore.embeddings import load_embedding_model
from vectorstore.errors import ProviderError

spacy = pytest.importorskip("spacy", reason="the extra spacy is not installed")
WORDS = {"moon": [1.0, 0.0], "orbit": [0.0, 1.0], "the": [5.0, 5.0], ",": [5.0, 5.0]}


def save_pipeline(folder: Path, *, words: dict[str, list[float]] | None = None) -> str:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    for word, vector in (words or {}).items():
        nlp.vocab.set_vector(word, np.array(vector, dtype=np.float32))
    nlp.to_disk(folder)
    return f"spacy:{folder}"


def test_a_text_is_the_mean_of_its_words_without_stop_words_and_punctuation(tmp_path: Path) -> None:
    model = load_embedding_model(save_pipeline(tmp_path / "nlp", words=WORDS), cache_dir=tmp_path)
    both, moon, unknown = model.embeddings.embed_documents(["the moon, the orbit", "the moon", "the xyz,"])
    assert both == pytest.approx([0.5**0.5, 0.5**0.5])
    assert (moon, unknown) == ([1.0, 0.0], [0.0, 0.0])
    assert pickle.loads(pickle.dumps(model.count_tokens))(["the moon, far"]) == [4]


def test_a_text_of_any_length_is_embedded(tmp_path: Path) -> None:
    model = load_embedding_model(save_pipeline(tmp_path / "nlp", words=WORDS), cache_dir=tmp_path)
    assert model.embeddings.embed_query("xyz " * 300_000 + "orbit") == [0.0, 1.0]


def test_a_pipeline_that_was_saved_anew_is_another_revision(tmp_path: Path) -> None:
    name = save_pipeline(tmp_path / "nlp", words=WORDS)
    before = load_embedding_model(name, cache_dir=tmp_path).identity
    save_pipeline(tmp_path / "nlp", words={**WORDS, "rocket": [1.0, 1.0]})
    assert load_embedding_model(name, cache_dir=tmp_path).identity != before


def test_a_pipeline_without_vectors_is_refused_with_one_that_has_them(tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as raised:
        load_embedding_model(save_pipeline(tmp_path / "nlp"), cache_dir=tmp_path)
    assert raised.value.message == f"the spaCy pipeline {tmp_path / 'nlp'} has no word vectors"
    assert "en_core_web_md" in raised.value.hint


@pytest.mark.parametrize("name", ["en_core_web_of_nowhere", "/nowhere/at/all"])
def test_a_pipeline_that_is_not_there_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as raised:
        load_embedding_model(f"spacy:{name}", cache_dir=tmp_path)
    assert f"the spaCy pipeline {name} could not be loaded" in raised.value.message
