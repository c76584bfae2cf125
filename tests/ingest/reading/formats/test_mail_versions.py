"""The texts of a mail: what its plain and its HTML version say is read once, whatever its encoding."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.reading.formats.messages import join_versions
from tests.ingest.documents import text_of
from tests.ingest.mails import HEADERS, body_of, mail_of


@pytest.mark.shows(
    "eml mbox", "a plain and an HTML version of the text", "read", "once: what only one of them says is added"
)
@pytest.mark.parametrize(
    ("plain", "html", "read"),
    [
        ("The fence is 140 m.", "<p>The <b>fence</b> is 140 m.</p>", "The fence is 140 m."),
        ("One.\n\nTwo.", "<p>One.</p><p>Gate code 7781.</p>", "One.\n\nGate code 7781.\n\nTwo."),
        ("View it in a browser: http://a.example/x", "<p>The gate code is 7781.</p><p>Oak.</p>",
         "The gate code is 7781.\n\nOak.\n\nView it in a browser: http://a.example/x"),
        ("See here <http://a.example/1?x=y> now.", "<p>See <a href='http://a.example/1'>here</a> now.</p>",
         "See here <http://a.example/1?x=y> now."),
        ("Pump\nDepth\n7\n31 m\n8\n2 m",
         "<table><tr><th>Pump<th>Depth<tr><td>7<td>31 m<tr><td>8<td>2 m</table>",
         "| Pump | Depth |\n| --- | --- |\n| 7 | 31 m |\n| 8 | 2 m |"),
        ("会議は火曜日\nです。", "<p>会議は<br>火曜日です。</p>", "会議は火曜日\nです。"),
        ("> quoted\n\nMine.\n\n-- \nZoë", "<p>Mine.</p>", "> quoted\n\nMine.\n\n-- \nZoë"),
    ],
)  # fmt: skip
def test_what_either_version_of_a_text_says_is_read_once(plain: str, html: str, read: str) -> None:
    assert body_of(mail_of(plain, html).as_bytes().removeprefix(HEADERS)) == read


def test_html_is_taken_for_what_it_strikes_out() -> None:
    assert join_versions("Price 900 850.", "Price ~~900~~ 850.") == "Price ~~900~~ 850."
    assert join_versions("Price 900 850.", "Price 900 850.") == "Price 900 850."


WORDS = st.lists(st.sampled_from(["pump", "7", "hall", "\n\n", "# ", "| a |", "```", "~~x~~"])).map(" ".join)


@given(WORDS, WORDS)
def test_no_word_of_either_version_is_lost(plain: str, html: str) -> None:
    joined = join_versions(plain, html)
    assert all(word in joined for word in (plain + " " + html).split() if word.isalnum())


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("us-ascii", "utf-8", "Vardø – Zażółć"),
        ("iso-8859-1", "cp1252", "“Vardø” – 5 €"),
        ("iso-8859-1", "utf-8", "Åse Lønn"),
        ("utf-8", "cp1252", "Die Kühlung läuft für das Gerät über Nacht"),
        ("gb2312", "gb18030", "镕基，会议在星期二。"),
        ("ks_c_5601-1987", "cp949", "똠방각하 회의는 화요일"),
        ("x-unknown", "utf-8", "Zażółć gęślą"),
        ("utf-16", "utf-16", "Zażółć gęślą"),
    ],
)
@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_a_text_is_decoded_as_it_is_written_where_its_mail_is_wrong_about_it(
    charset: str, encoding: str, text: str, subtype: str
) -> None:
    written = base64.encodebytes((f"<p>{text}</p>" if subtype == "html" else text).encode(encoding)).decode()
    head = f'Content-Type: text/{subtype}; charset="{charset}"\nContent-Transfer-Encoding: base64\n\n'
    assert body_of((head + written).encode()) == text


@pytest.mark.parametrize("subtype", ["alternative", "mixed", "alternative; boundary=b"])
def test_a_mail_whose_parts_have_no_boundary_is_the_text_that_it_is(subtype: str) -> None:
    assert text_of("a.eml", f"From: a@b\nContent-Type: multipart/{subtype}\n\nhello\n") == "From: a@b\n\nhello"
