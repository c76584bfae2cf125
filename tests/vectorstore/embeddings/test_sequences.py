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
from vectorstore.embeddings import EmbeddingModel, embed_chunks, embed_question, load_embedding_model
from vectorstore.embeddings.providers.sequences import KMER_DIMENSION, count_kmers, find_sequence
from vectorstore.errors import ProviderError, SettingsError

Vector = NDArray[np.float32]
AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"


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


def unit(vector: Vector) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector))


@pytest.fixture(scope="module")
def esm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_esm(tmp_path_factory.mktemp("esm"))


@pytest.fixture(scope="module")
def model(esm: Path) -> EmbeddingModel:
    return open_model(esm)


def test_a_sequence_is_the_mean_of_its_residues(model: EmbeddingModel, esm: Path) -> None:
    sequence = random_protein(150)
    wrapped = (
        f"P1 > A protein\n\nLength: 150 letters\n\n```\n{sequence[:60]}\n{sequence[60:120]}\n{sequence[120:]}\n```"
    )
    np.testing.assert_allclose(embed_question(model, wrapped), unit(mean_by_hand(esm, sequence)), atol=1e-5)


def test_gaps_and_stops_are_no_residues_and_unknown_letters_are_x(model: EmbeddingModel, esm: Path) -> None:
    sequence = random_protein(40)
    np.testing.assert_allclose(
        embed_question(model, f"{sequence[:20]}--{sequence[20:]}*"), unit(mean_by_hand(esm, sequence)), atol=1e-5
    )
    rare = "MKUVJJLAWWBCDE"
    np.testing.assert_allclose(
        embed_question(model, rare), unit(mean_by_hand(esm, "MKUVXXLAWWBCDE")), atol=1e-5
    )  # of these J alone is not in ESM's vocabulary


def test_prose_and_nucleotides_have_no_vector(model: EmbeddingModel) -> None:
    vectors = np.array(embed_chunks(model, ["Which protein is it?", "ACGTTGCA" * 10, "ACGU" * 20, random_protein(20)]))
    assert vectors.shape == (4, 32)
    assert not vectors[:3].any()
    assert np.linalg.norm(vectors[3]) == pytest.approx(1, abs=1e-5)
    assert embed_chunks(model, []) == []


def test_padding_in_a_batch_changes_nothing(model: EmbeddingModel) -> None:
    texts = [random_protein(letters, seed=letters) for letters in (190, 12, 60, 13, 120)]
    together = np.array(embed_chunks(model, texts))
    alone = np.array([embed_question(model, text) for text in texts])
    assert (together * alone).sum(axis=1).min() >= 0.99999
    assert (together @ together.T)[~np.eye(5, dtype=bool)].max() < 0.999  # and each is told from the others


def test_a_sequence_over_the_window_is_cut_into_equal_windows(tmp_path: Path) -> None:
    folder = make_esm(tmp_path / "short", positions=52)  # 50 residues between two special tokens
    sequence = random_protein(121)
    parts = [sequence[:41], sequence[41:82], sequence[82:]]
    expected = sum(mean_by_hand(folder, part) * len(part) for part in parts)
    np.testing.assert_allclose(embed_question(open_model(folder), sequence), unit(np.asarray(expected)), atol=1e-5)
    whole = random_protein(50, seed=1)
    found = embed_question(open_model(folder), whole)
    np.testing.assert_allclose(found, unit(mean_by_hand(folder, whole)), atol=1e-5)


def test_more_sequences_than_go_through_at_once_stay_in_order(model: EmbeddingModel) -> None:
    texts = [random_protein(20 + seed % 7, seed) for seed in range(70)]
    alone = np.array([embed_question(model, text) for text in texts])
    np.testing.assert_allclose(embed_chunks(model, texts), alone, atol=1e-4)


