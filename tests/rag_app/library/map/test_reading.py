"""What the map and the near-duplicates read of a collection."""

from pathlib import Path

from rag_app import Settings, ingest_paths
from rag_app.library.documents import bring_back, remove_for_now
from rag_app.library.map.map import draw_map, sample_ids
from rag_app.library.map.near_duplicates import find_near_duplicates
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


def test_a_text_in_two_documents_is_found_and_every_passage_is_on_the_map(tmp_path: Path) -> None:
    settings = Settings(collection="papers", data_dir=tmp_path / "data")
    shared = "The queen bee lays her eggs in the comb, and the workers feed them."
    texts = {"one": f"# Bees\n\n{shared}", "two": f"# Bees\n\n{shared}", "three": "# Tides\n\nThe moon pulls the sea."}
    for name, text in texts.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
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
