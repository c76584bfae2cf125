"""E-mails and mailboxes: what every part says is read once, whatever its encoding."""

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.documents import NOISE, parse, refusal, text_of, word
from tests.ingest.mails import HEADERS, SHOWN, body_of, mail_of
from vectorstore.errors import UnreadableFileError


@pytest.mark.shows(
    "eml mbox msg", "subject, sender, recipients (To, Cc, Bcc), date", "read", "the date as the mail has it"
)
@pytest.mark.shows("eml mbox", "other headers, such as Reply-To and Message-ID", "left out")
def test_the_headers_that_a_mail_shows_are_read() -> None:
    more = b"To: b@example.org\nBcc: c@example.org\nReply-To: d@example.org\nMessage-ID: <1@example.org>\n\nText.\n"
    assert text_of("a.eml", HEADERS + more) == (
        "Subject: Fence\nFrom: a@example.org\nTo: b@example.org\nBcc: c@example.org\n"
        "Date: Tue, 03 Mar 2026 09:15:00 +0100\n\nText."
    )


ALTERNATIVE = """
    MIME-Version: 1.0
    Content-Type: multipart/alternative; boundary=A

    --A
    Content-Type: text/plain

    See the plan.
    --A
    Content-Type: multipart/mixed; boundary=M

    --M
    Content-Type: text/html

    <p>See the plan.</p><img src="cid:x">
    --M
    Content-Type: text/csv; name*0*=utf-8''pl%C3%A5n; name*1=.csv

    a,b
    1,2
    --M
    Content-Type: image/png
    Content-ID: <x>
    Content-Transfer-Encoding: base64

    iVBORw0KGgo=
    --M
    Content-Type: text/html

    <p>plan</p>
    --M--
    --A
    Content-Type: text/calendar; method=REQUEST

    SUMMARY:Hike
    DTSTART:20260704T060000Z
    --A
    Content-Type: text/x-amp-html

    <html amp4email>x</html>
    --A--
"""


@pytest.mark.shows("eml mbox", "attachments, calendar invitations and forwarded messages", "read", "a section for each")
@pytest.mark.shows("eml mbox", "pictures within the HTML version of a text", "left out")
def test_attachments_and_invitations_within_a_choice_of_versions_are_read() -> None:
    assert body_of(ALTERNATIVE) == (
        "See the plan.\n\n# Attachment: plån.csv\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n"
        "# Attachment: part.ics\n\nSUMMARY:Hike\nDTSTART:2026-07-04 06:00 UTC"
    )


@pytest.mark.shows("eml mbox", "signatures (PGP, S/MIME)", "left out", "what they sign is read")
@pytest.mark.shows(
    "eml mbox", "encrypted mail, and attachments in `winmail.dat`", "left out", "with a line that says so"
)
def test_signed_mail_is_read_and_encrypted_mail_is_named() -> None:
    signed = """
        MIME-Version: 1.0
        Content-Type: multipart/signed; boundary=S; protocol="application/pgp-signature"

        --S
        Content-Type: text/plain

        The fence is oak.
        --S
        Content-Type: application/pgp-signature; name=signature.asc

        -----BEGIN PGP SIGNATURE-----
        --S--
        """
    assert body_of(signed) == "The fence is oak."
    message = mail_of("One.", "<p>One.</p>")
    message.add_attachment(NOISE, maintype="application", subtype="pkcs7-mime", filename="smime.p7m")
    message.add_attachment(
        b"\x78\x9f\x3e\x22" + NOISE, maintype="application", subtype="ms-tnef", filename="winmail.dat"
    )
    text = text_of("a.eml", message.as_bytes())
    assert "Attachment smime.p7m was not read: " in text
    assert "Attachment winmail.dat was not read: " in text


def test_texts_between_attachments_and_messages_in_messages_are_read_in_order() -> None:
    mixed = """
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=M

        --M

        First.
        --M
        Content-Type: message/rfc822

        Subject: Old offer
        From: old@example.org

        It was 3300 crowns.
        --M
        Content-Type: text/html
        Content-Disposition: inline

        <p>Second.</p>
        --M
        Content-Type: text/plain
        Content-Disposition: attachment

        Third.
        --M
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.org

        Final-Recipient: rfc822; b@example.org
        Action: failed
        --M--
        """
    assert body_of(mixed) == (
        "First.\n\n# Attachment: Old offer\n\nSubject: Old offer\nFrom: old@example.org\n\nIt was 3300 crowns.\n\n"
        "Second.\n\n# Attachment: part.txt\n\nThird.\n\n# Attachment: status.txt\n\n"
        "Reporting-MTA: dns; mx.example.org\n\n\n\nFinal-Recipient: rfc822; b@example.org\nAction: failed"
    )


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("Vardø og Åse".encode(), "Vardø og Åse"),
        ("Kühlung läuft für das Gerät über Nacht".encode("cp1252"), "Kühlung läuft für das Gerät über Nacht"),
        (b"=?utf-8?b?Vmlr?=\n =?utf-8?q?=C3=B8?= now", "Vikø now"),
        (b"=?utf-8?q?Vard=C3?=\n =?utf-8?q?=B8?=", "Vardø"),
        (b"=?utf-8?Q?a b=C3=B8?=", "a bø"),
        (b"=?gb2312?B?6UbWzg==?=", "镕治"),
    ],
)
def test_subjects_are_decoded(header: bytes, read: str) -> None:
    assert parse("a.eml", b"Subject: " + header + b"\n\nText.").title == read


