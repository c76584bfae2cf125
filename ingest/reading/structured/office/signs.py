"""Writes the numbers of lists, signs that only a font shows, and bytes of the code pages of Windows as Unicode."""

import re

# Marks of lists that are set tight, unlike the numbers of clauses.
SHORT_NUMBER = re.compile(r"\w{1,5}[.)]|\(\w{1,5}\)|-")
_ROMAN = {1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl"}
_ROMAN |= {10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i"}
_SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
    + "\0" * 33
    + "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\0⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭\0"
)
_TABLES = {
    "symbol": {0xF020 + place: sign for place, sign in enumerate(_SYMBOL) if sign != "\0"},
    "wingdings": dict(
        zip(map(ord, "\uf06e\uf06f\uf0a7\uf0a8\uf0fb\uf0fc\uf0fd\uf0fe\uf0df\uf0e0"), "■□▪☐✗✓☒☑←→", strict=True)
    ),
}


def to_unicode(text: str, font: str) -> str:
    """The text of a run in a font; what is unknown stays."""
    table = _TABLES.get(font.lower())
    return text.translate(table) if table else text


def as_number(number: int, shape: str) -> str:
    """A number of a list; what is not known is written in digits."""
    if shape in ("none", ""):
        return ""
    if shape in ("lowerRoman", "upperRoman", "i", "I") and 0 < number < 5000:
        text = ""
        for value, sign in _ROMAN.items():
            text += sign * (number // value)
            number %= value
        return text if shape in ("lowerRoman", "i") else text.upper()
    if shape in ("lowerLetter", "upperLetter", "a", "A") and 0 < number < 1000:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if shape in ("lowerLetter", "a") else letter.upper()
    return f"{number:02}" if shape == "decimalZero" else str(number)


_PAGES = {77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256}
_PAGES |= {186: 1257, 204: 1251, 222: 874, 238: 1250}


def page_of_charset(charset: int) -> int | None:
    """The code page of a font's character set; None for that of the document."""
    return _PAGES.get(charset)


def decode(data: bytes, page: int) -> str:
    """As Windows-1252 where the page is unknown."""
    try:
        return data.decode("mac_roman" if page == 10000 else f"cp{page}", "replace")
    except LookupError:
        return data.decode("cp1252", "replace")
