"""Sequences as spectra of K letters, and by protein language models: tiny ones, compared with transformers by hand."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("Bio", reason="the extra bio is not installed")

from tests.protein_model import make_bert, make_esm, make_t5
from vectorstore.embeddings import EmbeddingModel, TorchOptions, embed_chunks, embed_question, load_embedding_model
from vectorstore.embeddings.providers.sequences import AMINO_ACIDS, COMPLEMENT, KMER_DIMENSION, count_kmers
from vectorstore.errors import ProviderError, SettingsError

Vector = NDArray[np.float32]


def open_model(folder: Path | str) -> EmbeddingModel:
    return load_embedding_model(f"protein:{folder}", cache_dir=Path("cache"))


def random_protein(letters: int, seed: int = 0) -> str:
    return "".join(random.Random(seed).choices(AMINO_ACIDS, k=letters))


def mean_by_hand(folder: Path, sequence: str, *, ends: tuple[int, int] = (1, 1)) -> Vector:
    """The mean of the last hidden states, without the special tokens at both ends, of a sequence as it is written."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    inputs = AutoTokenizer.from_pretrained(folder)(sequence, return_tensors="pt")
    model: Any = AutoModel.from_pretrained(folder)
    with torch.inference_mode():
        model = model.encoder if model.config.is_encoder_decoder else model
        hidden: Vector = model.eval()(**inputs).last_hidden_state[0].numpy()
    return np.asarray(hidden[ends[0] : len(hidden) - ends[1]].mean(axis=0))


def assert_embedded(model: EmbeddingModel, text: str, mean: Vector) -> None:
    np.testing.assert_allclose(embed_question(model, text), mean / np.linalg.norm(mean), atol=1e-5)


@pytest.fixture(scope="module")
def esm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_esm(tmp_path_factory.mktemp("esm"))


@pytest.fixture(scope="module")
def model(esm: Path) -> EmbeddingModel:
    return open_model(esm)


def test_a_sequence_is_the_mean_of_its_residues(model: EmbeddingModel, esm: Path) -> None:
    sequence = random_protein(150)
    wrapped = f"P1 > A protein\n\nLength: 150\n\n```\n{sequence[:60]}\n{sequence[60:120]}\n{sequence[120:]}\n```"
    assert_embedded(model, wrapped, mean_by_hand(esm, sequence))
    assert_embedded(model, f"{sequence[:20]}--{sequence[20:]}*", mean_by_hand(esm, sequence))  # gaps and stops are none
    assert_embedded(model, "MKUVJJLAWWBCDE", mean_by_hand(esm, "MKUVXXLAWWBCDE"))  # J alone is not in ESM's vocabulary


def test_prose_and_nucleotides_have_no_vector(model: EmbeddingModel) -> None:
    vectors = np.array(embed_chunks(model, ["Which protein is it?", "ACGTTGCA" * 10, "ACGU" * 20, random_protein(20)]))
    assert vectors.shape == (4, 32)
    assert not vectors[:3].any()
    assert np.linalg.norm(vectors[3]) == pytest.approx(1, abs=1e-5)
    assert embed_chunks(model, []) == []


def test_sequences_keep_their_order_and_padding_changes_nothing(model: EmbeddingModel, esm: Path) -> None:
    few = load_embedding_model(f"protein:{esm}", cache_dir=Path("cache"), torch=TorchOptions(batch=4))
    texts = [random_protein(letters, seed) for seed, letters in enumerate([190, 12, 60, 13, 120, *[25] * 5])]
    together = np.array(embed_chunks(few, texts))
    alone = np.array([embed_question(model, text) for text in texts])
    assert (together * alone).sum(axis=1).min() >= 0.9999
    assert (together @ together.T)[~np.eye(len(texts), dtype=bool)].max() < 0.999  # no two are the same


