"""Archives become one page with a section for each readable file in them, within bounds."""

import gzip
import io
import tarfile
import zipfile
from functools import partial

import pytest

from ingest.reading import parsing
from ingest.reading.formats.nested_documents import Nesting
from tests.ingest.documents import NOISE, parse, refusal, text_of


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def test_what_can_be_read_in_an_archive_is_a_section_and_the_rest_is_passed_over() -> None:
    text = text_of("a.zip", zipped({"docs/a.md": b"# Orbit\n\nOld.", "b.py": b"# a = 1", "c.bin": NOISE}))
    assert text == "# docs/a.md\n\n## Orbit\n\nOld.\n\n# b.py\n\n```\n# a = 1\n```"
    # A member cannot make a section of its own by its name or an open fence.
    text = text_of("a.zip", zipped({"a\n# forged.md": b"```\nopen", "../../b.txt": b"last"}))
    assert text == "# a # forged.md\n\n````\n```\nopen\n````\n\n# ../../b.txt\n\nlast"


def test_a_compressed_tar_is_read() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        member = tarfile.TarInfo("notes.txt")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"words"))
    assert text_of("a.tgz", target.getvalue()) == "# notes.txt\n\nwords"
    assert text_of("a.txt.gz", gzip.compress(b"words")) == "# a.txt\n\nwords"


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "Nesting", partial(Nesting, unpacked_bytes=5 << 20))
    bomb = b"0" * (6 << 20)
    assert refusal("a.zip", zipped({"a.txt": bomb})) == (
        "unpacks to more than 256 MB",
        "unpack it and ingest the folder",
    )
    assert refusal("a.txt.gz", gzip.compress(bomb))[0] == "unpacks to more than 256 MB"
    assert refusal("a.txt.gz.gz", gzip.compress(gzip.compress(bomb)))[0] == "unpacks to more than 256 MB"


def test_an_archive_with_too_much_in_an_archive_within_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "Nesting", partial(Nesting, characters=100))
    within = zipped({f"{name}.txt": b"words " * 10 for name in "ab"})
    assert refusal("a.zip", zipped({"first.txt": b"read", "b.zip": within}))[0].endswith("characters of text")


def test_archives_in_archives_end_at_a_depth() -> None:
    data = zipped({"a.txt": b"words"})
    for _ in range(5):
        data = zipped({"inner.zip": data})
    assert refusal("a.zip", b"no archive\xff\0")[0] == "a damaged archive, or none"
    assert refusal("a.zip", data)[0] == "an archive with no file in it that can be read"


PDF = b"%PDF-1.7 but no more"


@pytest.mark.shows("zip tar gz bz2 xz", "the documents in it, in archives within it too", "read", "a section for each")
@pytest.mark.shows("zip tar", "documents in it that are damaged or locked", "left out", "the report names them")
@pytest.mark.shows("zip tar", "pictures and programs, hidden files, what a Mac adds (`__MACOSX`)", "left out")
def test_the_report_names_what_in_an_archive_was_not_read() -> None:
    files = {f"{number}.pdf": PDF for number in range(4)} | {"a.txt": b"words", "empty.txt": b"", ".x/b.txt": b"no"}
    inner = zipped({"c.pdf": PDF, "d.md": b"D"})
    document = parse("a.zip", zipped(files | {"__MACOSX/._a.txt": NOISE, "x.bin": NOISE, "in.zip": inner}))
    assert [page.text for page in document.pages] == ["# a.txt\n\nwords\n\n# in.zip\n\n## d.md\n\nD"]
    why = "(the PDF is damaged)"
    assert document.left_out == (
        f"of the files in it were not read: c.pdf {why}; "
        f"of the files in it were not read: 0.pdf {why}, 1.pdf {why}, 2.pdf {why}, and 1 more"
    )
    assert parse("a.zip", zipped({"a.txt": b"words", "empty.txt": b""})).left_out == ""


def test_locked_files_in_an_archive_are_named() -> None:
    data = bytearray(zipped({"a.txt": b"words", "b.txt": b"more"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert parse("a.zip", bytes(data)).left_out.startswith(
        "of the files in it were not read: b.txt (locked by a password"
    )


def test_of_a_damaged_archive_the_first_files_are_read_and_the_report_says_so() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name in ("a.txt", "b.txt"):
            member = tarfile.TarInfo(name)
            member.size = 2000
            archive.addfile(member, io.BytesIO(b"word " * 400))
    assert parse("a.tar", target.getvalue()[:3500]).left_out == "damaged: what comes after a.txt in it was not read"


@pytest.mark.parametrize(
    ("raw", "flag", "extra", "name"),
    [
        ("Übersicht.txt".encode("cp850"), 0, b"", "Übersicht.txt"),
        ("Übersicht.txt".encode(), 0, b"", "Übersicht.txt"),
        ("øre_år.txt".encode("cp850"), 0, b"", "øre_år.txt"),
        ("Общие сведения.txt".encode("cp866"), 0, b"", "Общие сведения.txt"),
        ("日本語のファイル名です.txt".encode("cp932"), 0, b"", "日本語のファイル名です.txt"),
        (b"x.txt\xff", 0, b"up\x0b\0\x01abcd\xc3\x85.txt", "Å.txt"),
        ("Å.txt".encode(), 0x800, b"", "Å.txt"),
    ],
)
def test_names_in_archives_are_decoded(raw: bytes, flag: int, extra: bytes, name: str) -> None:
    stand_in = "x" * len(raw)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        member = zipfile.ZipInfo(stand_in)
        member.extra = extra
        archive.writestr(member, b"words")
    data = bytearray(target.getvalue().replace(stand_in.encode(), raw))
    data[data.rindex(b"PK\x01\x02") + 9] |= flag >> 8
    data[7] |= flag >> 8
    assert text_of("a.zip", bytes(data)) == f"# {name}\n\nwords"
