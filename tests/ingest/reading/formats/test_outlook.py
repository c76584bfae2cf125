"""Messages of Outlook: who wrote when to whom, what any of their bodies says, and what is attached."""

from contextlib import suppress
from datetime import UTC, datetime

import compressed_rtf
import pytest

from tests.ingest.compound_files import Tree, compound_file, item
from tests.ingest.documents import NOISE, parse, refusal, text_of, word
from vectorstore.errors import UnreadableFileError

SENT = int((datetime(2026, 3, 3, 8, 15, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
EXCHANGE = "/O=EXAMPLE/CN=RECIPIENTS/CN=ZOE"


def person(name: str, address: str, role: int) -> Tree:
    return item(8, {0x3001: name, 0x39FE: address}, {0x0C15: role})


def message(texts: dict[int, str | bytes], inner: dict[str, Tree] | None = None, head: int = 32) -> Tree:
    return item(head, {0x0037: "Fence", 0x0C1A: "Zoë", 0x0C1F: EXCHANGE, **texts}, {0x0039: SENT}, inner)


def text(tree: Tree) -> str:
    return text_of("a.msg", compound_file(tree))


HEADERS = "Subject: Fence\nFrom: Zoë\nDate: 2026-03-03 08:15 UTC\n\n"


@pytest.mark.shows("msg", "subject, sender, recipients, time sent", "read", "times as `2026-03-03 08:15 UTC`")
def test_the_head_of_a_message_is_read() -> None:
    people = {
        "__recip_version1.0_#00000000": person("Liv", "liv@example.org", 1),
        "__recip_version1.0_#00000001": person("'ops@example.org'", "ops@example.org", 1),
        "__recip_version1.0_#00000003": person("Åse", "", 2),
        "__recip_version1.0_#00000004": person("", "x@example.org", 3),
    }
    document = parse("a.msg", compound_file(message({0x5D01: "zoe@example.org", 0x1000: "140 m.\r\nOak."}, people)))
    assert document.title == "Fence"
    assert document.pages[0].text == (
        "Subject: Fence\nFrom: Zoë <zoe@example.org>\nTo: Liv <liv@example.org>, ops@example.org\nCc: Åse\n"
        "Bcc: x@example.org\nDate: 2026-03-03 08:15 UTC\n\n140 m.\nOak."
    )
    assert "\nTo: Somebody\n" in text(message({0x0E04: "Somebody"}))


RTF = rb"{\rtf1\ansi\ansicpg1252 The gate code is 7781, V\'e5rd\par}"


@pytest.mark.shows("msg", "plain, HTML and RTF versions of the text", "read", "once: RTF where it is alone")
@pytest.mark.parametrize(
    ("bodies", "read"),
    [
        ({0x1000: "The fence.", 0x1013: b"<p>The <b>fence</b>.</p>"}, "The fence."),
        (
            {0x1000: "View it.", 0x1013: "<p>Gate code 7781, Vård.</p>".encode("cp1252")},
            "Gate code 7781, Vård.\n\nView it.",
        ),
        ({0x1013: "<p>Zażółć</p>"}, "Zażółć"),
        ({0x1009: compressed_rtf.compress(RTF)}, "The gate code is 7781, Vård"),
        ({0x1009: compressed_rtf.compress(RTF, compressed=False)}, "The gate code is 7781, Vård"),
        ({0x1009: b"\xff" * 40, 0x1000: ""}, ""),
    ],
)
def test_the_body_is_read_from_any_of_its_versions(bodies: dict[int, str | bytes], read: str) -> None:
    assert text(message(bodies)) == (HEADERS + read).strip()


@pytest.mark.shows("msg", "attachments, and messages within the message, with theirs", "read", "a section for each")
@pytest.mark.shows("msg", "pictures within the HTML version of a text", "left out")
def test_attachments_and_messages_within_are_read() -> None:
    note = {"__attach_version1.0_#00000000": item(8, {0x3704: "OAK~1.TXT", 0x3701: b"Posts are oak."}, {})}
    forwarded = message({0x0037: "Old offer", 0x1000: "3300 crowns."}, dict(note), head=24)
    attached = {
        "__attach_version1.0_#00000000": item(8, {0x3707: "plan.docx", 0x3701: word()}, {}),
        "__attach_version1.0_#00000001": item(8, {0x3001: "offer"}, {}, {"__substg1.0_3701000D": forwarded}),
        "__attach_version1.0_#00000002": item(8, {0x3707: "logo.png", 0x3712: "l@1", 0x3701: NOISE}, {}),
        "__attach_version1.0_#00000005": item(8, {0x3707: "a.bin", 0x3701: NOISE}, {}),
    }
    read = text(message({0x1000: "See.", 0x1013: b"<p>See.<img src='cid:l@1'>"}, attached))
    assert read.startswith(HEADERS + "See.\n\n# Attachment: plan.docx\n\n## The *lunar* module")
    assert read.endswith(
        "\n\n# Attachment: Old offer\n\nSubject: Old offer\nFrom: Zoë\nDate: 2026-03-03 08:15 UTC\n\n3300 crowns.\n\n"
        "## Attachment: OAK~1.TXT\n\nPosts are oak.\n\n"
        "Attachment a.bin was not read: not text: a kind of file that is not read"
    )


def test_messages_in_messages_end_at_a_depth() -> None:
    tree = message({0x1000: "deepest"}, head=24)
    for _ in range(5):
        attached = {"__attach_version1.0_#00000000": item(8, {}, {}, {"__substg1.0_3701000D": tree})}
        tree = message({}, attached, head=24)
    read = text(message({}, dict(attached)))
    assert read.endswith("Attachment without a name was not read: nested more than 3 deep")


@pytest.mark.shows("msg", "place, start and end of appointments; numbers and addresses of contacts", "read")
def test_appointments_and_contacts_are_read() -> None:
    names = b"".join(id_.to_bytes(4, "little") + (2).to_bytes(2, "little") + place.to_bytes(2, "little")
                     for place, id_ in enumerate((0x8208, 0x820D)))  # fmt: skip
    tree = item(32, {0x0037: "Hike", 0x8000: "Skjeggedal", 0x3A1C: "+47 900", 0x3A16: "Troll AS"}, {0x8001: SENT},
                {"__nameid_version1.0": {"__substg1.0_00030102": names}})  # fmt: skip
    assert text(tree) == (
        "Subject: Hike\nCompany: Troll AS\nMobile: +47 900\nLocation: Skjeggedal\nStart: 2026-03-03 08:15 UTC"
    )


def test_what_is_no_message_is_refused() -> None:
    assert refusal("a.msg", compound_file({"x": b"y"}))[0] == "not an Outlook message"
    whole = compound_file(message({0x1000: "x" * 9000}))
    for size in range(600, len(whole), 997):
        with suppress(UnreadableFileError):
            parse("a.msg", whole[:size])
