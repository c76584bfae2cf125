"""Writes in words what is no text: numbers of lists, pictures, notes, and signs that only a font shows."""

import re

# Marks of lists that are set tight, unlike the numbers of clauses.
SHORT_NUMBER = re.compile(r"\w{1,5}[.)]|\(\w{1,5}\)|-")
_FILE_NAME = re.compile(r"\S*\.(png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)", re.IGNORECASE)
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


def picture_text(alternative: str) -> str:
    """What stands for a picture: its alternative text, which is no file's name."""
    words = " ".join(alternative.split())
    return f"[picture: {words}]" if words and not _FILE_NAME.fullmatch(words) else ""


def labelled(label: str, text: str) -> str:
    """A note with what it is, unless it says so itself."""
    return text if not text or text.startswith(f"{label}:") else f"{label}: {text}"


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
