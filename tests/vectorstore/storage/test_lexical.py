"""What the lexical index promises: any text is a question, scores in [0, 1], and what is removed is gone."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectorstore.texts import cut, matches
from vectorstore.storage.lexical_index import LexicalIndex, bm25_scale, inverse_document_frequency
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
    other = chunk_of("foxes", source="/docs/b")
    index.change(add=[*chunks, other])
    found = list(matches(index.reader(), "Which clouds are over the boats?"))
    assert found == [chunks[1].id, chunks[0].id, chunks[2].id]


def test_words_are_matched_by_their_stem_in_any_case_and_without_accents(index: LexicalIndex) -> None:
    chunk = chunk_of("Résumés of RUNNERS")
    index.change(add=[chunk])
    assert list(matches(index.reader(), "a resume of the runner")) == [chunk.id]


def test_title_and_headings_are_searched_too(index: LexicalIndex) -> None:
    chunk = Chunk("/docs/a", "Apollo", None, 0, 3, "one", ("Crew",))
    index.change(add=[chunk])
    assert list(matches(index.reader(), "apollo")) == list(matches(index.reader(), "crew")) == [chunk.id]


@settings(max_examples=300)
@given(question=QUESTIONS)
def test_any_text_is_a_question_whose_scores_lie_between_0_and_1(filled: LexicalIndex, question: str) -> None:
    found = matches(filled.reader(), question)
    assert len(found) <= 6
    assert all(0 <= score <= 1 for score in found.values())
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(weight > 0 for weight in filled.reader().weigh(filled.reader().terms(question)).values())


def test_the_signs_of_a_query_language_are_no_more_than_white_space(filled: LexicalIndex) -> None:
    plain = matches(filled.reader(), "apples clouds")
    assert matches(filled.reader(), '+apples -"clouds" (') == plain
    assert matches(filled.reader(), "apples:clouds^ ~") == plain


@pytest.mark.parametrize("question", ["", " ", "the of and is", "?!", "\0", "x" * 500, "\udc80"])
def test_a_question_without_a_word_to_look_for_finds_nothing(filled: LexicalIndex, question: str) -> None:
    assert matches(filled.reader(), question) == {}


def test_a_question_of_100_000_words_is_answered(filled: LexicalIndex) -> None:
    assert matches(filled.reader(), "apples " + " ".join(map(str, range(100_000)))) != {}


def test_what_is_removed_is_not_found(index: LexicalIndex) -> None:
    chunks = cut("/docs/a", ["apples one", "apples two"])[1]
    index.change(add=chunks)
    index.change(remove=[chunks[0].id])
    assert list(matches(index.reader(), "apples")) == [chunks[1].id]
    assert index.reader().ids() == {chunks[1].id}
    assert len(index.reader()) == 1


def test_what_is_added_again_replaces_what_it_was(index: LexicalIndex) -> None:
    chunk = chunk_of("apples")
    for _ in range(3):
        index.change(add=[chunk, chunk])
    assert len(index.reader()) == 1
    index.change(add=[Chunk(chunk.source, "Boats", None, 0, 6, "apples")])
    assert len(index.reader()) == 1
    assert list(matches(index.reader(), "boats")) == [chunk.id]


def test_an_empty_index_finds_nothing(index: LexicalIndex) -> None:
    assert (matches(index.reader(), "apples"), index.reader().ids(), len(index.reader())) == ({}, set(), 0)


def test_another_index_on_the_same_folder_sees_every_change(index: LexicalIndex, tmp_path: Path) -> None:
    other = LexicalIndex(tmp_path / "lexical")
    chunk = chunk_of("apples")
    index.change(add=[chunk])
    assert list(matches(other.reader(), "apples")) == [chunk.id]
    index.change(remove=[chunk.id])
    assert matches(other.reader(), "apples") == {}


CHANGES = st.lists(
    st.tuples(
        st.booleans(), st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["apples", "apples boats", "clouds"])
    ),
    max_size=8,
)


@settings(max_examples=12)
@given(changes=CHANGES)
def test_after_any_changes_the_index_holds_what_a_dict_would(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[bool, str, str]]
) -> None:
    index = LexicalIndex(tmp_path_factory.mktemp("any") / "lexical")
    held: dict[str, Chunk] = {}
    for add, source, text in changes:
        chunk = chunk_of(text, source=source)
        index.change(add=[chunk] if add else (), remove=() if add else [chunk.id])
        held |= {chunk.id: chunk}
        if not add:
            del held[chunk.id]
        assert index.reader().ids() == held.keys()
        found = matches(index.reader(), "apples")
        assert found.keys() == {chunk_id for chunk_id, chunk in held.items() if "apples" in chunk.text}
        assert all(0 <= score <= 1 for score in found.values())
        assert all(weight > 0 for weight in index.reader().weigh(["appl", "boat", "cloud"]).values())


@given(best=st.floats(1e-6, 1e6), weights=st.lists(st.floats(-10, 1e4), max_size=9))
def test_no_score_is_greater_than_its_scale(best: float, weights: list[float]) -> None:
    assert best / bm25_scale(best, sum(weights)) <= 1


@given(documents=st.integers(0, 10**9), with_term=st.integers(0, 10**9))
def test_a_rarer_word_never_weighs_less(documents: int, with_term: int) -> None:
    weight = inverse_document_frequency(documents, with_term)
    assert weight > 0
    assert weight <= inverse_document_frequency(documents, max(with_term - 1, 0))
