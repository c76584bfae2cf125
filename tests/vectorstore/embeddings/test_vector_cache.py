"""Vectors are found again by their text and model, within a bound, and never stand in the way."""

from pathlib import Path

import numpy as np
import pytest

from vectorstore.embeddings import VectorCache


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "cache" / "vectors.sqlite3", max_bytes=10_000_000)


def vectors(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(0).random((count, 384), dtype=np.float32)


def test_a_vector_is_found_exactly_by_its_text_and_model(cache: VectorCache) -> None:
    made = vectors(2)
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


def test_without_a_size_nothing_is_kept(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite3", max_bytes=0)
    cache.keep("minilm", ["apples"], vectors(1))
    assert cache.find("minilm", ["apples"]) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_made_anew(cache: VectorCache) -> None:
    cache.path.parent.mkdir()
    cache.path.write_bytes(b"no database" * 1000)
    assert cache.find("minilm", ["apples"]) == {}
    cache.keep("minilm", ["apples"], vectors(1))
    assert list(cache.find("minilm", ["apples"])) == ["apples"]


def test_a_place_that_cannot_be_written_to_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = VectorCache(tmp_path / "file" / "vectors.sqlite3", max_bytes=1_000_000)
    cache.keep("minilm", ["apples"], vectors(1))
    assert cache.find("minilm", ["apples"]) == {}
