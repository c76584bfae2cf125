"""Decodes the code pages of Windows, which documents of the older Office name by number."""

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
