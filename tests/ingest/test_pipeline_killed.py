"""Law 3 under the worst: an ingest that stops at any moment and is run again ends in what one clean run makes."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ingest.conftest import NewLibrary
from tests.ingest.library import Library, check_alike, names_of
from vectorstore.storage import changes
from vectorstore.storage.catalogue import Catalogue
from vectorstore.storage.lexical_index import LexicalIndex
from vectorstore.storage.vector_index import VectorIndex

# The functions by which an ingest changes the three indexes: what can be left half done lies between two of them.
STEPS: tuple[tuple[object, str], ...] = (
    *((changes, name) for name in ("announce", "swap", "retire", "settle")),
    (Catalogue, "set_facts"),
    *((VectorIndex, name) for name in ("upsert", "delete")),
    (LexicalIndex, "change"),
)


class Stopped(BaseException):
    """Ends an ingest as the end of its process would: nothing catches it."""


class StopBefore:
    """Stops what runs inside before its nth step; `steps` counts them."""

    def __init__(self, nth: int) -> None:
        self.nth, self.steps = nth, 0
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> "StopBefore":
        for owner, name in STEPS:
            self._patch.setattr(owner, name, self._counted(getattr(owner, name)))
        return self

    def __exit__(self, *raised: object) -> bool:
        self._patch.undo()
        return raised[0] is Stopped

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def count_and_run(*arguments: Any, **named: Any) -> Any:
            self.steps += 1
            if self.steps == self.nth:
                raise Stopped
            return step(*arguments, **named)

        return count_and_run


def write_first_version(library: Library) -> None:
    library.write("same.md", "# Same\n\nApples grow on trees.")
    library.write("edited.md", "# Old title\n\nOne.\n\n## Part\n\nBoats cross the river.\n\n## Gone\n\nClouds rain.")
    library.write("gone.md", "Dogs bark.")


def write_second_version(library: Library) -> None:
    # Under another title the chunk of a text that stays has its id and another embedding.
    library.write("edited.md", "# New title\n\nTwo.\n\n## Part\n\nBoats cross the river.\n\n## New\n\nEels swim.")
    library.write("added.md", "Foxes run.")
    (library.docs / "gone.md").unlink(missing_ok=True)


@pytest.fixture
def versions(new_library: NewLibrary) -> Iterator[tuple[Library, Library, Library]]:
    """A library with its second version on disk, and collections of each version made in one run."""
    library = new_library()
    write_first_version(library)
    library.ingest()
    first = library.clean_build()
    library.store.close()
    write_second_version(library)
    second = Library(library.folder, library.model, "second", ticks=library.ticks)
    second.ingest()
    yield library, first, second
    library.close()


def copy_of(library: Library, number: int, *, of: str = "data") -> Library:
    shutil.copytree(library.folder / of, library.folder / f"copy-{number}")
    return Library(library.folder, library.model, f"copy-{number}", library.options, library.ticks)


def test_an_ingest_that_stops_before_any_of_its_steps_is_finished_by_the_next(
    versions: tuple[Library, Library, Library],
) -> None:
    library, _, second = versions
    for nth in range(1, 100):
        copy = copy_of(library, nth)
        with StopBefore(nth) as stop:
            copy.ingest(prune=True)
        copy.reopen()
        # Whatever was stopped: every file that stays is found, in its old version or in its new one.
        assert names_of(copy.search("apples, boats")) >= {"same.md", "edited.md"}, nth
        copy.ingest(prune=True)
        check_alike(copy.store, second.store)
        copy.store.close()
        if stop.steps < nth:
            break
    assert nth > 10


def test_after_an_ingest_that_stopped_the_old_files_put_back_make_the_old_collection(
    versions: tuple[Library, Library, Library],
) -> None:
    library, first, _ = versions
    for nth in range(1, 100, 2):  # before every step is the test above
        write_second_version(library)
        copy = copy_of(library, nth)
        with StopBefore(nth) as stop:
            copy.ingest(prune=True)
        copy.reopen()
        library.ticks = 0
        write_first_version(library)
        (library.docs / "added.md").unlink(missing_ok=True)
        copy.ingest(prune=True)
        check_alike(copy.store, first.store)
        copy.store.close()
        if stop.steps < nth:
            break
    assert nth > 10
