"""What an ingest does to a collection, file by file: added, updated, unchanged, missing, removed, skipped, failed."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.report import Progress
from tests.ingest.library import Library, check_in_step, names_of, state_of
from vectorstore.errors import InputError, WrongModelError

APOLLO = "Michael Collins stayed in orbit around the Moon."
SATURN = "The Saturn V rocket had three stages."


@pytest.fixture
def apollo(library: Library) -> Path:
    """A file that has been ingested, and another beside it."""
    path = library.write("apollo.txt", APOLLO)
    library.write("saturn.txt", SATURN)
    library.ingest()
    return path


def test_a_new_file_is_added_and_found_and_embeds_nothing_the_second_time(library: Library) -> None:
    library.write("apollo.txt", APOLLO)
    told: list[Progress] = []
    report = library.ingest(on_progress=told.append)
    assert [(file.source, file.status, file.chunks) for file in report.files] == [
        (library.source("apollo.txt"), "added", 1)
    ]
    assert (report.chunks_embedded, report.characters_embedded) == (1, len(APOLLO))
    assert library.search("Who stayed in orbit?")[0].text == APOLLO
    check_in_step(library.store)
    assert {progress.files for progress in told} == {1}
    assert (told[-1].files_done, told[-1].chunks_done, told[-1].chunks) == (1, 1, 1)
    assert all(before.files_done <= after.files_done for before, after in pairwise(told))
    before = state_of(library.store)
    report = library.ingest()
    assert {file.status for file in report.files} == {"unchanged"}
    assert (report.chunks_embedded, report.characters_embedded) == (0, 0)
    assert state_of(library.store) == before


def test_a_new_version_that_cannot_be_read_leaves_the_old_one_answering(library: Library, apollo: Path) -> None:
    library.write("apollo.txt", b"\0")
    (file,) = library.ingest().failed
    assert file.source == str(apollo)
    assert str(file.reason).startswith("not text: ")
    library.write("apollo.txt", APOLLO * 3)
    assert library.statuses(max_file_bytes=100)["apollo.txt"] == "skipped"
    assert library.search("orbit")[0].text == APOLLO
    assert library.statuses()["apollo.txt"] == "updated"


@pytest.mark.parametrize("rebuild", [False, True])
@pytest.mark.parametrize("nothing", [b"", b"\xef\xbb\xbf \r\n"])
def test_a_file_that_is_emptied_is_skipped_and_its_former_text_goes(
    library: Library, apollo: Path, nothing: bytes, rebuild: bool
) -> None:
    library.write("apollo.txt", nothing)
    report = library.ingest(rebuild=rebuild)
    assert [file.status for file in report.files] == ["skipped", "updated" if rebuild else "unchanged"]
    assert report.warnings == (f"{apollo}: no text is left in it; what it had before is removed",)
    assert [Path(record.source).name for record in library.store.catalogue.sources()] == ["saturn.txt"]
    check_in_step(library.store)
    report = library.ingest()
    assert (report.counts(), report.warnings) == ({"skipped": 1, "unchanged": 1}, ())
    library.write("apollo.txt", APOLLO)
    assert library.statuses()["apollo.txt"] == "added"


def test_bad_files_do_not_stop_the_others_and_are_not_read_again_until_they_change(
    library: Library, settled: None
) -> None:
    library.write("a.pdf", b"%PDF-1.7 no more than that")
    library.write("b.txt", APOLLO)
    library.write("c.docx", b"PK\x03\x04no document")
    first = library.ingest()
    assert [file.status for file in first.files] == ["failed", "added", "failed"]
    check_in_step(library.store)
    assert library.reads() == []
    assert library.ingest().failed == first.failed != ()
    library.touch("a.pdf")
    assert library.reads() == ["a.pdf"]
    library.write("a.pdf", b"A letter no more than that")
    assert library.statuses()["a.pdf"] == "added"


def test_a_named_file_that_is_gone_is_missing(library: Library, apollo: Path) -> None:
    apollo.unlink()
    for _ in range(2):
        assert library.statuses("apollo.txt") == {"apollo.txt": "missing"}
        assert names_of(library.search("orbit")) == {"saturn.txt"}


def test_a_folder_that_is_empty_or_not_there_changes_nothing_and_warns(library: Library) -> None:
    assert library.ingest().warnings == (f"there is nothing to ingest in {library.docs}",)
    library.write("mounted/apollo.txt", APOLLO)
    library.ingest("mounted")
    (library.docs / "mounted").rename(library.folder / "unmounted")
    (library.docs / ".hidden").touch()
    for paths, told in ((["mounted"], f"{library.docs / 'mounted'} is not there"), ([], f"in {library.docs}")):
        report = library.ingest(*paths, prune=True)
        assert report.files == ()
        assert len(report.warnings) == 1
        assert report.warnings[0].endswith(f"{told}; its 1 documents are kept")
        assert library.search("orbit")[0].text == APOLLO


def test_a_path_that_leads_nowhere_is_an_error(library: Library) -> None:
    with pytest.raises(InputError) as raised:
        library.ingest("nowhere.txt")
    assert raised.value.message == f"there is no file or folder {library.docs / 'nowhere.txt'}"
    assert raised.value.hint == "check the path; rag ingest --help shows examples"


def test_files_that_this_ingest_does_not_look_at_are_left_alone(library: Library) -> None:
    library.write("a/apollo.txt", APOLLO)
    library.write("a/.notes.txt", APOLLO)
    library.write("ab/saturn.txt", SATURN)
    library.ingest("a/.notes.txt", "a", "ab")
    (library.docs / "ab" / "saturn.txt").unlink()
    assert library.statuses("a") == {"a/apollo.txt": "unchanged"}
    assert names_of(library.search("rocket")) == {"apollo.txt", ".notes.txt", "saturn.txt"}


def test_kinds_that_are_not_read_are_skipped_with_a_reason(library: Library) -> None:
    library.write("song.mid", b"ID3\x04")
    library.write("program", b"\x7fELF\x02\x01\x01\x00\x00")
    (library.docs / "pipe").mkdir()
    os.mkfifo(library.docs / "pipe" / "pipe.txt")
    report = library.ingest()
    assert [(Path(file.source).name, file.status, file.reason) for file in report.files] == [
        ("pipe.txt", "skipped", "not a regular file"),
        ("program", "skipped", "a kind of file that is not read (no suffix)"),
        ("song.mid", "skipped", "a kind of file that is not read (.mid)"),
    ]
    assert report.failed == ()


def test_names_of_any_characters_are_ingested_and_bytes_that_are_none_fail_alone(library: Library) -> None:
    strange = ["new\nline.txt", "été 漢字 👩‍👩‍👧.txt", "'; DROP TABLE sources; --.txt", "%s {x} [y].txt"]
    for name in strange:
        library.write(name, APOLLO)
    library.write(os.fsdecode(b"caf\xe9.txt"), APOLLO)
    report = library.ingest()
    assert report.counts() == {"added": len(strange), "failed": 1}
    assert report.failed[0].source == library.source("caf\\xe9.txt")
    assert report.failed[0].reason == "cannot be read: its name is not UTF-8 (rename it)"
    assert names_of(library.search("orbit")) == set(strange)
    check_in_step(library.store)


def test_two_files_of_the_same_content_share_their_text_and_not_their_chunks(library: Library, apollo: Path) -> None:
    library.write("two.txt", APOLLO)
    library.ingest()
    assert names_of(library.search("orbit")) >= {"apollo.txt", "two.txt"}
    apollo.unlink()
    library.ingest(prune=True)
    assert library.store.load_page(library.source("two.txt"), None) == APOLLO
    check_in_step(library.store)


def test_another_model_or_distance_is_refused_before_anything_is_read(library: Library, apollo: Path) -> None:
    before = state_of(library.store)
    apollo.write_text(SATURN)
    with pytest.raises(WrongModelError):
        library.ingest(distance="l2")
    assert state_of(library.store) == before


def test_while_a_file_is_ingested_again_it_is_never_missing(library: Library) -> None:
    words = "Michael Collins in orbit, version"
    library.write("other.txt", SATURN)
    library.write("apollo.txt", f"{words} 0.")
    library.ingest()
    done = threading.Event()

    def search_all_the_time() -> list[list[str]]:
        found = []
        while not done.is_set():
            found.append([chunk.text for chunk in library.search(words) if "Collins" in chunk.text])
            time.sleep(0.02)  # two that never rest leave the ingest, a third thread of this process, little
        return found

    with ThreadPoolExecutor(2) as threads:
        searching = [threads.submit(search_all_the_time) for _ in range(2)]
        try:
            for version in range(1, 9):
                library.write("apollo.txt", f"{words} {version}.")
                library.ingest()
                assert [chunk.text for chunk in library.search(words)] == [f"{words} {version}.", SATURN]
        finally:
            done.set()
    found = [texts for thread in searching for texts in thread.result()]
    assert len(found) > 8
    assert [] not in found
