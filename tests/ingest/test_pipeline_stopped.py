"""Law 3 for an ingest that is asked to stop: what it leaves is in step, and the next makes of it what one run makes."""

from pathlib import Path

import pytest

from ingest.pipeline import ingest_files
from ingest.reader_process import READ_AHEAD
from ingest.report import FileProgress, IngestReport, Progress, Stopped
from tests.ingest.library import Library, check_alike, check_in_step, names_of


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few chunks go the way of thousands: in several groups, slices and parts."""
    monkeypatch.setattr("ingest.embedding_queue.GROUP_CHUNKS", 8)
    monkeypatch.setattr("vectorstore.storage.vector_index.SLICE_CHUNKS", 6)
    monkeypatch.setattr("ingest.embedding_queue.PART_TEXTS", 2)


def ingest(
    library: Library, *, stop_at: int | None = None, rebuild: bool = False
) -> tuple[IngestReport, list[Progress]]:
    """Stopped where the `stop_at`th change is told."""
    told: list[Progress] = []

    def take(progress: Progress) -> None:
        if progress.changed:  # how often it is told that nothing has changed is chance
            told.append(progress)
        if stop_at is not None and len(told) >= stop_at:
            raise Stopped

    return library.ingest(rebuild=rebuild, on_progress=take), told


def write_documents(library: Library) -> None:
    library.write("broken.pdf", b"%PDF-1.4 and nothing more")
    for number in range(READ_AHEAD + 2):
        library.write(f"{number}.md", f"# Number {number}\n\nApples of the year {1900 + number} are red.")
    library.write("long.md", sections(20))


def sections(count: int) -> str:
    return "\n\n".join(f"# Part {number}\n\nFishes swim in lake {number}." for number in range(count))


def test_an_ingest_stopped_wherever_it_tells_its_progress_is_in_step_and_is_finished_by_the_next(
    library: Library,
) -> None:
    write_documents(library)
    whole = Library(library.folder, library.model, "whole", library.options)
    report, told = ingest(whole)
    check_progress(library, report, told)
    for stop_at in range(len(told), 0, -(len(told) // 5)):
        copy = Library(library.folder, library.model, f"copy-{stop_at}", library.options)
        report, _ = ingest(copy, stop_at=stop_at)
        check_in_step(copy.store)
        finished = {Path(file.source).name for file in report.files if file.status == "added"}
        assert {Path(record.source).name for record in copy.store.catalogue.sources()} == finished
        assert not copy.store.catalogue.repairs()
        ingest(copy)
        check_alike(copy.store, whole.store)
        copy.store.close()
    whole.store.close()


def check_progress(library: Library, report: IngestReport, told: list[Progress]) -> None:
    """The state of each file is told from waiting to its report."""
    changes = [progress.changed for progress in told if progress.changed]
    of_long = [change for change in changes if change.source == library.source("long.md")]
    chunks = next(file.chunks for file in report.files if file.source == library.source("long.md"))
    assert [change.state for change in of_long[:3]] == ["waiting", "reading", "embedding"]
    embedded = [change.chunks_done for change in of_long if change.state == "embedding"]
    assert embedded == sorted(embedded)
    assert (embedded[0], embedded[-1]) == (0, chunks)
    assert len(embedded) > 3
    assert of_long[-1] == FileProgress(library.source("long.md"), "added", chunks, chunks)
    broken = [change for change in changes if change.source == library.source("broken.pdf")]
    assert broken[-1].state == "failed"
    assert broken[-1].reason


def test_a_document_that_is_stopped_in_its_midst_keeps_its_last_version(library: Library) -> None:
    library.write("long.md", "Before the edit there was a lighthouse.")
    library.ingest()
    library.write("long.md", sections(20))
    whole = Library(library.folder, library.model, "whole", library.options)
    _, told = ingest(whole)
    halfway = next(n for n, progress in enumerate(told, 1) if progress.chunks_done > 10)
    report, _ = ingest(library, stop_at=halfway)
    assert report.files == ()
    assert report.warnings == ("stopped: 1 of 1 files are left as they were",)
    check_in_step(library.store)
    assert library.search("lighthouse")[0].text == "Before the edit there was a lighthouse."
    assert ingest(library)[0].counts() == {"updated": 1}
    check_alike(library.store, whole.store)
    whole.store.close()


def test_a_rebuild_that_is_stopped_leaves_the_collection_as_it_was(library: Library) -> None:
    library.write("a.md", "Apples are red.")
    library.write("b.md", "Boats are blue.")
    library.ingest()
    before = library.store.catalogue.sources()
    rebuilt = Library(library.folder, library.model, "rebuilt", library.options)
    rebuilt.ingest()
    _, told = ingest(rebuilt, rebuild=True)
    rebuilt.store.close()
    for stop_at in (1, len(told) // 2, len(told)):
        report, _ = ingest(library, stop_at=stop_at, rebuild=True)
        assert report.files == (), stop_at
        check_in_step(library.store)
        assert names_of(library.search("apples, boats")) == {"a.md", "b.md"}
    assert library.store.catalogue.sources() == before


def test_a_slow_reader_is_stopped_while_it_reads(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.reader_process.WATCH_S", 0.01)
    library.write("a.md", "Apples are red.")
    stops_at_waiting = [0]

    def take(progress: Progress) -> None:
        if progress.changed is None:  # nothing has changed: it is told because it waits
            stops_at_waiting[0] += 1
            raise Stopped

    report = ingest_files([library.docs], store=library.store, model=library.model, on_progress=take)
    assert (report.files, stops_at_waiting) == ((), [1])
    assert library.statuses() == {"a.md": "added"}