def test_names_of_attachments_are_decoded() -> None:
    for written, name in {
        'filename="=?utf-8?B?w4VzZS50eHQ=?="': "Åse.txt",
        "filename*=utf-8''%C3%85se.txt": "Åse.txt",
        "filename*0*=iso-8859-1''%C5s; filename*1=e.txt": "Åse.txt",
        'filename="../../a\\"b.txt"': '../../a"b.txt',
    }.items():
        head = f"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Disposition: attachment; {written}\n\nText."
        assert body_of(head) == f"# Attachment: {name}\n\nText."


@pytest.mark.shows("eml mbox", "lines that a mail program broke (`format=flowed`)", "read", "as one line")
@pytest.mark.shows("eml mbox", "quoted replies and signatures", "read", "as they stand in the mail")
def test_broken_lines_are_joined() -> None:
    flowed = "Content-Type: text/plain; format=flowed\n\nThe fence \nis \n140 m.\n>  far \n> off\n  >x\n-- \nZoe\n"
    assert body_of(flowed) == "The fence is 140 m.\n>  far \n> off\n >x\n\n-- \nZoe"
    assert body_of("Content-Type: text/plain; format=flowed; delsp=yes\n\nfen \nce\n") == "fence"


MAILBOX = b"From a@example.org Tue Mar  3 10:00:00 2026\n"


@pytest.mark.shows(
    "mbox", "lines that begin with `>From `", "read", "as `From `, without the mark that the mailbox added"
)
def test_a_mailbox_is_cut_where_messages_begin() -> None:
    body = b"\nHi.\n\n>From here.\n>>From there.\n\nFrom now on, at 9:30\nit rains.\n\nFrom me:\nx\n\n"
    text = text_of("a.mbox", MAILBOX + HEADERS + body + MAILBOX.replace(b"\n", b"\r\n") + HEADERS + body)
    section = "Hi.\n\nFrom here.\n>From there.\n\nFrom now on, at 9:30\nit rains.\n\nFrom me:\nx"
    assert text == "\n\n".join([f"# Fence\n\n{SHOWN}{section}"] * 2)
    assert refusal("a.mbox", "no mailbox")[0] == "no message in it"


@pytest.mark.shows(
    "eml", "mail of Apple Mail, and web pages saved as one file (`.mht`)", "read", "the page without its styles"
)
def test_a_web_page_in_a_mail_is_read_without_its_styles() -> None:
    page = """
        MIME-Version: 1.0
        Content-Type: multipart/related; boundary=B

        --B
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: base64
        Content-Location: http://a.example/

        PHA+VmFyZMO4PC9wPg==
        --B
        Content-Type: text/css
        Content-Location: http://a.example/a.css

        p { color: red }
        --B--
        """
    assert body_of(page, "a.mht") == "Vardø"
    assert body_of(f"\n{'x ' * 9}", "a.emlx") == ("x " * 9).strip()


@pytest.mark.slow
def test_a_mailbox_of_two_thousand_messages_is_read_in_seconds() -> None:
    data = (
        MAILBOX + HEADERS + mail_of("One two.", "<p>One two.</p>").as_bytes().removeprefix(HEADERS) + b"\n\n"
    ) * 2000
    start = time.monotonic()
    assert text_of("a.mbox", data).count("One two.") == 2000
    assert time.monotonic() - start < 60


@given(st.binary(), st.sampled_from([b"", b"Content-Type: multipart/alternative; boundary=a\n\n--a\n", MAILBOX]))
def test_any_bytes_are_a_mail_or_refused(data: bytes, start: bytes) -> None:
    for name in ("a.eml", "a.mbox"):
        try:
            document = parse(name, start + data)
        except UnreadableFileError:
            continue
        assert document.pages


def short_mail(subject: str = "Landed") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "eagle@example.org", "base@example.org", subject
    message.set_content("All is *well*.")
    return message


def test_a_mail_holds_its_headers_its_body_and_the_text_of_its_attachments() -> None:
    message = short_mail()
    message.add_attachment(word(), maintype="application", subtype="octet-stream", filename="report.docx")
    message.add_attachment(NOISE, maintype="application", subtype="octet-stream", filename="a.bin")
    document = parse("a.eml", message.as_bytes())
    (page,) = document.pages
    assert (document.title, document.kind, page.number) == ("Landed", "eml", None)
    assert page.text.startswith("Subject: Landed\nFrom: eagle@example.org\nTo: base@example.org\n\nAll is *well*.")
    assert "# Attachment: report.docx\n\n## The *lunar* module" in page.text
    assert "Attachment a.bin was not read: " in page.text


def test_each_message_of_a_mailbox_is_a_section() -> None:
    messages = b"".join(b"From a@b Mon\n" + short_mail(name).as_bytes() + b"\n\n" for name in ("One", "Two"))
    text = text_of("a.mbox", messages)
    assert text.count("All is *well*.") == 2
    assert "# One\n\nSubject: One" in text
    assert "# Two\n\nSubject: Two" in text


def test_a_mailbox_may_have_many_thousand_messages() -> None:
    count = 6_000
    data = b"".join(
        b"From a@b.c Mon Jan  1 10:00:00 2026\nSubject: No. %d\n\nWords %d.\n\n" % (n, n) for n in range(count)
    )
    (page,) = parse("archive.mbox", data).pages
    assert page.text.count("Subject: No. ") == count
