import itertools

import numpy as np

from rag_app.library.map.near_duplicates import BLOCK, find_pairs, group_pairs, same_documents
from tests.rag_app.library.map.made_up import DIMENSION, around
from vectorstore.embeddings import unit_vectors


def test_the_pairs_are_those_that_comparing_each_with_each_finds() -> None:
    vectors, _ = around(30, 5, spread=0.03)
    documents = [number % 7 for number in range(len(vectors))]
    cosines = vectors @ vectors.T
    expected = {
        (a, b)
        for a, b in itertools.combinations(range(len(vectors)), 2)
        if cosines[a, b] >= 0.95 and documents[a] != documents[b]
    }
    pairs = find_pairs(vectors, documents)
    assert expected
    assert set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == expected
    assert pairs.cosines.tolist() == sorted(pairs.cosines.tolist(), reverse=True)


def test_a_pair_is_found_across_blocks_and_not_within_one_document() -> None:
    vectors = np.random.default_rng(0).standard_normal((2 * BLOCK + 10, DIMENSION)).astype(np.float32)
    vectors[BLOCK + 3], vectors[2 * BLOCK + 9] = vectors[1], 3 * vectors[2]
    documents = [0, 1, 2, *([3] * (len(vectors) - 3))]
    pairs = find_pairs(vectors, documents)
    assert set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == {(1, BLOCK + 3), (2, 2 * BLOCK + 9)}
    assert len(find_pairs(vectors, [0] * len(vectors)).first) == 0
    assert len(find_pairs(vectors[:0], []).first) == 0


def test_a_text_that_is_in_many_documents_is_one_group() -> None:
    vectors, labels = around(3, 6, spread=0)
    pairs = find_pairs(vectors, range(len(vectors)))
    groups = group_pairs(pairs)
    assert sorted(members for _, members in groups) == [
        [index for index, label in enumerate(labels) if label == wanted] for wanted in range(3)
    ]
    assert all({pairs.first[at], pairs.second[at]} <= set(members) for at, members in groups)


def test_of_too_many_pairs_the_nearest_are_kept() -> None:
    alike = np.ones((40, DIMENSION)) + 0.1 * np.random.default_rng(0).standard_normal((40, DIMENSION))
    vectors = unit_vectors(np.vstack([alike, np.eye(DIMENSION)[:2] + np.eye(DIMENSION)[:1] * 1e3]).astype(np.float32))
    pairs = find_pairs(vectors, range(len(vectors)), most=10)
    assert not pairs.is_whole
    assert 0 < len(pairs.first) <= 10
    assert (pairs.first[0], pairs.second[0]) == (40, 41)


def test_documents_are_nearly_the_same_where_most_of_the_shorter_is_in_the_longer() -> None:
    texts = np.random.default_rng(0).standard_normal((15, DIMENSION)).astype(np.float32)
    long, copy, other = texts[:10], texts[1:6], texts[10:]
    vectors = np.vstack([long, copy, other, texts[:1]])
    documents = [0] * 10 + [1] * 5 + [2] * 5 + [2]
    same = same_documents(find_pairs(vectors, documents), documents)
    assert same == [(0, 1, 1.0)]
