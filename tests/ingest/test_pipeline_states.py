"""Law 3 for any history: whatever was added, edited, renamed, deleted and ingested in whatever order, the collection is
what one clean run over the same files would have made, but for the sources it still remembers as missing.
"""

import os
import random
from collections.abc import Collection
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.ingest.conftest import NewLibrary
from tests.ingest.library import Library, check_alike, check_in_step, state_of

# Contents and the texts of the chunks they make: of one chunk, of several, sharing some with another, of none.
CONTENTS = {
    "Apples grow on trees.": ["Apples grow on trees."],
    "Apples grow in boxes.": ["Apples grow in boxes."],
    "Boats cross the river.": ["Boats cross the river."],
    "# One\n\nClouds bring rain.\n\n# Two\n\nDogs bark.\n": ["# One\n\nClouds bring rain.", "# Two\n\nDogs bark."],
    "# One\n\nClouds bring rain.\n\n# Three\n\nEels swim.\n": ["# One\n\nClouds bring rain.", "# Three\n\nEels swim."],
    "# Other\n\nClouds bring rain.\n": ["# Other\n\nClouds bring rain."],
    "... --- ...": [],
}
UNREADABLE, EMPTY = "\0", ""
ALIKE = {"Apples grow on trees.": "Apples grow in boxes.", "Apples grow in boxes.": "Apples grow on trees."}
NAMES = st.sampled_from(["a.md", "b.md", "sub/a.md", "été 漢.md"])
TEXTS = st.sampled_from([*CONTENTS])


class AnyHistory(RuleBasedStateMachine):
    """Against two dicts: what is on disk, and what the collection is to hold (None for a source that is missing)."""

    new_library: NewLibrary  # set by the test

    @initialize(files=st.dictionaries(NAMES, TEXTS, max_size=3))
    def begin(self, files: dict[str, str]) -> None:
        self.library = self.new_library()
        self.disk: dict[str, str] = {}
        self.links: dict[str, str] = {}  # to files in the same folder: each is no document of its own
        self.held: dict[str, str | None] = {}
        for name, text in files.items():
            self.write(name, text)
        self.bring_in_step()

    @rule(name=NAMES, text=TEXTS | st.sampled_from([UNREADABLE, EMPTY]))
    def write(self, name: str, text: str) -> None:
        self.unlink(name)
        self.library.write(name, text)
        self.disk[name] = text

    @precondition(lambda self: ALIKE.keys() & self.disk.values())
    @rule(pick=st.data())
    def write_with_the_same_size_and_time(self, pick: st.DataObject) -> None:
        name = self.one_of(pick, [name for name, text in self.disk.items() if text in ALIKE])
        path = self.library.docs / name
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        self.disk[name] = ALIKE[self.disk[name]]
        path.write_text(self.disk[name])
        os.utime(path, ns=times)

    @precondition(lambda self: self.disk)
    @rule(pick=st.data())
    def touch(self, pick: st.DataObject) -> None:
        self.library.touch(self.one_of(pick, self.disk))

    def unlink(self, name: str) -> None:
        if self.links.pop(name, None):
            (self.library.docs / name).unlink()

    def target_of(self, name: str) -> str:
        return self.target_of(self.links[name]) if name in self.links else name

    @precondition(lambda self: len(self.disk) > 1)
    @rule(pick=st.data())
    def replace_by_a_link(self, pick: st.DataObject) -> None:
        name = self.one_of(pick, self.disk)
        del self.disk[name]
        self.links[name] = self.one_of(pick, self.disk)
        path = self.library.docs / name
        path.unlink()
        path.symlink_to(self.library.docs / self.links[name])

    @precondition(lambda self: self.disk)
    @rule(pick=st.data())
    def delete(self, pick: st.DataObject) -> None:
        name = self.one_of(pick, self.disk)
        (self.library.docs / name).unlink()
        del self.disk[name]

    @precondition(lambda self: self.disk)
    @rule(pick=st.data(), other=NAMES)
    def rename(self, pick: st.DataObject, other: str) -> None:
        name = self.one_of(pick, self.disk)
        self.unlink(other)
        target = self.library.docs / other
        target.parent.mkdir(exist_ok=True)
        (self.library.docs / name).rename(target)
        self.disk[other] = self.disk.pop(name)

    @rule()
    def bring_in_step(self) -> None:
        self.ingest(prune=False, rebuild=False)

    @rule()
    def bring_in_step_and_forget(self) -> None:
        self.ingest(prune=True, rebuild=False)

    @rule(prune=st.booleans())
    def build_again(self, prune: bool) -> None:
        self.ingest(prune=prune, rebuild=True)

    def one_of(self, pick: st.DataObject, names: Collection[str]) -> str:
        return pick.draw(st.sampled_from(sorted(names)))

    def ingest(self, *, prune: bool, rebuild: bool) -> None:
        broken = [name for name in self.links if self.target_of(name) not in self.disk]
        expected = {name: self.status_of(name, rebuild=rebuild) for name in self.disk} | dict.fromkeys(
            broken, "skipped"
        )
        gone = self.held.keys() - self.disk.keys()
        report = self.library.ingest(prune=prune, rebuild=rebuild)
        statuses = {os.path.relpath(file.source, self.library.docs): file.status for file in report.files}
        if not self.disk:  # an empty folder changes nothing, and a rebuild takes the stored texts
            kept = [name for name, text in self.held.items() if text is not None and name not in broken]
            skipped = dict.fromkeys(broken, "skipped")
            assert (statuses, len(report.warnings)) == (
                skipped | dict.fromkeys(kept, "updated") if rebuild else skipped,
                1,
            )
            return
        assert statuses == expected | dict.fromkeys(gone, "removed" if prune else "missing")
        for name in gone:
            self.held[name] = None
            if prune:
                del self.held[name]
        self.take(self.disk)

    def status_of(self, name: str, *, rebuild: bool) -> str:
        """Of an ingest of the folder as it is now."""
        if self.disk[name] in (UNREADABLE, EMPTY):
            return "failed" if self.disk[name] else "skipped"
        if name not in self.held:
            return "added"
        return "unchanged" if self.held[name] == self.disk[name] and not rebuild else "updated"

    @precondition(lambda self: self.disk)
    @rule(pick=st.data())
    def ingest_one_by_name(self, pick: st.DataObject) -> None:
        name = self.one_of(pick, self.disk)
        self.library.ingest(name)
        self.take([name])

    def take(self, names: Collection[str]) -> None:
        for name in names:
            if self.disk[name] == EMPTY:
                self.held.pop(name, None)
            elif self.disk[name] != UNREADABLE:
                self.held[name] = self.disk[name]

    @precondition(lambda self: self.held)
    @rule(pick=st.data())
    def remove_from_collection(self, pick: st.DataObject) -> None:
        name = self.one_of(pick, self.held)
        with self.library.store.writing():
            self.library.store.remove([self.library.source(name)], forget=True)
        del self.held[name]

    @precondition(lambda self: self.held)
    @rule()
    def ingest_again_changes_nothing(self) -> None:
        self.bring_in_step()
        before = state_of(self.library.store)
        report = self.library.ingest()
        assert report.chunks_embedded == 0
        assert state_of(self.library.store) == before

    @rule()
    def reopen(self) -> None:
        self.library.reopen()

    @invariant()
    def the_collection_holds_what_it_should(self) -> None:
        store = self.library.store
        check_in_step(store)
        records = {record.source: record.state for record in store.catalogue.sources()}
        states = {name: "missing" if text is None else "ready" for name, text in self.held.items()}
        assert records == {self.library.source(name): state for name, state in states.items()}
        held = {name: text for name, text in self.held.items() if text is not None}
        for name, text in held.items():
            assert store.load_page(self.library.source(name), None) == text
        chunks = [chunk for chunk, _ in store.fetch(sorted(store.catalogue.chunk_ids())).values()]
        expected = [(self.library.source(name), text) for name, whole in held.items() for text in CONTENTS[whole]]
        assert sorted((chunk.source, chunk.text) for chunk in chunks) == sorted(expected)

    def teardown(self) -> None:
        if hasattr(self, "library"):
            self.library.close()