def test_letters_are_parted_by_blanks_where_the_vocabulary_has_them_as_words(tmp_path: Path) -> None:
    bert = make_bert(tmp_path / "bert")
    found = embed_question(open_model(bert), "MKUVZLOAWWB")  # rare ones are not known
    np.testing.assert_allclose(found, unit(mean_by_hand(bert, "M K X V X L X A W W X")), atol=1e-5)


def test_of_a_translator_the_half_that_reads_is_taken(tmp_path: Path) -> None:
    t5 = make_t5(tmp_path / "t5")
    found = embed_question(open_model(t5), "MKLVALAWWA")
    np.testing.assert_allclose(found, unit(mean_by_hand(t5, " ".join("MKLVALAWWA"), ends=(0, 1))), atol=1e-5)


def test_what_is_no_such_model_is_told(tmp_path: Path, esm: Path) -> None:
    with pytest.raises(ProviderError, match="could not be loaded") as raised:
        open_model(tmp_path)
    assert "protein:PATH" in raised.value.hint
    with pytest.raises(ProviderError, match="one number of dimensions"):
        open_model(f"{esm}@16")
    make_bert(tmp_path)
    (tmp_path / "tokenizer.json").write_text((tmp_path / "tokenizer.json").read_text().replace('"W"', '"w"'))
    with pytest.raises(ProviderError, match="reads proteins letter by letter"):
        open_model(tmp_path)


def test_a_model_tells_when_it_is_trained_anew(tmp_path: Path) -> None:
    folder = make_esm(tmp_path / "esm")
    before = open_model(folder).identity
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert open_model(folder).identity != before


COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def kmers() -> EmbeddingModel:
    return load_embedding_model("kmer:5", cache_dir=Path("cache"))


def random_dna(seed: int, letters: int = 300) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=letters))


def cosine(model: EmbeddingModel, one: str, other: str) -> float:
    first, second = np.array(model.embeddings.embed_documents([one, other]))
    return float(first @ second)


def test_words_are_counted_with_their_reverse_complements() -> None:
    assert count_kmers("ACGT", 3) == {"ACG": 2}  # CGT read backwards on the other strand is ACG
    assert count_kmers("MKVLA", 3) == {"MKV": 1, "KVL": 1, "VLA": 1}


@given(st.text("ACGTN", min_size=12, max_size=80))
def test_both_strands_and_rna_have_the_same_words(dna: str) -> None:
    assert count_kmers(dna[::-1].translate(COMPLEMENT), 4) == count_kmers(dna, 4)
    assert count_kmers(dna.replace("T", "U"), 4) == count_kmers(dna, 4)
    assert not any("N" in word for word in count_kmers(dna, 4))


def test_a_strand_lies_on_its_complement_near_its_variant_and_far_from_others(kmers: EmbeddingModel) -> None:
    dna = random_dna(1)
    variant = dna[:150] + "A" + dna[151:]
    assert cosine(kmers, dna, dna[::-1].translate(COMPLEMENT)) == pytest.approx(1, abs=1e-6)
    assert cosine(kmers, dna, variant) > 0.95
    assert abs(cosine(kmers, dna, random_dna(2))) < 0.5


def test_a_sequence_is_found_among_prose_and_prose_alone_has_no_vector(kmers: EmbeddingModel) -> None:
    record = "NM_1 > Title\n# NM_1\n\nDescription: a gene of the mouse\n\n```\nACGTACGTACGT\nACG\n```"
    assert find_sequence(record) == "ACGTACGTACGTACG"
    nothing, something = kmers.embeddings.embed_documents(["Where is the gene of the mouse?", record])
    assert nothing == [0.0] * KMER_DIMENSION
    assert np.linalg.norm(something) == pytest.approx(1)


@pytest.mark.parametrize("name", ["kmer:0", "kmer:x", "kmer:99"])
def test_a_length_that_makes_no_sense_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="length of words") as raised:
        load_embedding_model(name, cache_dir=Path("cache"))
    assert "kmer:6" in raised.value.hint
