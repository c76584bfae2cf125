"""E-mails and archives become one page with a section for each readable file in them, within bounds."""

import gzip
import io
import tarfile
import zipfile
from email.message import EmailMessage
from functools import partial

import pytest

from ingest.reading import parsing
from ingest.reading.formats.nested_documents import Nesting
from tests.ingest.documents import NOISE, parse, refusal, text_of, word


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def mail(subject: str = "Landed") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "eagle@example.org", "base@example.org", subject
    message.set_content("All is *well*.")
    return message


def test_a_mail_holds_its_headers_its_body_and_the_text_of_its_attachments() -> None:
    message = mail()
    message.add_attachment(word(), maintype="application", subtype="octet-stream", filename="report.docx")
    message.add_attachment(NOISE, maintype="application", subtype="octet-stream", filename="a.bin")
    document = parse("a.eml", message.as_bytes())
    (page,) = document.pages
    assert (document.title, document.kind, page.number) == ("Landed", "eml", None)
    assert page.text.startswith("Subject: Landed\nFrom: eagle@example.org\nTo: base@example.org\n\nAll is *well*.")
    assert "# Attachment: report.docx\n\n## The *lunar* module" in page.text
    assert "Attachment a.bin was not read: " in page.text


def test_each_message_of_a_mailbox_is_a_section() -> None:
    messages = b"".join(b"From a@b Mon\n" + mail(name).as_bytes() + b"\n\n" for name in ("One", "Two"))
    text = text_of("a.mbox", messages)
    assert text.count("All is *well*.") == 2
    assert "# One\n\nSubject: One" in text
    assert "# Two\n\nSubject: Two" in text


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
    # Of an archive in an archive, nothing is left that could be read.
    assert refusal("a.txt.gz.gz", gzip.compress(gzip.compress(bomb)))[0].startswith("an archive with no file in it")


def test_archives_in_archives_end_at_a_depth() -> None:
    data = zipped({"a.txt": b"words"})
    for _ in range(5):
        data = zipped({"inner.zip": data})
    assert refusal("a.zip", data)[0] == "an archive with no file in it that can be read"
