"""What becomes of words: stems by language, parts of identifiers, pairs where no space divides them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vectorstore.texts import cut, matches
from vectorstore.storage.lexical_index import NEIGHBOUR_CHARACTERS, LexicalIndex, neighbours
from vectorstore.text_analysis import LANGUAGES, analyze, detect_language

GERMAN = "Die Katzen schliefen auf dem Dach, weil die Häuser in der Sonne warm geworden waren und niemand sie störte."
ENGLISH = "The cats were sleeping on the roof, because the houses had grown warm in the sun and nobody bothered them."
CHINESE = "奥林匹克运动会每四年举行一次，来自世界各地的运动员参加比赛。"


@pytest.mark.parametrize(("text", "language"), [(GERMAN, "de"), (ENGLISH, "en"), (CHINESE, "other"), ("x = 1", "en")])
def test_the_language_of_a_text_is_found_and_in_doubt_it_is_english(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_words_are_stemmed_by_language_identifiers_parted_and_text_without_spaces_cut_into_pairs() -> None:
    assert analyze("Häuser", "de") == analyze("Haus", "de") != analyze("Katze", "de")
    assert analyze("houses", "en") == analyze("house", "en")
    assert analyze("die der das", "de") == []
    assert analyze("readHTTPServer", "en") == ["readhttpserv", "read", "http", "server"]
    assert analyze("utf8 snake_case", "en")[:3] == ["utf8", "snake", "case"]
    assert analyze("运动员 ABC", "other") == ["运动", "动员", "abc"]


@given(text=st.text(max_size=80), language=st.sampled_from(LANGUAGES))
def test_any_text_has_terms_without_spaces(text: str, language: str) -> None:
    assert all(term and not term.isspace() and " " not in term for term in analyze(text, language))


def test_each_language_of_a_collection_is_searched_by_its_own_stems(tmp_path_factory: pytest.TempPathFactory) -> None:
    index = LexicalIndex(tmp_path_factory.mktemp("languages") / "lexical")
    chunks = {name: cut(name, [text])[1][0] for name, text in (("de", GERMAN), ("en", ENGLISH), ("zh", CHINESE))}
    index.change(add=list(chunks.values()))
    for question, name in (("Wo schlief die Katze?", "de"), ("Where does a cat sleep?", "en"), ("运动员参加", "zh")):
        assert list(matches(index.reader(), question)) == [chunks[name].id]


def test_the_neighbours_of_a_chunk_are_the_nearest_before_and_after_as_far_as_they_go() -> None:
    chunks = cut("a", ["x" * (NEIGHBOUR_CHARACTERS // 2)] * 7)[1]
    assert neighbours(chunks, 3) == [2, 1, 4, 5]
    assert neighbours(chunks, 0) == [1, 2]
    assert neighbours(cut("a", ["x" * 2_000] * 3)[1], 1) == []
