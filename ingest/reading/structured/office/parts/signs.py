"""Writes in words what is no text: pictures, notes, and the signs of fonts whose characters are private ones."""

import re

_FILE_NAME = re.compile(r"\S*\.(png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)", re.IGNORECASE)
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
