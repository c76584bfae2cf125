"""What the lexical index promises: any text is a question, scores in [0, 1], and what is removed is gone."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectorstore.texts import cut, matches
from vectorstore.storage.lexical_index import LexicalIndex, inverse_document_frequency
from vectorstore.types import Chunk

WORDS = ["apples", "boats", "clouds", "dogs", "eels", "foxes"]
# Every sign that a query language gives a meaning to, and any other character that a string can have.
SIGNS = st.sampled_from(
    ["AND", "OR", "NOT", "+", "-", "*", "?", "~2", '"', "(", ")", "[a TO b]", "{", ":", "^3", "/x/", "\\"]
)
QUESTIONS = st.lists(SIGNS | st.sampled_from(WORDS) | st.text(max_size=20), max_size=12).map(" ".join)


def chunk_of(text: str, *, source: str = "/docs/a") -> Chunk:
    return cut(source, [text])[1][0]


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    return LexicalIndex(tmp_path / "lexical")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    index = LexicalIndex(tmp_path_factory.mktemp("filled") / "lexical")
    texts = [f"{' '.join(WORDS[n : n + 3])} {n}" for n in range(6)]
    index.change(add=[chunk_of(text, source=f"/docs/{text}") for text in texts])
    return index


def test_the_chunk_that_shares_most_words_comes_first_and_then_its_neighbours(index: LexicalIndex) -> None:
    chunks = cut("/docs/a", ["apples and boats", "boats and clouds in the sky", "dogs"])[1]
    index.change(add=[*chunks, chunk_of("foxes", source="/docs/b")])
    found = list(matches(index.reader(), "Which clouds are over the boats?"))
    assert found == [chunks[1].id, chunks[0].id, chunks[2].id]


def test_title_headings_and_text_are_matched_by_their_stems_in_any_case_and_without_accents(
    index: LexicalIndex,
) -> None:
    chunk = Chunk("/docs/a", "Apollo", None, 0, 18, "Résumés of RUNNERS", ("Crew",))
    index.change(add=[chunk])
    for question in ("a resume of the runner", "APOLLO", "crews"):
        assert list(matches(index.reader(), question)) == [chunk.id]
    index.change(add=[replace(chunk, title="Boats")] * 2)
    assert list(matches(index.reader(), "boats")) == [chunk.id]
    assert (matches(index.reader(), "apollo"), len(index.reader())) == ({}, 1)


@settings(max_examples=150)
@given(question=QUESTIONS)
def test_any_text_is_a_question_whose_scores_lie_between_0_and_1(filled: LexicalIndex, question: str) -> None:
    found = matches(filled.reader(), question)
    assert all(0 <= score <= 1 for score in found.values())
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(weight > 0 for weight in filled.reader().weigh(filled.reader().terms(question)).values())


def test_the_signs_of_a_query_language_are_no_more_than_white_space(filled: LexicalIndex) -> None:
    plain = matches(filled.reader(), "apples clouds")
    assert matches(filled.reader(), '+apples -"clouds" (') == plain
    assert matches(filled.reader(), "apples:clouds^ ~") == plain


def test_only_a_question_with_a_word_to_look_for_finds_something(filled: LexicalIndex) -> None:
    for question in ["", " ", "the of and is", "?!", "\0", "x" * 500, "\udc80"]:
        assert matches(filled.reader(), question) == {}
    assert matches(filled.reader(), "apples " + " ".join(map(str, range(100_000)))) != {}


CHANGES = st.lists(
    st.tuples(
        st.booleans(), st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["apples", "apples boats", "clouds"])
    ),
    max_size=8,
)


@settings(max_examples=12)
@given(changes=CHANGES)
def test_after_any_changes_the_index_holds_what_a_dict_would_for_whoever_has_it_open(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[bool, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("any") / "lexical"
    index, other = LexicalIndex(folder), LexicalIndex(folder)
    held: dict[str, Chunk] = {}
    for add, source, text in [*changes, (False, "/a", "apples")]:
        chunk = chunk_of(text, source=source)
        index.change(add=[chunk] if add else (), remove=() if add else [chunk.id])
        held |= {chunk.id: chunk}
        if not add:
            del held[chunk.id]
        for reader in (index.reader(), other.reader()):
            assert reader.ids() == held.keys()
            assert len(reader) == len(held)
            found = matches(reader, "apples")
            assert found.keys() == {chunk_id for chunk_id, chunk in held.items() if "apples" in chunk.text}
            assert all(0 <= score <= 1 for score in found.values())
            assert all(weight > 0 for weight in reader.weigh(["appl", "boat", "cloud"]).values())


@given(documents=st.integers(0, 10**9), with_term=st.integers(0, 10**9))
def test_a_rarer_word_never_weighs_less(documents: int, with_term: int) -> None:
    weight = inverse_document_frequency(documents, with_term)
    assert weight > 0
    assert weight <= inverse_document_frequency(documents, max(with_term - 1, 0))
