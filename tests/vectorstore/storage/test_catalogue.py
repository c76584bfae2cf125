"""What the catalogue promises: text that comes back as it was, one transaction a call, a number for every change."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vectorstore.storage import changes
from vectorstore.storage.catalogue import ADDING, LIVE, REMOVING, Catalogue
from vectorstore.types import MISSING, Chunk, IngestedSource, Page, SourceRecord, hash_pages

PAGES = st.lists(st.builds(Page, st.none() | st.integers(1, 9), st.text(st.characters())), max_size=4)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return open_catalogue(tmp_path)


def open_catalogue(folder: Path) -> Catalogue:
    catalogue = Catalogue(folder)
    catalogue.database.create()
    return catalogue


def record(source: str, pages: list[Page]) -> SourceRecord:
    text_id = hash_pages(pages)
    return SourceRecord(source, "Title", True, "text", text_id, "hash", 1, 2, 0, "ready", "2026-01-01T00:00:00")


def chunk(source: str, number: int) -> Chunk:
    return Chunk(source, "Title", None, number, number + 1, "x")


def ids(source: str, *numbers: int) -> set[str]:
    return {chunk(source, number).id for number in numbers}


def announce(catalogue: Catalogue, source: str, *numbers: int) -> None:
    changes.announce(
        catalogue.database, [IngestedSource(record(source, []), [], [chunk(source, number) for number in numbers])]
    )


def store(catalogue: Catalogue, source: str, pages: list[Page], *numbers: int) -> SourceRecord:
    stored = record(source, pages)
    announce(catalogue, source, *numbers)
    changes.swap(catalogue.database, [IngestedSource(stored, pages, [])])
    return stored


def test_a_new_catalogue_is_empty(catalogue: Catalogue) -> None:
    assert (catalogue.sources(), catalogue.chunk_ids(), catalogue.generation()) == ([], set(), 0)
    assert catalogue.state().facts.keys() == {"changes"}
    assert catalogue.source("nowhere") is None
    assert catalogue.page("nowhere", None) is None


@settings(max_examples=30)
@given(pages=PAGES)
def test_pages_of_any_text_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, pages: list[Page]) -> None:
    catalogue = open_catalogue(tmp_path_factory.mktemp("any"))
    stored = store(catalogue, "/docs/a", pages)
    assert catalogue.pages(stored.text_id) == pages
    assert catalogue.source("/docs/a") == stored
    for page in pages:
        first = next(other for other in pages if other.number == page.number)
        assert catalogue.page(stored.text_id, page.number) == first


@given(one=PAGES, other=PAGES)
def test_only_equal_pages_have_the_same_name(one: list[Page], other: list[Page]) -> None:
    assert (hash_pages(one) == hash_pages(other)) == (one == other)


def test_pages_whose_texts_only_join_alike_have_different_names() -> None:
    splits = [[Page(1, "ab"), Page(2, "c")], [Page(1, "a"), Page(2, "bc")], [Page(1, "abc")], [Page(None, "abc")]]
    assert len({hash_pages(pages) for pages in splits}) == 4


def test_text_that_two_sources_share_is_kept_until_both_are_gone(catalogue: Catalogue) -> None:
    pages = [Page(None, "the same")]
    one, other = store(catalogue, "/docs/one", pages), store(catalogue, "/docs/other", pages)
    assert one.text_id == other.text_id
    changes.retire(catalogue.database, ["/docs/one"], forget=True)
    assert catalogue.pages(one.text_id) == pages
    store(catalogue, "/docs/other", [Page(None, "something else")])
    assert catalogue.pages(one.text_id) == []


def test_chunks_are_announced_then_live_then_to_be_removed_then_gone(catalogue: Catalogue) -> None:
    def states() -> list[set[str]]:
        return [catalogue.chunk_ids(state=state) for state in (ADDING, LIVE, REMOVING)]

    one, two, three = ids("/docs/a", 1), ids("/docs/a", 2), ids("/docs/a", 3)
    announce(catalogue, "/docs/a", 1, 2)
    assert states() == [one | two, set(), set()]
    assert catalogue.state().hidden == one | two
    changes.swap(catalogue.database, [IngestedSource(record("/docs/a", []), [], [])])
    assert states() == [set(), one | two, set()]
    announce(catalogue, "/docs/a", 2, 3)
    assert states() == [two | three, one | two, set()]
    assert catalogue.state().hidden == three
    changes.swap(catalogue.database, [IngestedSource(record("/docs/a", []), [], [])])
    assert states() == [set(), two | three, one]
    assert catalogue.state().hidden == one
    changes.settle(catalogue.database)
    assert states() == [set(), two | three, set()]
    assert catalogue.chunk_ids(sources=["/docs/a", "/docs/b"]) == two | three


def test_a_source_that_was_announced_and_never_finished_is_to_be_read_again(catalogue: Catalogue) -> None:
    stored, untouched = store(catalogue, "/docs/a", [], 1), store(catalogue, "/docs/b", [], 2)
    announce(catalogue, "/docs/a", 1)
    changes.settle(catalogue.database)
    assert catalogue.sources() == [replace(stored, content_hash="", mtime_ns=0), untouched]
    assert catalogue.chunk_ids() == ids("/docs/a", 1) | ids("/docs/b", 2)


def test_a_missing_source_keeps_its_text(catalogue: Catalogue) -> None:
    pages = [Page(1, "kept")]
    stored = store(catalogue, "/docs/a", pages, 1)
    changes.retire(catalogue.database, ["/docs/a"], forget=False)
    assert catalogue.source("/docs/a") == replace(stored, state=MISSING)
    assert catalogue.pages(stored.text_id) == pages
    assert catalogue.chunk_ids() == set()


def test_a_touched_source_has_its_new_size_and_time(catalogue: Catalogue) -> None:
    stored = store(catalogue, "/docs/a", [])
    catalogue.touch("/docs/a", size=10, mtime_ns=20)
    assert catalogue.source("/docs/a") == replace(stored, size=10, mtime_ns=20)


def test_every_finished_change_has_a_number_of_its_own(catalogue: Catalogue) -> None:
    seen = [catalogue.generation()]
    store(catalogue, "/docs/a", [], 1)
    seen.append(catalogue.generation())
    store(catalogue, "/docs/a", [], 2)
    seen.append(catalogue.generation())
    changes.settle(catalogue.database)
    seen.append(catalogue.generation())
    changes.retire(catalogue.database, ["/docs/a"], forget=True)
    seen.append(catalogue.generation())
    assert seen == sorted(set(seen))
    catalogue.touch("/docs/a", size=0, mtime_ns=0)
    assert catalogue.generation() == seen[-1]


def test_a_catalogue_that_is_made_again_never_counts_as_the_old_one(tmp_path: Path) -> None:
    generations = set()
    for _ in range(3):
        catalogue = open_catalogue(tmp_path)
        store(catalogue, "/docs/a", [])
        generations.add(catalogue.generation())
        catalogue.database.close()
        for path in tmp_path.iterdir():
            path.unlink()
    assert len(generations) == 3


@settings(max_examples=25)
@given(taken=st.lists(st.integers(0, 5), max_size=10))
def test_what_is_remembered_is_what_a_fresh_reading_gives_whoever_has_written(
    taken: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("remembered")
    catalogue, other = open_catalogue(folder), open_catalogue(folder)
    steps = [
        lambda: None,
        lambda: announce(other, "/docs/a", 1, 2),
        lambda: changes.swap(other.database, [IngestedSource(record("/docs/a", []), [], [])]),
        lambda: other.hide(["/docs/a"]),
        lambda: other.set_facts(name=str(len(other.state().facts))),
        lambda: changes.settle(catalogue.database),
    ]
    for change in taken:
        before = catalogue.state()
        steps[change]()
        fresh = Catalogue(folder).state()
        assert catalogue.state() == fresh
        assert (catalogue.state() is before) == (change == 0)