def test_a_sequence_over_the_window_is_cut_into_equal_windows(tmp_path: Path) -> None:
    folder = make_esm(tmp_path / "short", positions=52)  # 50 residues between two special tokens
    model, sequence, whole = open_model(folder), random_protein(121), random_protein(50, seed=1)
    parts = [sequence[:41], sequence[41:82], sequence[82:]]
    assert_embedded(model, sequence, np.sum([mean_by_hand(folder, part) * len(part) for part in parts], axis=0))
    assert_embedded(model, whole, mean_by_hand(folder, whole))


def test_letters_may_be_words_and_of_a_translator_the_half_that_reads_is_taken(tmp_path: Path) -> None:
    bert, t5 = make_bert(tmp_path / "bert"), make_t5(tmp_path / "t5")
    # Rare letters are not known.
    assert_embedded(open_model(bert), "MKUVZLOAWWB", mean_by_hand(bert, "M K X V X L X A W W X"))
    assert_embedded(open_model(t5), "MKLVALAWWA", mean_by_hand(t5, " ".join("MKLVALAWWA"), ends=(0, 1)))


def test_what_is_no_such_model_is_refused(tmp_path: Path, esm: Path) -> None:
    with pytest.raises(ProviderError, match="could not be loaded") as raised:
        open_model(tmp_path)
    assert "protein:PATH" in raised.value.hint
    with pytest.raises(ProviderError, match="one number of dimensions"):
        open_model(f"{esm}@16")
    make_bert(tmp_path)
    (tmp_path / "tokenizer.json").write_text((tmp_path / "tokenizer.json").read_text().replace('"W"', '"w"'))
    with pytest.raises(ProviderError, match="reads proteins letter by letter"):
        open_model(tmp_path)


def test_a_model_that_was_trained_again_is_another_one(tmp_path: Path) -> None:
    folder = make_esm(tmp_path / "esm")
    before = open_model(folder).identity
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert open_model(folder).identity != before


@given(st.text("ACGTN", min_size=12, max_size=80))
def test_both_strands_and_rna_have_the_same_words(dna: str) -> None:
    assert count_kmers(dna[::-1].translate(COMPLEMENT), 4) == count_kmers(dna, 4)
    assert count_kmers(dna.replace("T", "U"), 4) == count_kmers(dna, 4)
    assert not any("N" in word for word in count_kmers(dna, 4))


def test_words_are_counted_with_their_reverse_complements() -> None:
    assert count_kmers("ACGT", 3) == {"ACG": 2}  # CGT read backwards on the other strand is ACG
    assert count_kmers("MKVLA", 3) == {"MKV": 1, "KVL": 1, "VLA": 1}


def test_a_strand_lies_on_its_complement_near_its_variant_and_far_from_others() -> None:
    dna, other = ("".join(random.Random(seed).choices("ACGT", k=300)) for seed in (1, 2))
    record = f"NM_1 > Title\n# NM_1\n\nDescription: a gene of the mouse\n\n```\n{dna[:60]}\n{dna[60:]}\n```"
    variant = dna[:150] + dna[150].translate(COMPLEMENT) + dna[151:]
    texts = [dna, record, dna[::-1].translate(COMPLEMENT), variant, other, "Where is the gene?"]
    vectors = np.array(load_embedding_model("kmer:5", cache_dir=Path("cache")).embeddings.embed_documents(texts))
    assert vectors.shape == (6, KMER_DIMENSION)
    cosines = vectors @ vectors[0]
    assert cosines[:3] == pytest.approx([1, 1, 1], abs=1e-5)
    assert 0.95 < cosines[3] < 0.9999
    assert abs(cosines[4]) < 0.5
    assert not vectors[5].any()  # prose alone


@pytest.mark.parametrize("name", ["kmer:0", "kmer:x", "kmer:99"])
def test_a_length_that_makes_no_sense_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="length of words") as raised:
        load_embedding_model(name, cache_dir=Path("cache"))
    assert "kmer:6" in raised.value.hint
