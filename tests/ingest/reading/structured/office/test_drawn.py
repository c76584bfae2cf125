"""Formulas of documents on one line, so that nobody reads another formula."""

import pytest

from ingest.reading.office_package import parse_xml
from ingest.reading.structured.office.drawn import formula_text


def r(text: str) -> str:
    return f"<r><t>{text}</t></r>"


def over(above: str, below: str, properties: str = "") -> str:
    return f"<f>{properties}<num>{above}</num><den>{below}</den></f>"


NO_BAR = "<fPr><type val='noBar'/></fPr>"
HALF = over(r("1"), r("2"))
SQUARE = "<sSup><e>{}</e><sup>" + r("2") + "</sup></sSup>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r("2") + HALF, "2 1/2"),
        (HALF + r("x"), "1/2 x"),
        (over(r("1"), r("2x")), "1/(2x)"),
        (over(r("1"), r("2") + r("x")), "1/(2x)"),
        (over(r("a"), f"<d><e>{r('b+c')}</e></d>"), "a/(b+c)"),
        (f"<rad><deg>{r('3')}</deg><e>{r('8')}</e></rad>", "³√(8)"),
        (f"{r('2')}<rad><deg>{r('3')}</deg><e>{r('8')}</e></rad>", "2 ³√(8)"),
        (SQUARE.format(r("-1")), "(-1)^2"),
        (SQUARE.format(r("2x")), "(2x)^2"),
        (SQUARE.format(r("10")), "10^2"),
        (SQUARE.format(r("x")) + r("y+z"), "x^2 y+z"),
        (f"<sSub><e>{r('x')}</e><sub>{r('1')}</sub></sSub>{r('2')}", "x_1 2"),
        (f"<d><e>{over(r('n'), r('k'), NO_BAR)}</e></d>", "(n over k)"),
        (f"<bar><barPr><pos val='top'/></barPr><e>{r('x')}</e></bar>", "x\u0305"),
        (f"<acc><accPr><chr val='\u20d7'/></accPr><e>{r('v')}</e></acc>", "v\u20d7"),
        (f"<acc><e>{r('p')}</e></acc>", "p\u0302"),
        ("<mn>2</mn><mrow><mfrac><mn>1</mn><mn>2</mn></mfrac></mrow>", "2 1/2"),
        ("<mfrac><mn>1</mn><mrow><mn>2</mn><mi>x</mi></mrow></mfrac>", "1/(2x)"),
        ("<mroot><mn>8</mn><mn>3</mn></mroot>", "³√(8)"),
        ("<mo>(</mo><mfrac linethickness='0px'><mi>n</mi><mi>k</mi></mfrac><mo>)</mo>", "(n over k)"),
    ],
)
def test_formulas_keep_their_meaning_on_a_line(formula: str, text: str) -> None:
    root = parse_xml(f"<math>{formula}</math>".encode())
    assert root is not None
    assert formula_text(root) == text
