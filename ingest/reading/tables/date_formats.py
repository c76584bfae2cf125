"""Shows dates and times of spreadsheets, which are numbers of days."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

LATEST_DAY = 2_958_466  # the day after 9999-12-31
_MONTHS = {
    0x09: "January February March April May June July August September October November December",
    0x07: "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    0x0A: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    0x0C: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    0x10: "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    0x13: "januari februari maart april mei juni juli augustus september oktober november december",
    0x16: "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_ENGLISH = 0x09

Token = tuple[str, str]


def show_date(days: float, tokens: Sequence[Token], language: int) -> str:
    """The text of the cell; but where year, month and day are all digits, `2026-01-05`.

    05/01/2026 is another day in another country. The same where the months are spelt in a language that is not known.
    """
    tokens = _mark_minutes(tokens)
    places = [place for place, (kind, text) in enumerate(tokens) if kind == "date" and text[0] in "ymdeg"]
    if places:
        inner = tokens[places[0] : places[-1] + 1]
        if _is_numeric(inner) or _is_unknown(inner, language & 0xFF or _ENGLISH):
            iso = [("date", "yyyy"), ("word", "-"), ("date", "mm"), ("word", "-"), ("date", "dd")]
            tokens = [*tokens[: places[0]], *iso, *tokens[places[-1] + 1 :]]
    # Without seconds nothing is rounded up: 23:59:59.99 is 23:59.
    decimals = max(
        (len(text.partition(".")[2]) for kind, text in tokens if kind in ("date", "elapsed") and text[0] == "s"),
        default=3,
    )
    seconds = round(days * 86_400, min(decimals, 3))
    return "".join(_write(seconds, tokens, language & 0xFF or _ENGLISH)).strip()


def _mark_minutes(tokens: Sequence[Token]) -> list[Token]:
    """Lower letters, with `n` for minutes: an `m` after hours or before seconds."""
    marked = [(kind, text.lower() if kind in ("date", "elapsed") else text) for kind, text in tokens]
    timed = [place for place, (kind, _) in enumerate(marked) if kind in ("date", "elapsed")]
    for number, place in enumerate(timed):
        kind, text = marked[place]
        before = marked[timed[number - 1]][1] if number else ""
        after = marked[timed[number + 1]][1] if number + 1 < len(timed) else ""
        if kind == "date" and text in ("m", "mm") and (before.startswith("h") or after.startswith("s")):
            marked[place] = (kind, "n" * len(text))
    return marked


def _is_numeric(tokens: Sequence[Token]) -> bool:
    parts = [text for kind, text in tokens if kind == "date"]
    marks = "".join(text for kind, text in tokens if kind == "word")
    return sorted(part[0] for part in parts) == ["d", "m", "y"] and (
        all(len(part) <= 2 or part[0] == "y" for part in parts) and not marks.strip("-./ ")
    )


def _is_unknown(tokens: Sequence[Token], language: int) -> bool:
    spelt = [text for kind, text in tokens if kind == "date" and len(text) > 2 and text[0] in "md"]
    is_known = language == _ENGLISH or (language in _MONTHS and all(text == "mmmm" for text in spelt))
    return any(kind == "date" and text[0] in "eg" for kind, text in tokens) or (bool(spelt) and not is_known)


def _write(seconds: float, tokens: Sequence[Token], language: int) -> Iterator[str]:
    whole = int(seconds)
    # The calendar of spreadsheets has a 29th of February 1900.
    moment = datetime(1899, 12, 30 if whole >= 60 * 86_400 else 31) + timedelta(seconds=whole)  # noqa: DTZ001
    has_half = any(kind == "half" for kind, _ in tokens)
    for kind, text in tokens:
        if kind == "elapsed":
            yield str(whole // {"h": 3600, "m": 60, "s": 1}[text[0]]).zfill(len(text))
        elif kind == "half":
            yield "AM" if moment.hour < 12 else "PM"
        elif kind == "date":
            yield _part(text, moment, seconds - whole, language, hours=12 if has_half else 24)
        else:
            yield text


def _part(text: str, moment: datetime, rest: float, language: int, *, hours: int) -> str:
    width = min(len(text), 2)
    if text[0] == "y":
        return f"{moment.year}" if len(text) > 2 else f"{moment.year % 100:02}"
    if text[0] == "m" and len(text) > 2:
        month = _MONTHS[language].split()[moment.month - 1]
        return month if len(text) == 4 else month[: 1 if len(text) == 5 else 3]
    if text[0] == "d" and len(text) > 2:
        return _DAYS[moment.weekday()][: None if len(text) > 3 else 3]
    if text[0] == "s":
        shown, _, decimals = text.partition(".")
        fraction = f"{rest:.{len(decimals)}f}"[1:] if decimals else ""
        return f"{moment.second:0{len(shown)}}{fraction}"
    hour = moment.hour % 12 or 12 if hours == 12 else moment.hour
    return f"{ {'m': moment.month, 'd': moment.day, 'h': hour, 'n': moment.minute}[text[0]]:0{width}}"
