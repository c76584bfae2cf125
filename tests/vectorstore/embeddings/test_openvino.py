"""MiniLM on OpenVINO gives the vectors of the example that the field teaches, and of sentence-transformers."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest

from vectorstore.embeddings import openvino
from vectorstore.embeddings.conversion import POOLINGS, pool
from vectorstore.embeddings.model import TORCH_DEFAULTS, LoadOptions, Vectors
from vectorstore.embeddings.openvino import OpenVINOEmbeddings
from vectorstore.embeddings.providers.packaged import FACTS, convert_minilm, find_weights

CLOSE = 0.9999
TEXTS = [
    "Michael Collins stayed in lunar orbit aboard the command module Columbia.",
    "a",
    "?!",
    "36,864 words of fixed memory, 2.048 MHz, 11.7 µs",
    "SHOUTED WORDS and camelCaseIdentifiers with snake_case_names",
    "def fuse(vector, found, lexical):\n    return sorted(found, key=lambda passage: -passage.score)",
    "| stage | tonnes |\n|---|---|\n| first | 2,300 |",
    "La fusée mesurait 110,6 mètres; elle était plus grande qu'aucune autre.",
    "Ракета была высотой 110,6 метра.",
    "من بقي في المدار؟",
    "ロケットの高さは110.6メートルでした。",
    "🚀🌕 to the Moon and back 🌍",
    "The quick brown fox jumps over the lazy dog. " * 10,
    "The command module was the only part of the spacecraft that came back. " * 40,  # over the window
]


def taught(texts: list[str]) -> Vectors:
    """As on the model's page: the last hidden states, averaged over the words that are there, at length one."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = str(find_weights())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder)
    inputs = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.no_grad():
        states = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).float()
    mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1e-9)
    vectors: Vectors = torch.nn.functional.normalize(mean, dim=1).numpy()
    return vectors


def assert_same(one: Any, other: Any) -> None:
    assert (np.asarray(one) * np.asarray(other)).sum(axis=1).min() >= CLOSE


@pytest.fixture(scope="module")
def folder() -> Path:
    return convert_minilm(LoadOptions(platformdirs.user_cache_path("rag-app"), print, TORCH_DEFAULTS))


@pytest.fixture(scope="module")
def model(folder: Path) -> OpenVINOEmbeddings:
    return OpenVINOEmbeddings(folder, FACTS, precision="f32")


@pytest.mark.long("embeds with torch, too")
def test_vectors_are_those_of_the_example_that_the_field_teaches_and_of_sentence_transformers(
    model: OpenVINOEmbeddings, folder: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    expected = taught(TEXTS)
    theirs = SentenceTransformer(str(find_weights()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert_same(theirs, expected)
    for ours in (model, OpenVINOEmbeddings(folder, FACTS, precision="bf16")):
        vectors = ours.embed_array(TEXTS)
        assert_same(vectors, expected)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_a_vector_does_not_depend_on_what_it_is_embedded_with(model: OpenVINOEmbeddings) -> None:
    assert_same([model.embed_query(text) for text in TEXTS], model.embed_documents(TEXTS))
    assert model.embed_documents([]) == []


def test_many_texts_which_are_embedded_abreast_have_the_vectors_that_few_have(
    model: OpenVINOEmbeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"{number} {text}" for number in range(4) for text in TEXTS]
    random.Random(1).shuffle(texts)
    few = model.embed_array(texts)
    monkeypatch.setattr(openvino, "MANY_TOKENS", 0)
    with ThreadPoolExecutor(2) as pool:  # two callers at once take turns
        first, second = pool.map(model.embed_array, (texts, texts[::-1]))
    assert_same(first, few)
    assert_same(second[::-1], few)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_tokens_are_pooled_as_sentence_transformers_does(pooling: str) -> None:
    import torch
    from sentence_transformers.sentence_transformer.modules import Pooling

    hidden, mask = torch.rand(2, 5, 8), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    theirs: Any = Pooling
    features = theirs(8, pooling)({"token_embeddings": hidden, "attention_mask": mask})
    torch.testing.assert_close(pool(hidden, mask, pooling), features["sentence_embedding"])
