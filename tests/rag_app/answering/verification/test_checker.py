"""How likely a span supports a claim: what must be there, and what lowers it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.answering.verification.facts import read_facts
from rag_app.answering.verification.prove_claims import ENOUGH, Surroundings, support

SPAN = "Michael Collins stayed in lunar orbit aboard Columbia for 21 hours."
NOWHERE = Surroundings(read_facts(""), read_facts(""))


def supported(claim: str, span: str = SPAN, *, context: str = "", cosine: float = 0.8) -> bool:
    around = Surroundings(read_facts(context), read_facts(f"{context}\n{span}"))
    return support(read_facts(claim), read_facts(span), around, cosine) >= ENOUGH


class TestSupport:
    @pytest.mark.parametrize(
        "claim",
        [SPAN, "Collins stayed in orbit aboard Columbia.", "Michael Collins stayed in orbit for twenty-one hours."],
    )
    def test_what_the_span_says_is_supported(self, claim: str) -> None:
        assert supported(claim)

    @pytest.mark.parametrize(
        "claim",
        [
            "Michael Collins stayed in lunar orbit aboard Columbia for 22 hours.",
            "Michael Collins stayed in lunar orbit aboard Columbia for 21 days.",
            "Michael Collins stayed in lunar orbit aboard Eagle for 21 hours.",
            "Cheese is made of milk.",
            "",
        ],
    )
    def test_another_number_unit_name_or_subject_is_not(self, claim: str) -> None:
        assert not supported(claim)

    def test_a_name_may_stand_in_the_title_over_the_span(self) -> None:
        assert not supported("Then Collins stayed in lunar orbit.", "He stayed in lunar orbit.")
        assert supported("Then Collins stayed in lunar orbit.", "He stayed in lunar orbit.", context="Michael Collins")

    def test_a_denial_makes_support_less_likely(self) -> None:
        span, claim = read_facts(SPAN), "Collins stayed in orbit"
        said, denied = read_facts(f"{claim}."), read_facts(f"{claim} never.")
        assert support(denied, span, NOWHERE, 0.8) < support(said, span, NOWHERE, 0.8)


@given(st.text(max_size=60), st.text(max_size=60), st.floats(-1, 1))
def test_support_of_anything_is_a_probability(claim: str, span: str, cosine: float) -> None:
    assert 0 <= support(read_facts(claim), read_facts(span), NOWHERE, cosine) <= 1
