"""Numbers, dates and times are shown as the cell of a spreadsheet shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.reading.tables.number_formats import show_general, show_number, show_text


@pytest.mark.shows(
    "xlsx",
    "percent, currencies, units, decimals, thousands, fractions of number formats",
    "read",
    "as the cell shows them: `7.25%`, `$2,500`, `1,234.50 €`, `0.4 kg`, `2 5/8`, `1.23E+03`, `00731`, `(7)`",
)
@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        (0.0725, "0.00%", "7.25%"),
        (0.125, "0.0 %", "12.5 %"),
        (5, "0\\%", "5%"),
        (33.33, '0.00" %"', "33.33 %"),
        (1234.5, "0.00", "1234.50"),
        (2500, '"$"#,##0', "$2,500"),
        (-2500, "$#,##0.00_);[Red]($#,##0.00)", "($2,500.00)"),
        (1234.5, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$1,234.50"),
        (0, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$-"),
        (1234.5, '#,##0.00 "EUR"', "1,234.50 EUR"),
        (1234.5, "#,##0.00 EUR", "1,234.50 EUR"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (-1234.5, "#,##0.00\\ [$€-407];[Red]\\-#,##0.00\\ [$€-407]", "-1,234.50 €"),
        (1234.5, '_-* #,##0.00\\ "zł"_-;\\-* #,##0.00\\ "zł"_-', "1,234.50 zł"),
        (1234, "[$CHF] #,##0", "CHF 1,234"),
        (0.4, '0.0" kg"', "0.4 kg"),
        (0.4, "0.0 kg", "0.4 kg"),
        (21.26, "0.0°", "21.3°"),
        (731, "00000", "00731"),
        (2125551234, "000-000-0000", "212-555-1234"),
        (2.625, "# ?/?", "2 5/8"),
        (0.5, "# ??/??", "1/2"),
        (2.5, "# ?/16", "2 8/16"),
        (0.9999, "# ?/?", "1"),
        (1234.5, "0.00E+00", "1.23E+03"),
        (0.00012, "0.0E-0", "1.2E-4"),
        (12345678, "##0.0E+0", "12.3E+6"),
        (1_250_000, '[>=1000000]0.0,,"M";[>=1000]0.0,"k";0', "1.3M"),
        (1_250, '[>=1000000]0.0,,"M";[>=1000]0.0,"k";0', "1.3k"),
        (-7, "#,##0;(#,##0)", "(7)"),
        (0, '0;-0;"none"', "none"),
        (0.5, "0.###", "0.5"),
        (5, "0.##", "5"),
        (0.125, "0.00", "0.13"),
        (-0.001, "0.00", "0.00"),
        (3, "+0;-0;0", "+3"),
        (2, 'General" units"', "2 units"),
        (1234.5, "@", "1234.5"),
        (12, "00#", "012"),
        (12, "0,000", "0,012"),
        (1234567, "0,000", "1,234,567"),
        (12345.678, "#'##0.00", "12'345.68"),
        (45.6, "#'##0.00", "45.60"),
        (5, ";;;", "[hidden: 5]"),
        (0, "0;;;@", ""),
        (1e300, "#,##0.00", "1" + ",000" * 100 + ".00"),
    ],
)  # fmt: skip
def test_numbers_are_shown_by_their_format(number: float, code: str, shown: str) -> None:
    assert show_number(float(number), code) == shown


@pytest.mark.shows(
    "xlsx",
    "dates and times",
    "read",
    "dates in digits as `2026-01-05`, others as the cell shows them: `5 January 2026`, `2:30 PM`, `30:15`",
)
@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("dd.mm.yyyy", "2026-01-05"),
        ("m/d/yy", "2026-01-05"),
        ("[$-409]m/d/yy h:mm AM/PM;@", "2026-01-05 2:30 PM"),
        ("dd/mm/yyyy hh:mm:ss", "2026-01-05 14:30:00"),
        ("[$-F800]dddd, mmmm dd, yyyy", "2026-01-05"),
        ("[$-F400]h:mm:ss AM/PM", "14:30:00"),
        ("d mmmm yyyy", "5 January 2026"),
        ("d-mmm-yy", "5-Jan-26"),
        ("ddd d mmm", "Mon 5 Jan"),
        ("mmm-yy", "Jan-26"),
        ("[$-407]d. mmmm yyyy", "5. Januar 2026"),
        ("[$-40C]dddd d mmmm yyyy", "2026-01-05"),
        ("[$-415]d mmmm yyyy", "2026-01-05"),
        ('yyyy"年"m"月"d"日"', "2026年1月5日"),
        ("yyyy", "2026"),
        ("hh:mm", "14:30"),
        ("mm:ss.0", "30:00.0"),
        ('h"h "mm"min"', "14h 30min"),
    ],
)  # fmt: skip
def test_dates_are_shown_by_their_format(code: str, shown: str) -> None:
    assert show_number(46027.604166666664, code) == shown
    assert show_number(46027.604166666664 - 1462, code, from_1904=True) == shown


def test_durations_and_impossible_dates() -> None:
    assert show_number(1.260416666666667, "[h]:mm:ss") == "30:15:00"
    assert show_number(1.260416666666667, "[mm]:ss") == "1815:00"
    assert show_number(-0.5, "[h]:mm") == "-12:00"
    assert show_number(44197.9999999, "yyyy-mm-dd") == "2021-01-01"
    assert show_number(44197.9999999, "hh:mm:ss") == "00:00:00"
    assert show_number(0.5, "yyyy-mm-dd h:mm", from_1904=True) == "1904-01-01 12:00"
    assert show_number(-3.5, "yyyy-mm-dd") == "-3.5"
    assert show_number(9e9, "yyyy-mm-dd") == "9000000000"
    assert show_number(59.0, "d mmm yyyy") == "28 Feb 1900"


def test_general_numbers_keep_their_digits() -> None:
    shown = [show_general(number) for number in (0.1 + 0.2, 9007199254740992.0, 1e21, -1e-5, 12.0)]
    assert shown == ["0.3", "9007199254740992", "1E+21", "-0.00001", "12"]


def test_a_format_may_add_to_text() -> None:
    assert show_text("Ana", '"Name: "@') == "Name: Ana"
    assert show_text("Ana", "0.00") == show_text("Ana", "@") == "Ana"


@given(st.floats(allow_nan=False, allow_infinity=False), st.text('0#?,.;%@E+-/[]<>=$mdyhs "\\_*€:AP(', max_size=14))
def test_no_format_breaks_the_reader(number: float, code: str) -> None:
    assert isinstance(show_number(number, code), str)
    assert isinstance(show_text("words", code), str)


def test_a_condition_that_is_no_number_is_none() -> None:
    assert show_number(7.26, "[>1.2.3]0.0") == "7.3"
    assert show_number(7.26, "[>.5]0.0;0") == "7.3"
