"""Maps the signs of the fonts Symbol and Wingdings, which programs keep as private characters, to Unicode."""

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
