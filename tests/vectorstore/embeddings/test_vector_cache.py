"""Vectors are found again by their text and model, within a bound, and never stand in the way."""

from pathlib import Path

import numpy as np

from vectorstore.embeddings import VectorCache, Vectors


def vectors(count: int) -> Vectors:
    return np.random.default_rng(0).random((count, 384), dtype=np.float32)


def test_a_vector_is_found_exactly_by_its_text_and_model(tmp_path: Path) -> None:
    cache, made = VectorCache(tmp_path / "cache" / "vectors.sqlite3", max_bytes=10_000_000), vectors(2)
    cache.keep("minilm", ["apples", "boats \ud800"], made)
    found = cache.find("minilm", ["apples", "boats \ud800", "clouds"])
    assert list(found) == ["apples", "boats \ud800"]
    assert np.array_equal(np.stack(list(found.values())), made)
    assert cache.find("another", ["apples"]) == {}


def test_the_file_stays_within_its_bound_and_keeps_the_newest(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite3", max_bytes=1_000_000)
    for round_ in range(20):
        cache.keep("minilm", [f"{round_} {n}" for n in range(100)], vectors(100))
        assert cache.path.stat().st_size < 1_300_000
    assert len(cache.find("minilm", [f"19 {n}" for n in range(100)])) == 100
    assert cache.find("minilm", [f"0 {n}" for n in range(100)]) == {}


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite3", max_bytes=10_000_000)
    cache.path.write_bytes(b"no database" * 1000)
    assert cache.find("minilm", ["apples"]) == {}
    cache.keep("minilm", ["apples"], vectors(1))
    assert list(cache.find("minilm", ["apples"])) == ["apples"]


def test_without_a_size_or_a_place_to_write_to_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for path, size in ((tmp_path / "vectors.sqlite3", 0), (tmp_path / "file" / "vectors.sqlite3", 1_000_000)):
        cache = VectorCache(path, max_bytes=size)
        cache.keep("minilm", ["apples"], vectors(1))
        assert cache.find("minilm", ["apples"]) == {}
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
