"""Near-duplicates: every pair of different documents, grouped, and what is read of a collection for them."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from rag_app import Settings, ingest_paths
from rag_app.library.documents import bring_back, remove_for_now
from rag_app.library.map import draw_map, sample_ids
from rag_app.library.near_duplicates import BLOCK, Pairs, find_near_duplicates, find_pairs, group_pairs, same_documents
from rag_app.wiring import build_store
from tests.hash_embedding import hash_model
from tests.rag_app.library.made_up import DIMENSION, around
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
    pairs, is_whole = find_pairs(vectors, documents)
    assert expected
    assert indices(pairs) == expected
    assert pairs[:, 2].tolist() == sorted(pairs[:, 2].tolist(), reverse=True)
    assert is_whole


def indices(pairs: Pairs) -> set[tuple[int, int]]:
    return {(int(one), int(other)) for one, other, _ in pairs}


def test_a_pair_is_found_across_blocks_and_not_within_one_document() -> None:
    vectors = np.random.default_rng(0).standard_normal((2 * BLOCK + 10, DIMENSION)).astype(np.float32)
    vectors[BLOCK + 3], vectors[2 * BLOCK + 9] = vectors[1], 3 * vectors[2]
    documents = [0, 1, 2, *([3] * (len(vectors) - 3))]
    assert indices(find_pairs(vectors, documents)[0]) == {(1, BLOCK + 3), (2, 2 * BLOCK + 9)}
    assert len(find_pairs(vectors, [0] * len(vectors))[0]) == 0
    assert group_pairs(find_pairs(vectors[:0], [])[0]) == []


def test_a_text_that_is_in_many_documents_is_one_group() -> None:
    vectors, labels = around(3, 6, spread=0)
    groups = group_pairs(find_pairs(vectors, range(len(vectors)))[0])
    assert [members for *_, members in groups] == [6, 6, 6]
    assert sorted(labels[one] for one, *_ in groups) == [0, 1, 2]
    assert all(labels[one] == labels[other] for one, other, *_ in groups)


def test_of_too_many_pairs_the_nearest_are_kept() -> None:
    alike = np.ones((40, DIMENSION)) + 0.1 * np.random.default_rng(0).standard_normal((40, DIMENSION))
    vectors = unit_vectors(np.vstack([alike, np.eye(DIMENSION)[:2] + np.eye(DIMENSION)[:1] * 1e3]).astype(np.float32))
    pairs, is_whole = find_pairs(vectors, range(len(vectors)), most=10)
    assert not is_whole
    assert 0 < len(pairs) <= 10
    assert pairs[0, :2].tolist() == [40, 41]


def test_documents_are_nearly_the_same_where_most_of_the_shorter_is_in_the_longer() -> None:
    texts = np.random.default_rng(0).standard_normal((15, DIMENSION)).astype(np.float32)
    long, copy, other = texts[:10], texts[1:6], texts[10:]
    vectors = np.vstack([long, copy, other, texts[:1]])
    documents = [0] * 10 + [1] * 5 + [2] * 5 + [2]
    assert same_documents(find_pairs(vectors, documents)[0], documents) == [(0, 1, 1.0)]


def test_a_text_in_two_documents_is_found_every_passage_is_on_the_map_and_removed_documents_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(collection="papers", data_dir=tmp_path / "data")
    shared = "The queen bee lays her eggs in the comb, and the workers feed them."
    texts = {"one": f"# Bees\n\n{shared}", "two": f"# Bees\n\n{shared}", "three": "# Tides\n\nThe moon pulls the sea."}
    for name, text in texts.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr("rag_app.wiring.load_model", lambda settings, on_message: hash_model())
    ingest_paths([tmp_path / f"{name}.md" for name in texts], settings=settings)
    store = build_store(settings)
    found = find_near_duplicates(store)
    (passages,), (documents,) = found.passages, found.documents
    both = {str(tmp_path / "one.md"), str(tmp_path / "two.md")}
    assert {passages.first.source, passages.second.source} == {documents.first, documents.second} == both
    assert (passages.members, round(passages.cosine, 3), documents.share) == (2, 1.0, 1.0)
    assert (found.groups, found.compared, found.total, found.is_whole) == (1, 3, 3, True)
    drawn = draw_map(store)
    assert {point.id for point in drawn.points} == store.catalogue.chunk_ids()
    assert sorted(index for cluster in drawn.clusters for index in cluster.members) == [0, 1, 2]
    both_removed = [str(tmp_path / "one.md"), str(tmp_path / "two.md")]
    ids = sample_ids(store, 10)
    remove_for_now(store, both_removed)
    left, number = sample_ids(store, 10)
    assert {chunk.source for chunk, _ in store.fetch(left).values()} == {str(tmp_path / "three.md")}
    assert (number, find_near_duplicates(store).groups) == (1, 0)
    bring_back(store, both_removed)
    assert sample_ids(store, 10) == ids
