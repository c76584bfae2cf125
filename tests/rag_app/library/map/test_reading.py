"""What the map and the near-duplicates read of a collection."""

from pathlib import Path

from rag_app import Settings, ingest_paths
from rag_app.library.documents import bring_back, remove_for_now
from rag_app.library.map.map import sample_ids
from rag_app.wiring import build_store


def test_a_removed_document_is_not_among_what_is_drawn(tmp_path: Path) -> None:
    settings = Settings(collection="papers", data_dir=tmp_path / "data")
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(f"The words of {name}.", encoding="utf-8")
    ingest_paths([tmp_path / "one.txt", tmp_path / "two.txt"], settings=settings)
    store = build_store(settings)
    both = sample_ids(store, 10)
    remove_for_now(store, [str(tmp_path / "one.txt")])
    left, number = sample_ids(store, 10)
    assert number == 1
    assert {chunk.source for chunk, _ in store.fetch(left).values()} == {str(tmp_path / "two.txt")}
    bring_back(store, [str(tmp_path / "one.txt")])
    assert sample_ids(store, 10) == both
