"""Decodes text files of any encoding, and distinguishes text from binary data."""

import codecs
import re

from charset_normalizer import from_bytes

from vectorstore.errors import UnreadableFileError

# UTF-32 before UTF-16: the UTF-32-LE mark begins with the UTF-16-LE one.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Where the plain letters of UTF-16 and UTF-32 have their NULs, of every four bytes.
_NULS = {
    "utf-32-le": (False, None, True, True),
    "utf-32-be": (True, True, None, False),
    "utf-16-le": (False, True, False, True),
    "utf-16-be": (True, False, True, False),
}
# The detector knows some ninety encodings and, on a short text, prefers rare ones that happen to fit (hp_roman8 for
# Portuguese): it may choose only among those that files are really written in.
_DETECTED_ENCODINGS = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2", "koi8_r", "cp866"),
    *("cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949", "mac_roman", "utf_16_le", "utf_16_be"),
)
_DETECTOR_SAMPLE = 64_000
_SHORTEST_UNMARKED_UTF16 = 64
_DECLARED_ENCODING = re.compile(
    rb"""(?:<meta\b[^>]{0,200}?\bcharset|<\?xml\b[^>]{0,100}?\bencoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 4_096
# Python knows more, some of them no encodings of text.
_USUAL_NAMES = re.compile(r"(?:x-)?(?:utf|iso|windows|cp|koi|mac|euc|gb|ks|big5|shift|s?jis|latin|us-|ascii|tis|korea)")
# What browsers understand by these names: the wider encoding that programs really write.
_MEANT_ENCODINGS: dict[str, str] = {
    "big5": "big5hkscs",
    "iso-8859-9": "cp1254",
    "macintosh": "mac_roman",
    "tis-620": "cp874",
    "windows-874": "cp874",
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "korean"), "cp949"),
}
# A run of NULs counts once, at the end not at all: a file that was not written to its end has a block of them.
_CONTROLS = re.compile("\0+|[\x01-\x07\x0e-\x1a\x1c-\x1f]")
_MAX_CONTROL_SHARE = 0.02
# How Python decodes bytes that are not UTF-8, so that they can be encoded again.
_OTHER_BYTE = re.compile("[\udc80-\udcff]")
_UTF8_LETTER = re.compile("[^\0-\x7f\udc80-\udcff]")
_CUT_END = re.compile("[\udcc2-\udcf4][\udc80-\udcbf]{0,2}\\Z")


def decode_text(data: bytes) -> str:
    """The text in `data`, without a byte order mark; raises UnreadableFileError where the bytes are no text."""
    decoders = (_decode_marked, _decode_utf8, _decode_wide, _decode_mixed, _decode_detected)
    text = next((text for decode in decoders if (text := decode(data)) is not None), None)
    if text is None or not _is_text(text):
        raise UnreadableFileError("not text: the bytes are in no encoding of text", "save the file as UTF-8 text")
    return text.replace("\0", "")


def _is_text(text: str) -> bool:
    words = text.rstrip("\0")
    return len(_CONTROLS.findall(words)) <= _MAX_CONTROL_SHARE * len(words.replace("\0", "")) and bool(
        words or not text
    )


def decode_declared(data: bytes) -> str:
    """The text of a web page or of XML, which may name its encoding."""
    declared = _DECLARED_ENCODING.search(data[:_DECLARED_WITHIN])
    name = declared[1].decode("ascii").lower() if declared else ""
    is_escaped = name.startswith("iso-2022") and b"\x1b" in data
    if _USUAL_NAMES.match(name) and not _is_marked_or_unicode(data, is_escaped=is_escaped):
        try:
            text = data.decode(_MEANT_ENCODINGS.get(name, name), "replace")
        except LookupError:
            return decode_text(data)
        if _is_text(text) and text.count("\ufffd") * 10 <= sum(character > "\x7f" for character in text):
            return text
    return decode_text(data)


def _is_marked_or_unicode(data: bytes, *, is_escaped: bool) -> bool:
    """Whether the bytes themselves say what they are, whatever the page says."""
    if any(data.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS) or b"\0" in data:
        return True
    return not is_escaped and _decode_utf8(data) is not None


def decode_lines(data: bytes) -> str:
    """The text in `data`, its line ends made `\\n`."""
    return decode_text(data).replace("\r\n", "\n").replace("\r", "\n")


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file look like text; a character cut in two at their end does not count."""
    for cut in range(4):
        try:
            decode_declared(head[: len(head) - cut])
        except UnreadableFileError:
            continue
        return True
    return not head


def _decode_marked(data: bytes) -> str | None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], encoding)
    return None


def _decode_utf8(data: bytes) -> str | None:
    # Bytes of NUL are valid UTF-8, and what UTF-16 and UTF-32 write for every plain letter.
    return None if b"\0" in data else _decode(data, "utf-8")


def _decode_wide(data: bytes) -> str | None:
    """UTF-16 and UTF-32 without a mark, by the places of their NULs."""
    nuls = [data[place::4].count(0) * 4 / (len(data) or 1) for place in range(4)]
    for encoding, expected in _NULS.items():
        if all(want is None or (share > 0.3) == want for want, share in zip(expected, nuls, strict=True)):
            return _decode(data, encoding)
    return None


def _decode_mixed(data: bytes) -> str | None:
    """UTF-8 with NULs, or with bytes of Windows-1252 that another program added, or cut within its last character."""
    text = data.decode("utf-8", "surrogateescape")
    if not _OTHER_BYTE.search(whole := _CUT_END.sub("", text)):
        return whole if _is_text(whole) else None
    others, letters = len(_OTHER_BYTE.findall(text)), len(_UTF8_LETTER.findall(text))
    if others > letters or (others * 10 > letters and not _has_utf8_lines(text)) or not _is_text(text):
        return None
    return _OTHER_BYTE.sub(lambda byte: byte[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), text)


def _has_utf8_lines(text: str) -> bool:
    """Whether most lines with letters beyond ASCII are UTF-8: of an East Asian encoding, some pairs of bytes are."""
    lines = [line for line in text.split("\n") if not line.isascii()]
    return sum(1 for line in lines if not _OTHER_BYTE.search(line)) * 2 >= len(lines)


def _decode_detected(data: bytes) -> str | None:
    allowed = [e for e in _DETECTED_ENCODINGS if len(data) >= _SHORTEST_UNMARKED_UTF16 or not e.startswith("utf")]
    sample = data if len(data) <= _DETECTOR_SAMPLE else data[:_DETECTOR_SAMPLE].rpartition(b"\n")[0]
    matches = from_bytes(sample or data, cp_isolation=allowed)
    best = matches.best()
    if best is None:
        return None
    # Among encodings that fit equally well the most common one is the likeliest; the detector takes the first by name.
    western = any(match.encoding == "cp1252" and match.chaos <= best.chaos for match in matches)
    encoding = "cp1252" if western else best.encoding
    return _decode(data, encoding) or data.decode(encoding, "replace")


def _decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
