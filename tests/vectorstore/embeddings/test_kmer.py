"""Sequences as spectra of their words of K letters."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.providers.sequences import KMER_DIMENSION, count_kmers, find_sequence
from vectorstore.errors import SettingsError

COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingModel:
    return load_embedding_model("kmer:5", cache_dir=tmp_path_factory.mktemp("cache"))


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


def test_a_strand_lies_on_its_complement_near_its_variant_and_far_from_others(model: EmbeddingModel) -> None:
    dna = random_dna(1)
    variant = dna[:150] + "A" + dna[151:]
    assert cosine(model, dna, dna[::-1].translate(COMPLEMENT)) == pytest.approx(1, abs=1e-6)
    assert cosine(model, dna, variant) > 0.95
    assert abs(cosine(model, dna, random_dna(2))) < 0.5


def test_a_sequence_is_found_among_prose_and_prose_alone_has_no_vector(model: EmbeddingModel) -> None:
    record = "NM_1 > Title\n# NM_1\n\nDescription: a gene of the mouse\n\n```\nACGTACGTACGT\nACG\n```"
    assert find_sequence(record) == "ACGTACGTACGTACG"
    nothing, something = model.embeddings.embed_documents(["Where is the gene of the mouse?", record])
    assert nothing == [0.0] * KMER_DIMENSION
    assert np.linalg.norm(something) == pytest.approx(1)


@pytest.mark.parametrize("name", ["kmer:0", "kmer:x", "kmer:99"])
def test_a_length_that_makes_no_sense_is_refused(
    name: str, model: EmbeddingModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(SettingsError, match="length of words") as raised:
        load_embedding_model(name, cache_dir=tmp_path_factory.mktemp("cache"))
    assert "kmer:6" in raised.value.hint
