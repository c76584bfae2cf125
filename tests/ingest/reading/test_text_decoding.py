"""Bytes of any encoding become text, those of several too, and bytes of none are refused."""

import pytest

from ingest.reading.text_decoding import decode_text
from tests.ingest.documents import NOISE, text_of
from vectorstore.errors import UnreadableFileError

POLISH = "Zażółć gęślą jaźń.\n"


@pytest.mark.shows("text code markdown csv tsv", "UTF-8 with words in Windows-1252, or cut at its end", "read")
def test_words_in_another_encoding_leave_the_rest_as_it_is() -> None:
    mixed = (POLISH * 3).encode() + "Der Kühler läuft — 5 °C.\n".encode("cp1252") + b"plain\n"
    assert decode_text(mixed) == POLISH * 3 + "Der Kühler läuft — 5 °C.\nplain\n"
    assert decode_text((POLISH * 9).encode() * 3 + b"caf\xe9 ol\xe9") == POLISH * 27 + "café olé"
    assert decode_text((POLISH + "Vardø").encode()[:-1]) == POLISH + "Vard"
    assert decode_text("日本".encode()[:-1]) == "日"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("日本語の文字コードのテストです。このとき、つちのにおいがした。\n今日は天気がいい。\n", "euc_jp"),
        ("联通是中国的公司。\n联通\n我们用它来检查编码。\n今天天气很好。\n", "gb18030"),
        ("안녕하세요. 반갑습니다. 오늘은 날씨가 좋습니다.\n", "cp949"),
        ("Ele não há de vir à noite: às três, é são.\n", "cp1252"),
        ("Сегодня хорошая погода.\nДети играют.\n", "utf-16-le"),
    ],
)
def test_a_text_of_one_encoding_is_not_taken_for_mixed(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding) * 3) == text * 3


@pytest.mark.shows("text code", "NUL bytes of a file that was not written to its end", "left out")
def test_nuls_are_left_out_and_do_not_make_a_text_unreadable() -> None:
    assert text_of("a.log", b"begun here" + b"\0" * 4) == "begun here"
    assert text_of("a.log", POLISH.encode() * 4 + b"\0" * 4000 + POLISH.encode()) == POLISH * 5
    with pytest.raises(UnreadableFileError):
        decode_text(NOISE)
    with pytest.raises(UnreadableFileError):
        decode_text(b"\0" * 100)
    with pytest.raises(UnreadableFileError):
        decode_text(b"\x7fELF\2\1\1\0\0\0\0\3\0\x3e\0\1\0\0\0" * 9)
