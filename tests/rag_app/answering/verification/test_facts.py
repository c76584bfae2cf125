"""Facts of a sentence: its numbers, names and negations, and which sentences are contrary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_app.answering.verification.facts import (
    Number,
    are_contrary,
    contradicted_codes,
    exchanged_abbreviations,
    missing_numbers,
    read_facts,
    says_contrary,
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


class TestNames:
    def test_names_are_words_with_a_capital_behind_the_first(self) -> None:
        facts = read_facts("Yesterday Neil Armstrong's Eagle met TLX1.")
        assert facts.names == {"neil", "armstrong", "eagle"}
        assert facts.codes == {"tlx1"}

    def test_words_with_two_capitals_are_abbreviations(self) -> None:
        assert read_facts("In Cells mTOR and VSMCs are A words.").abbreviations == {"mtor", "vsmc"}

    @pytest.mark.parametrize(
        ("span", "exchanged"),
        [
            ("NASA landed", {"esa"}),
            ("NASA landed, not ESA", set()),
            ("NASA met the European Space Agency", set()),
            ("They landed", set()),
        ],
    )
    def test_an_abbreviation_is_exchanged_where_another_stands_instead(self, span: str, exchanged: set[str]) -> None:
        there = read_facts(span)
        assert exchanged_abbreviations(read_facts("ESA landed"), there, there) == exchanged

    @pytest.mark.parametrize(
        ("there", "contradicted"), [("IRG2 fails", {"irg1"}), ("IRG1 works", set()), ("No gene", set())]
    )
    def test_a_code_is_contradicted_by_another_with_the_same_letters(self, there: str, contradicted: set[str]) -> None:
        assert contradicted_codes(read_facts("IRG1 works"), read_facts(there)) == contradicted


class TestContraries:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("It landed.", "It did not land."),
            ("It didn't land.", "It landed."),
            ("Insulin increases growth.", "Insulin decreases growth."),
            ("It flew before the war.", "It flew after the war."),
        ],
    )
    def test_a_denial_or_an_opposite_is_contrary(self, one: str, other: str) -> None:
        assert says_contrary(read_facts(one), read_facts(other))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("It landed.", "It landed on the Moon."),
            ("It never landed.", "It did not land."),
            ("It rose before noon.", "It rose before noon and set after it."),
        ],
    )
    def test_the_same_said_otherwise_is_not(self, one: str, other: str) -> None:
        assert not says_contrary(read_facts(one), read_facts(other))


OPENS = "The town library opens at 9 in the morning and closes at 18 on weekdays."


@pytest.mark.parametrize(
    ("one", "other", "contrary"),
    [
        (OPENS, OPENS.replace("9", "10"), True),
        ("The bridge may carry 12 tonnes.", "The bridge may carry 20 tonnes.", True),
        ("Dogs are allowed in the garden.", "Dogs are not allowed in the garden.", True),
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
    assert missing_numbers(facts, facts.numbers) == []
    assert not says_contrary(facts, facts)
