"""What the catalogue promises: text that comes back as it was, one transaction a call, a number for every change."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectorstore.storage.rows import announce, open_catalogue, record, swap
from vectorstore.storage import changes
from vectorstore.storage.catalogue import Catalogue
from vectorstore.types import Page, hash_pages

PAGES = st.lists(st.builds(Page, st.none() | st.integers(1, 9), st.text(st.characters())), max_size=4)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return open_catalogue(tmp_path)


def test_a_new_catalogue_is_empty(catalogue: Catalogue) -> None:
    assert (catalogue.sources(), catalogue.chunk_ids(), catalogue.generation()) == ([], set(), 0)
    assert catalogue.state().facts.keys() == {"changes"}
    assert catalogue.source("nowhere") is None
    assert catalogue.page("nowhere", None) is None


@settings(max_examples=30)
@given(pages=PAGES)
def test_pages_of_any_text_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, pages: list[Page]) -> None:
    catalogue = open_catalogue(tmp_path_factory.mktemp("any"))
    stored = swap(catalogue, "/docs/a", pages)
    assert catalogue.pages(stored.text_id) == pages
    assert catalogue.page_numbers(stored.text_id) == [page.number for page in pages]
    assert catalogue.source("/docs/a") == stored
    for page in pages:
        first = next(other for other in pages if other.number == page.number)
        assert catalogue.page(stored.text_id, page.number) == first


@given(one=PAGES, other=PAGES)
def test_only_equal_pages_have_the_same_name(one: list[Page], other: list[Page]) -> None:
    assert (hash_pages(one) == hash_pages(other)) == (one == other)
    splits = [[Page(1, "ab"), Page(2, "c")], [Page(1, "a"), Page(2, "bc")], [Page(1, "abc")], [Page(None, "abc")]]
    assert len({hash_pages(pages) for pages in splits}) == 4  # whose texts only join alike


def test_a_source_that_is_the_same_has_its_new_stamp_and_is_found_as_before(catalogue: Catalogue) -> None:
    stored = swap(catalogue, "/docs/a", [])
    before = catalogue.generation()
    catalogue.note_stamps({"/docs/a": 20})
    assert catalogue.source("/docs/a") == replace(stored, stamp=20)
    assert catalogue.generation() == before


def test_a_catalogue_that_is_made_again_is_read_again_and_never_counts_as_the_old_one(catalogue: Catalogue) -> None:
    generations = set()
    for _ in range(3):
        assert catalogue.sources() == []
        swap(catalogue, "/docs/a", [])
        generations.add(catalogue.generation())
        catalogue.database.path.unlink()
        catalogue.database.create()
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
        lambda: changes.swap(other.database, [record("/docs/a", [])]),
        lambda: other.hide(["/docs/a"]),
        lambda: other.set_facts(name=str(len(other.state().facts))),
        lambda: changes.settle(catalogue.database),
    ]
    for step in taken:
        before = catalogue.state()
        steps[step]()
        assert catalogue.state() == Catalogue(folder).state()
        assert (catalogue.state() is before) == (step == 0)
