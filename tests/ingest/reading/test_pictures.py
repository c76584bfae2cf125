"""A collection of pictures: found by words, kept in step with their files, each with its line of the stored text."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pictures are read by OpenCV: pip install 'rag-app[pictures]'")

from tests.clip_model import COLOURS, PATTERNS, draw, encode, picture
from tests.hash_embedding import hash_model
from tests.ingest.library import Library, check_alike, check_in_step
from tests.vectorstore.test_pixels import header_of_png
from vectorstore.embeddings import Box, EmbeddingModel, VectorCache, load_embedding_model
from vectorstore.errors import ProviderError
from vectorstore.pictures import read_pixels
from vectorstore.search.similar_documents import similar_documents
from vectorstore.storage.store import Store
from vectorstore.types import Chunk


@pytest.fixture(scope="module")
def clip(clip_folder: Path) -> EmbeddingModel:
    return load_embedding_model(f"clip:{clip_folder}", cache_dir=Path("cache"))


@pytest.fixture
def album(clip: EmbeddingModel, tmp_path: Path) -> Iterator[Library]:
    library = Library(Path(tempfile.mkdtemp(dir=tmp_path)), clip)
    yield library
    library.close()


def chunks_of(store: Store) -> list[Chunk]:
    return [chunk for chunk, _ in store.fetch(sorted(store.catalogue.chunk_ids())).values()]


def check_pictures(store: Store) -> None:
    """Those that chunks stand for are kept, and no others."""
    check_in_step(store)
    named = {chunk.picture for chunk in chunks_of(store)} - {""}
    assert set(store.catalogue.signatures()) == named == set(store.catalogue.pictures(sorted(named)))


def fill(album: Library) -> None:
    for colour, pattern in (("red", "squares"), ("green", "stripes"), ("blue", "squares")):
        album.write(f"{colour}-{pattern}.png", picture(colour, pattern, seed=7_000))
    album.ingest()


def test_a_question_finds_a_picture(album: Library) -> None:
    kinds = [(colour, pattern) for colour in COLOURS for pattern in PATTERNS]
    for number, (colour, pattern) in enumerate(kinds):
        # Names that say nothing: only what the picture shows can find it.
        kind = ("png", "jpeg", "webp")[number % 3]
        album.write(f"{number}.{kind}", picture(colour, pattern, kind.upper(), seed=8_000))
    album.ingest()
    check_pictures(album.store)
    for number, (colour, pattern) in enumerate(kinds):
        assert Path(album.search(f"{colour} {pattern}")[0].source).stem == str(number)
    chunk = album.search("red stripes")[0]
    assert (chunk.text, chunk.page) == ("Picture: 0.png (160 × 120)", None)
    assert album.store.load_page(chunk.source, None) == chunk.text
    before = album.store.catalogue.generation()
    report = album.ingest()
    assert {file.status for file in report.files} == {"unchanged"}
    assert (report.chunks_embedded, album.store.catalogue.generation()) == (0, before)


def test_an_edited_picture_takes_the_place_of_the_old_one_and_one_that_is_gone_leaves_nothing(album: Library) -> None:
    fill(album)
    old = {chunk.source: chunk.picture for chunk in chunks_of(album.store)}
    album.write("red-squares.png", picture("blue", "stripes", seed=9_000))
    (album.docs / "blue-squares.png").unlink()
    assert album.statuses(prune=True) == {
        "red-squares.png": "updated",
        "green-stripes.png": "unchanged",
        "blue-squares.png": "removed",
    }
    check_pictures(album.store)
    assert old[album.source("red-squares.png")] not in album.store.catalogue.signatures()
    assert album.search("blue stripes")[0].source == album.source("red-squares.png")
    check_alike(album.store, album.clean_build().store)


def test_a_run_that_failed_and_ran_again_is_like_a_clean_one(album: Library) -> None:
    fill(album)

    def fail(pictures: object) -> list[list[float]]:
        raise ProviderError("no memory", "try again")

    album.write("more.png", picture("green", seed=9_100))
    good, album.model = album.model, replace(album.model, embed_pictures=fail)
    with pytest.raises(ProviderError):
        album.ingest()
    album.model = good
    album.ingest()
    check_pictures(album.store)
    check_alike(album.store, album.clean_build().store)


def test_a_rebuild_keeps_the_pictures_of_files_that_are_not_read_again_and_one_by_a_model_of_texts_the_texts(
    album: Library,
) -> None:
    fill(album)
    before = {chunk.id: chunk for chunk in chunks_of(album.store)}
    report = album.ingest("red-squares.png", rebuild=True)
    assert {file.status for file in report.files} == {"updated"}
    check_pictures(album.store)
    assert {chunk.id: chunk for chunk in chunks_of(album.store)} == before
    assert album.search("green stripes")[0].source == album.source("green-stripes.png")
    check_alike(album.store, album.clean_build().store)
    album.model = hash_model()
    album.ingest("red-squares.png", rebuild=True)
    check_in_step(album.store)
    assert not any(chunk.picture for chunk in chunks_of(album.store))
    assert album.store.catalogue.signatures() == {}
    assert "Picture: blue-squares.png (160 × 120)" in {chunk.text for chunk in chunks_of(album.store)}


def test_the_same_picture_in_another_size_and_format_is_embedded_once_a_model(album: Library) -> None:
    album.write("a.png", encode(draw("red", "squares", width=320, height=240, seed=1)))
    album.write("b.png", picture("blue", "stripes", seed=2))
    album.ingest()
    small = draw("red", "squares", width=320, height=240, seed=1)[::2, ::2]
    album.write("c.jpg", encode(small, "JPEG", quality=60))
    album.write("d.webp", encode(small, "WEBP", quality=70))
    # In one run the two new ones are alike; with a cache they are like the old one too.
    cache = VectorCache(album.folder / "vectors.sqlite3", max_bytes=10**7)
    assert album.ingest(cache=cache).chunks_embedded == 1
    album.write("e.png", small.tobytes() and encode(small))
    assert album.ingest(cache=cache).chunks_embedded == 0
    check_pictures(album.store)
    found = similar_documents(album.store, album.source("a.png"), limit=5)
    assert {Path(one.source).name for one in found if one.shows_the_same} == {"c.jpg", "d.webp", "e.png"}
    assert min(one.similarity for one in found if one.shows_the_same) > 0.98
    for revision, embedded in (("", 0), ("trained again", 1)):
        model = replace(album.model, revision=revision or album.model.revision)
        library = Library(album.folder, model, f"data-{revision}")
        assert library.ingest("c.jpg", cache=cache).chunks_embedded == embedded
        library.store.close()


@pytest.mark.long("embeds pictures")
def test_what_is_no_picture_is_a_line_of_the_report_and_a_picture_is_embedded_as_it_is_kept(album: Library) -> None:
    """So that a rebuild from what is kept gives the same vectors as one from the files."""
    album.write("large.png", picture("green", width=1600))
    album.write("huge.png", header_of_png(60_000, 60_000))
    album.write("broken.jpg", b"\xff\xd8\xff no more")
    album.write("notes.md", b"# Notes")
    album.write("empty.png", b"")
    files = {Path(file.source).name: (file.status, file.reason or "") for file in album.ingest().files}
    expected = {
        "huge.png": ("failed", "too large"),
        "broken.jpg": ("failed", "a damaged picture"),
        "notes.md": ("skipped", "no picture in it"),
        "empty.png": ("skipped", "no picture in it"),
        "large.png": ("added", ""),
    }
    assert files.keys() == expected.keys()
    assert all(files[name][0] == status and reason in files[name][1] for name, (status, reason) in expected.items())
    ((chunk, vector),) = album.store.fetch(sorted(album.store.catalogue.chunk_ids())).values()
    kept = album.store.catalogue.pictures([chunk.picture])[chunk.picture]
    assert (kept.width, kept.height) == (1600, 1200)
    assert album.model.embed_pictures is not None
    assert np.allclose(album.model.embed_pictures([kept.data])[0], vector, atol=1e-5)


def test_a_collection_of_texts_keeps_no_pictures(library: Library) -> None:
    library.write("moon.md", "The Moon goes around the Earth.")
    library.write("red.png", picture("red"))
    library.ingest()
    assert library.store.catalogue.signatures() == {}
    assert not any(chunk.picture for chunk in chunks_of(library.store))


def find_coloured(data: bytes) -> list[Box]:
    """What is not white, by OpenCV: a finder of objects for pictures as simple as these."""
    import cv2

    dark = cv2.inRange(read_pixels(data), (0, 0, 0), (200, 200, 255))
    contours, _ = cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = sorted(tuple(int(number) for number in cv2.boundingRect(contour)) for contour in contours)
    return [(left, top, left + width, top + height) for left, top, width, height in boxes if width > 40]


def test_the_objects_of_a_picture_are_passages_of_it(album: Library) -> None:
    both = np.full((200, 600, 3), 255, np.uint8)
    both[40:160, 40:200] = draw("red", "stripes", seed=3)
    both[40:160, 400:560] = draw("blue", "squares", seed=3)
    both[40:160, [40, 199, 400, 559]] = both[[40, 159], 40:200] = both[[40, 159], 400:560] = 0  # in frames
    album.write("both.png", encode(both))
    album.model = replace(album.model, find_objects=find_coloured)
    album.ingest()
    check_pictures(album.store)
    texts = sorted(chunk.text for chunk in chunks_of(album.store))
    assert texts == [
        "Picture: both.png (600 × 200)",
        "Picture: both.png (600 × 200), object 1 of 2 (160 × 120 at 40, 40)",
        "Picture: both.png (600 × 200), object 2 of 2 (160 × 120 at 400, 40)",
    ]
    assert "object 1 of 2" in next(chunk.text for chunk in album.search("red stripes") if "object" in chunk.text)
    assert "object 2 of 2" in next(chunk.text for chunk in album.search("blue squares") if "object" in chunk.text)
    assert set(album.statuses().values()) == {"unchanged"}
