"""Makes e-mails, and gives what is read of them."""

import textwrap
from email.message import EmailMessage

from tests.ingest.documents import text_of

HEADERS = b"From: a@example.org\nSubject: Fence\nDate: Tue, 03 Mar 2026 09:15:00 +0100\n"
SHOWN = "Subject: Fence\nFrom: a@example.org\nDate: Tue, 03 Mar 2026 09:15:00 +0100\n\n"


def body_of(source: str | bytes, name: str = "a.eml") -> str:
    """What is read of a mail but for its headers."""
    data = source if isinstance(source, bytes) else textwrap.dedent(source).lstrip().encode()
    text = text_of(name, HEADERS + data)
    assert text.startswith(SHOWN)
    return text.removeprefix(SHOWN)


def mail_of(plain: str, html: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "Fence"
    message["Date"] = "Tue, 03 Mar 2026 09:15:00 +0100"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    return message
