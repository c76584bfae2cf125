"""What superscripts, subscripts, struck out and hidden words become in plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.reading.marks import Run, Style, mark_runs

STYLES: dict[str, Style] = {"^": "raised", "_": "lowered", "~": "struck", "?": "hidden"}


def runs_of(text: str) -> list[Run]:
    """`10{^6} m` as runs."""
    runs: list[Run] = []
    for piece in text.split("{"):
        marked, closed, rest = piece.partition("}")
        runs += [(marked[1:], STYLES[marked[0]]), (rest, "")] if closed else [(piece, "")]
    return runs


@pytest.mark.parametrize(
    ("set_as", "written"),
    [
        ("10{^6} litres", "10^6 litres"),
        ("2.5 × 10{^-3} bar", "2.5 × 10^-3 bar"),
        ("(a+b){^n+1}", "(a+b)^(n+1)"),
        ("SO{_4}{^2−} and the{^14}C of {^14}C, {^1}In", "SO₄²⁻ and the¹⁴C of ¹⁴C, ¹In"),
        ("then.{^a,b} Next, {^3}See", "then.[a,b] Next, [3]See"),
        ("$19{^99}, € 4{^95}; $10{^12}, 10{^12}", "$19.99, € 4.95; $10^12, 10^12"),
        ("$1969{^12} and $1{^95}, €5{^12} of", "$1969^12 and $1.95, €5^12 of"),
        ("$10{^00}, $1,299{^99}, 12{^95} €", "$10.00, $1,299.99, 12.95 €"),
        ("10{^6}5, 10{^6}kg, x{^y}z, x{_ij}k", "10^(6)5, 10^(6)kg, x^(y)z, x_(ij)k"),
        ("x{_ij}{^2}, m{^2}K, x{_max} y", "x_ij², m²K, x_max y"),
        ("10{^0} Copies, 20{^0} C, 68{^o}F, 20{^o}Celsius", "10^0 Copies, 20° C, 68°F, 20°Celsius"),
        ("1.5{^a}, 1.5{^b}, 1.05{^n}, 1,5{^a,b}", "1.5[a], 1.5[b], 1.05^n, 1,5[a,b]"),
        ("12{^(3)}, 12{^[3]}, 1.5{^*}, 2{^(n+1)}", "12(3), 12[3], 1.5*, 2^(n+1)"),
        ("Text{^2)}, 12{^2)}, 3{^a)}", "Text[2], 12[2], 3[a]"),
        ("SO{_4}{^2–}, Cl{^–}, end{^1–2}", "SO₄²⁻, Cl⁻, end^(1–2)"),
        ("40 m{^2}, m{^3}/h, s{^-1}", "40 m², m³/h, s⁻¹"),
        ("as found.{^12} Next", "as found.[12] Next"),
        ("the end{^1,2}", "the end[1,2]"),
        ("the word{^[4]}", "the word[4]"),
        ("{^1} See below", "[1] See below"),
        ("H{_2}O, CO{_2}, log{_2}8", "H₂O, CO₂, log₂8"),
        ("v{_max} and x{_i+1}", "v_max and x_(i+1)"),
        ("3{^1}/{_2} cups, {^1}⁄{_2} spoon", "3 1/2 cups, 1⁄2 spoon"),
        ("the 1{^st}, M{^me}, le 21{^e}", "the 1st, Mme, le 21e"),
        ("20{^o}C, 1{^o}", "20°C, 1o"),
        ("Brand{^TM}", "Brand™"),
        ("e{^x}, x{^n}", "e^x, x^n"),
        ("was {~900 }450", "was ~~900~~ 450"),
        ("a {?se}{?cret} word", "a [hidden: secret] word"),
    ],
)
def test_meaning_survives_in_plain_text(set_as: str, written: str) -> None:
    assert "".join(mark_runs(runs_of(set_as))) == written


@given(st.lists(st.tuples(st.text(max_size=6), st.sampled_from(("", *STYLES.values())))))
def test_plain_runs_stay_and_each_run_has_its_text(runs: list[Run]) -> None:
    written = mark_runs(runs)
    assert len(written) == len(runs)
    assert all(new == text for new, (text, style) in zip(written, runs, strict=True) if not style)


def test_a_number_raised_after_a_word_is_a_note_and_one_after_a_unit_an_exponent() -> None:
    assert "".join(mark_runs([("found", ""), ("12", "raised"), (" it", "")])) == "found[12] it"
    assert "".join(mark_runs([("km", ""), ("2", "raised"), (" of it", "")])) == "km² of it"
    assert "".join(mark_runs([("20 ", ""), ("o", "raised"), ("C", "")])) == "20 °C"


def test_primes_asterisks_and_daggers_stay_as_they_are() -> None:
    assert "".join(mark_runs([("f", ""), ("′", "raised"), (" of Smith", ""), ("∗†", "raised")])) == "f′ of Smith∗†"
