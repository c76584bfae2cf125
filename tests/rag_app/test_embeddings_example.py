"""The embedding example that the field teaches, and sentence-transformers, give the same vectors as ours.

Importing torch takes seconds: these tests are the only ones that do so in the process of the tests.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag_app import Settings
from vectorstore.embeddings import Vectors
from vectorstore.embeddings.openvino import MANY_TOKENS, OpenVINOEmbeddings, TokenCounter, load_tokenizer
from vectorstore.embeddings.providers.minilm import FACTS, converted_folder, find_weights

CLOSE = 0.9999
TEXTS = [
    "Who stayed in orbit?",
    "Michael Collins stayed in lunar orbit aboard the command module Columbia.",
    "Moon",
    "a",
    "?!",
    "36,864 words of fixed memory, 2.048 MHz, 11.7 µs",
    "SHOUTED WORDS AND camelCaseIdentifiers with snake_case_names",
    "def fuse(vector, found, lexical):\n    return sorted(found, key=lambda passage: -passage.score)",
    "| stage | tonnes |\n|---|---|\n| first | 2,300 |",
    "# The crew\n\n- Armstrong\n- Aldrin\n- Collins",
    "Die Rakete war 110,6 Meter hoch und größer als jede zuvor.",
    "La fusée mesurait 110,6 mètres; elle était plus grande qu'aucune autre.",
    "Ракета была высотой 110,6 метра.",
    "من بقي في المدار؟",
    "他们降落在静海。",
    "ロケットの高さは110.6メートルでした。",
    "https://example.org/docs?page=2#section",
    "The quick brown fox jumps over the lazy dog. " * 10,
    "One sentence. Another one! A third? And\na\nfourth\nover\nlines …",
    "🚀🌕 to the Moon and back 🌍",
]
LONGER_THAN_THE_WINDOW = "The command module was the only part of the spacecraft that came back. " * 40


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


@pytest.fixture(scope="module")
def expected() -> Vectors:
    return taught([*TEXTS, LONGER_THAN_THE_WINDOW])


@pytest.fixture(scope="module")
def folder() -> Path:
    return converted_folder(Settings().cache_dir, on_message=lambda message: None)


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_our_vectors_are_those_of_the_example_that_the_field_teaches(
    expected: Vectors, folder: Path, precision: str
) -> None:
    ours = OpenVINOEmbeddings(folder, FACTS, precision=precision).embed_array([*TEXTS, LONGER_THAN_THE_WINDOW])
    cosines = (ours * expected).sum(axis=1)
    assert len(cosines) == 21
    assert cosines.min() >= CLOSE
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-3)


def test_the_vectors_of_sentence_transformers_are_the_same(expected: Vectors, folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(find_weights()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    ours = OpenVINOEmbeddings(folder, FACTS, precision="f32").embed_documents(TEXTS)
    assert (np.asarray(ours) * theirs).sum(axis=1).min() >= CLOSE
    assert (expected[: len(TEXTS)] * theirs).sum(axis=1).min() >= CLOSE


def test_a_vector_does_not_depend_on_what_it_is_embedded_with(folder: Path) -> None:
    model = OpenVINOEmbeddings(folder, FACTS, precision="f32")
    alone = [model.embed_query(text) for text in TEXTS]
    assert (np.asarray(alone) * np.asarray(model.embed_documents(TEXTS))).sum(axis=1).min() >= CLOSE


def test_many_texts_which_are_embedded_abreast_have_the_vectors_that_each_has_alone(folder: Path) -> None:
    model = OpenVINOEmbeddings(folder, FACTS, precision="f32")
    texts = [f"{number} {text}" for number in range(30) for text in TEXTS]
    random.Random(1).shuffle(texts)
    with ThreadPoolExecutor(2) as pool:  # two callers at once take turns
        first, second = pool.map(model.embed_array, (texts, texts[::-1]))
    assert sum(TokenCounter(load_tokenizer(folder))(texts)) > MANY_TOKENS
    alone = np.asarray([model.embed_query(text) for text in texts])
    assert (first * alone).sum(axis=1).min() >= CLOSE
    assert (second[::-1] * alone).sum(axis=1).min() >= CLOSE


def test_without_texts_there_are_no_vectors(folder: Path) -> None:
    assert OpenVINOEmbeddings(folder, FACTS).embed_documents([]) == []
