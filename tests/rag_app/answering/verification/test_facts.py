"""Facts of a sentence: its numbers and negations, what explains a number, and which sentences are contrary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.answering.verification.facts import (
    Number,
    are_contrary,
    missing_numbers,
    read_facts,
    unexplained_numbers,
)


def values(text: str) -> list[set[float]]:
    return [set(number.values) for number in read_facts(text).asked_numbers]


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("It weighed 32 kg.", [{32}]),
            ("It weighed 2,300 kg.", [{2300, 2.3}]),
            ("Es wog 496,2 Tonnen.", [{496.2, 4962}]),
            ("Twenty-one men flew.", [{21}]),
            ("They flew two hundred thousand miles.", [{200_000}]),
            ("It cost $5.2 million.", [{5_200_000}]),
            ("On the third day, the 21st.", [{3}, {21}]),
            ("In the 1960s.", [{1960}]),
            ("One of them flew first.", []),
            ("Version 1.2.3.", []),
            ("No number.", []),
        ],
    )
    def test_numbers_are_read_in_figures_and_in_words(self, text: str, found: list[set[float]]) -> None:
        assert values(text) == found

    @pytest.mark.parametrize(
        ("claim", "span"),
        [
            ("It weighed 2300 kg.", "A weight of 2,300 kilograms."),
            ("Half of it, 50 %.", "It was 50 percent."),
            ("21 men flew.", "Twenty-one men flew."),
            ("On 16 July 1969.", "July 16, 1969"),
            ("1 man stayed.", "One of them stayed."),
            ("It took 3 days.", "It took 3."),
        ],
    )
    def test_a_number_written_otherwise_is_there(self, claim: str, span: str) -> None:
        assert missing_numbers(read_facts(claim), read_facts(span).numbers) == []

    @pytest.mark.parametrize(
        ("claim", "span"),
        [
            ("It weighed 2,300 kg.", "It weighed 2,301 kg."),
            ("It took 3 days.", "It took 3 hours."),
            ("In 1969.", "In 1996."),
            ("Twenty-one men flew.", "Twenty-two men flew."),
            ("It cost $50.", "It cost €50."),
        ],
    )
    def test_another_number_or_unit_is_not(self, claim: str, span: str) -> None:
        assert missing_numbers(read_facts(claim), read_facts(span).numbers)

    def test_numbers_without_units_agree_with_any(self) -> None:
        assert Number(frozenset({3.0})).agrees(Number(frozenset({3.0}), "kg"))
        assert not Number(frozenset({3.0}), "g").agrees(Number(frozenset({3.0}), "kg"))

    @pytest.mark.parametrize(
        ("claim", "there", "explained"),
        [
            ("They weighed 10 kg together.", "One weighed 4 kg, the other 6 kg.", True),
            ("It was 2 kg heavier.", "One weighed 4 kg, the other 6 kg.", True),
            ("It was 0.3 kg heavier.", "One weighed 0.1 kg, the other 0.4 kg.", True),
            ("It lasted 10.", "One lasted 4 hours, the other 6 hours.", True),
            ("It weighed 4 kg.", "It weighed 4 kg.", True),
            ("No number.", "", True),
            ("They weighed 10 tonnes together.", "One weighed 4 kg, the other 6 kg.", False),
            ("They weighed 10 kg together.", "One weighed 4 kg and flew for 6 hours.", False),
            ("They weighed 24 kg.", "One weighed 4 kg, the other 6 kg.", False),
            ("They weighed 12 kg.", "It weighed 6 kg.", False),
            ("They weighed 13 kg.", "They weighed 4 kg, 6 kg and 3 kg.", False),
            ("It weighed 4 kg.", "", False),
        ],
    )
    def test_a_sum_or_a_difference_of_two_numbers_of_one_unit_is_explained(
        self, claim: str, there: str, explained: bool
    ) -> None:
        assert bool(unexplained_numbers(read_facts(claim), read_facts(there).numbers)) != explained


OPENS = "The town library opens at 9 in the morning and closes at 18 on weekdays."


@pytest.mark.parametrize(
    ("one", "other", "contrary"),
    [
        (OPENS, OPENS.replace("9", "10"), True),
        ("The bridge may carry 12 tonnes.", "The bridge may carry 20 tonnes.", True),
        ("Dogs are allowed in the garden.", "Dogs are not allowed in the garden.", True),
        ("Dogs are allowed in the garden.", "Dogs aren't allowed in the garden.", True),
        ("Dogs are never allowed in the garden.", "Dogs are not allowed in the garden.", False),
        ("The fee for members is twelve euros.", "The fee for members is 15 euros.", True),
        (OPENS, OPENS, False),
        ("The bridge may carry 12 tonnes.", "The bridge is 12 metres long.", False),
        ("The bridge may carry 12 tonnes.", "The bridge may carry twelve tonnes.", False),
        ("In 1969 they brought 21.5 kg back.", "In 1972 they brought 110.5 kg back.", False),
        ("Dogs are allowed in the garden.", "Cats do not like water.", False),
        ("", "", False),
    ],
)
def test_sentences_alike_but_for_a_number_or_a_denial_are_contrary(one: str, other: str, contrary: bool) -> None:
    assert are_contrary(read_facts(one), read_facts(other)) == contrary
    assert are_contrary(read_facts(other), read_facts(one)) == contrary


@given(
    st.text()
    | st.lists(st.sampled_from(["1", "2,3", "one", "%", "million", "twenty", "$", "n't", " ", "."])).map("".join)
)
def test_any_text_has_facts(text: str) -> None:
    facts = read_facts(text)
    assert missing_numbers(facts, facts.numbers) == unexplained_numbers(facts, facts.numbers) == []
    assert not are_contrary(facts, facts)