@pytest.mark.long("6 histories of 20 steps, each with ingests")
@pytest.mark.parametrize(
    ("histories", "steps"), [(6, 20), pytest.param(100, 50, marks=pytest.mark.slow, id="long histories")]
)
def test_any_history_of_changes_and_ingests_ends_in_what_the_files_say(
    new_library: NewLibrary, histories: int, steps: int
) -> None:
    AnyHistory.new_library = staticmethod(new_library)
    bounds = settings(max_examples=histories, stateful_step_count=steps, suppress_health_check=[*HealthCheck])
    run_state_machine_as_test(AnyHistory, settings=bounds)


@settings(max_examples=4)
@given(
    first=st.dictionaries(NAMES, TEXTS, min_size=2),
    order=st.randoms(use_true_random=False),
    cuts=st.sets(st.integers(1, 4), max_size=3),
    then=st.dictionaries(NAMES, TEXTS, min_size=1),
)
def test_files_ingested_in_any_order_and_runs_and_then_others_with_prune_make_the_same_collection(
    new_library: NewLibrary, first: dict[str, str], order: random.Random, cuts: set[int], then: dict[str, str]
) -> None:
    library = new_library()
    for name, text in first.items():
        library.write(name, text)
    names = list(first)
    order.shuffle(names)
    for start, end in pairwise(sorted({0, *(cut for cut in cuts if cut < len(names)), len(names)})):
        library.ingest(*names[start:end])
    check_as_clean(library)
    for name in first.keys() - then.keys():
        (library.docs / name).unlink()
    for name, text in then.items():
        library.write(name, text)
    library.ingest(prune=True)
    library.data = "data-then"  # of another clean build
    check_as_clean(library)
    library.close()


def check_as_clean(library: Library) -> None:
    clean = library.clean_build()
    check_alike(library.store, clean.store)
    clean.store.close()
