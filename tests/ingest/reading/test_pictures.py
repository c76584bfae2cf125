"""A collection of pictures: found by words, kept in step with their files, each with its line of the stored text."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="pictures are read by OpenCV: pip install 'rag-app[pictures]'")

from ingest.pipeline import ingest_files
from tests.clip_model import COLOURS, PATTERNS, draw, encode, picture
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
    for number, (colour, pattern) in enumerate((c, p) for c in COLOURS for p in PATTERNS):
        # Names that tell nothing: only what the picture shows can find it.
        kind = ("png", "jpeg", "webp")[number % 3]
        album.write(f"{number}.{kind}", picture(colour, pattern, kind.upper(), seed=8_000))
    album.ingest()
    check_pictures(album.store)
    for number, (colour, pattern) in enumerate((c, p) for c in COLOURS for p in PATTERNS):
        assert Path(album.search(f"{colour} {pattern}")[0].source).stem == str(number)


def test_a_picture_has_its_name_and_size_for_a_text(album: Library) -> None:
    album.write("red.png", picture("red"))
    album.ingest()
    (chunk,) = chunks_of(album.store)
    assert (chunk.text, chunk.page) == ("Picture: red.png (160 × 120)", None)
    assert album.store.load_page(album.source("red.png"), None) == chunk.text


def test_ingesting_twice_changes_nothing(album: Library) -> None:
    fill(album)
    before = album.store.catalogue.generation()
    report = album.ingest()
    assert {file.status for file in report.files} == {"unchanged"}
    assert (report.chunks_embedded, album.store.catalogue.generation()) == (0, before)


def test_an_edited_picture_takes_the_place_of_the_old_one(album: Library) -> None:
    album.write("a.png", picture("red", "squares", seed=7_000))
    album.write("b.png", picture("green", "squares", seed=7_000))
    album.ingest()
    old = {chunk.source: chunk.picture for chunk in chunks_of(album.store)}
    album.write("a.png", picture("blue", "stripes", seed=9_000))
    assert album.statuses() == {"a.png": "updated", "b.png": "unchanged"}
    check_pictures(album.store)
    assert old[album.source("a.png")] not in album.store.catalogue.signatures()
    assert album.search("blue stripes")[0].source == album.source("a.png")
    check_alike(album.store, album.clean_build().store)


def test_a_picture_that_is_gone_leaves_nothing(album: Library) -> None:
    fill(album)
    (album.docs / "red-squares.png").unlink()
    assert album.statuses(prune=True)["red-squares.png"] == "removed"
    check_pictures(album.store)
    assert len(album.store.catalogue.signatures()) == 2


def test_a_run_that_failed_and_ran_again_is_like_a_clean_one(album: Library) -> None:
    fill(album)

    def fail(pictures: object) -> list[list[float]]:
        raise ProviderError("no memory", "try again")

    album.write("more.png", picture("green", seed=9_100))
    broken = replace(album.model, embed_pictures=fail)
    with pytest.raises(ProviderError):
        ingest_files([album.docs], store=album.store, model=broken, options=album.options)
    album.ingest()
    check_pictures(album.store)
    check_alike(album.store, album.clean_build().store)


def test_a_rebuild_keeps_the_pictures_of_files_that_are_not_read_anew(album: Library) -> None:
    fill(album)
    before = {chunk.id: chunk for chunk in chunks_of(album.store)}
    report = album.ingest("red-squares.png", rebuild=True)
    assert {file.status for file in report.files} == {"updated"}
    check_pictures(album.store)
    assert {chunk.id: chunk for chunk in chunks_of(album.store)} == before
    assert album.search("green stripes")[0].source == album.source("green-stripes.png")
    check_alike(album.store, album.clean_build().store)


def test_a_rebuild_by_a_model_of_texts_keeps_the_texts(album: Library, model: EmbeddingModel) -> None:
    fill(album)
    options = replace(album.options, rebuild=True)
    ingest_files([album.docs / "red-squares.png"], store=album.store, model=model, options=options)
    check_in_step(album.store)
    assert not any(chunk.picture for chunk in chunks_of(album.store))
    assert album.store.catalogue.signatures() == {}
    assert "Picture: blue-squares.png (160 × 120)" in {chunk.text for chunk in chunks_of(album.store)}


def test_the_same_picture_in_another_size_and_format_is_embedded_once_and_told(album: Library) -> None:
    album.write("a.png", encode(draw("red", "squares", width=320, height=240, seed=1)))
    album.write("b.png", picture("blue", "stripes", seed=2))
    album.ingest()
    small = draw("red", "squares", width=320, height=240, seed=1)[::2, ::2]
    album.write("c.jpg", encode(small, "JPEG", quality=60))
    album.write("d.webp", encode(small, "WEBP", quality=70))
    # In one run the two new ones are alike; with a cache they are like the old one too.
    cache = VectorCache(album.folder / "vectors.sqlite3", max_bytes=10**7)
    report = ingest_files([album.docs], store=album.store, model=album.model, options=album.options, cache=cache)
    assert report.chunks_embedded == 1
    album.write("e.png", small.tobytes() and encode(small))
    report = ingest_files([album.docs], store=album.store, model=album.model, options=album.options, cache=cache)
    assert report.chunks_embedded == 0
    check_pictures(album.store)
    found = similar_documents(album.store, album.source("a.png"), limit=5)
    assert {Path(one.source).name for one in found if one.shows_the_same} == {"c.jpg", "d.webp", "e.png"}
    assert min(one.similarity for one in found if one.shows_the_same) > 0.98


def test_vectors_are_taken_from_the_cache_by_the_picture_and_the_model(album: Library) -> None:
    album.write("a.png", picture("red"))
    cache = VectorCache(album.folder / "vectors.sqlite3", max_bytes=10**7)

    def embedded(model: EmbeddingModel, name: str) -> int:
        library = Library(album.folder, model, name)
        report = ingest_files([album.docs], store=library.store, model=model, cache=cache)
        library.store.close()
        return report.chunks_embedded

    assert embedded(album.model, "one") == 1
    assert embedded(album.model, "two") == 0
    assert embedded(replace(album.model, revision="trained anew"), "three") == 1


@pytest.mark.parametrize(
    ("name", "data", "status", "reason"),
    [
        ("huge.png", header_of_png(60_000, 60_000), "failed", "too large"),
        ("broken.jpg", b"\xff\xd8\xff no more", "failed", "a damaged picture"),
        ("notes.md", b"# Notes", "skipped", "no picture in it"),
        ("empty.png", b"", "skipped", "no picture in it"),
    ],
)
def test_what_is_no_picture_is_a_line_of_the_report(
    album: Library, name: str, data: bytes, status: str, reason: str
) -> None:
    album.write("red.png", picture("red"))
    album.write(name, data)
    files = {Path(file.source).name: file for file in album.ingest().files}
    assert files[name].status == status
    assert reason in (files[name].reason or "")
    assert files["red.png"].status == "added"


def test_a_collection_of_texts_keeps_no_pictures(library: Library) -> None:
    library.write("moon.md", "The Moon goes around the Earth.")
    library.write("red.png", picture("red"))
    library.ingest()
    assert not (library.store.folder / "pictures").exists()
    assert not any(chunk.picture for chunk in chunks_of(library.store))


def test_a_picture_is_embedded_as_it_is_kept(album: Library) -> None:
    """So that a rebuild from what is kept gives the same vectors as one from the files."""
    assert album.model.embed_pictures is not None
    album.write("large.png", picture("green", width=3000))
    album.ingest()
    ((chunk, vector),) = album.store.fetch(sorted(album.store.catalogue.chunk_ids())).values()
    kept = album.store.catalogue.pictures([chunk.picture])[chunk.picture]
    assert (kept.width, kept.height) == (3000, 2250)
    assert np.allclose(album.model.embed_pictures([kept.data])[0], vector, atol=1e-5)


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
