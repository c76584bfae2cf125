"""What the retriever promises: the best passages in an order that stays, as LangChain's own retrievers give them."""

import asyncio
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from random import Random
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.load import dumps
from langchain_core.retrievers import BaseRetriever

from tests.vectorstore.conftest import NewStore
from tests.vectorstore.texts import put, remove
from vectorstore.embeddings import EmbeddingModel, Vectors, cosine_similarities
from vectorstore.errors import CollectionError, WrongModelError
from vectorstore.search.retriever import HybridRetriever, PassageDocument, Question, fuse
from vectorstore.storage.store import Store

FACTS = {
    "apollo": ["Michael Collins stayed in orbit around the Moon.", "Neil Armstrong stepped onto the Moon first."],
    "saturn": ["The Saturn V rocket had three stages.", "Its part number was XR-7731-B."],
    "garden": ["Tomatoes need sun and water.", "Bees visit the flowers in spring."],
}
QUESTIONS = ["Who stayed in orbit?", "How many stages did the rocket have?", "XR-7731-B", "What do tomatoes need?"]


@pytest.fixture(scope="module")
def filled(new_store: NewStore, model: EmbeddingModel) -> Iterator[Store]:
    store = new_store()
    put(store, model, **FACTS)
    yield store
    store.close()


@pytest.fixture(scope="module")
def retriever(filled: Store, model: EmbeddingModel) -> HybridRetriever:
    return HybridRetriever(store=filled, model=model, k=3)


def test_the_passage_that_answers_comes_first_and_scores_fall_within_their_bounds(retriever: HybridRetriever) -> None:
    firsts = [retriever.search(question)[0].chunk.text for question in QUESTIONS]
    assert firsts == [FACTS["apollo"][0], *FACTS["saturn"], FACTS["garden"][0]]
    passages = retriever.search(QUESTIONS[0], k=6)
    assert [passage.score for passage in passages] == sorted((passage.score for passage in passages), reverse=True)
    for passage in passages:
        assert -1 <= passage.cosine <= 1.001
        assert 0 <= passage.lexical <= 1
    nearest = retriever.search_vector(Question(QUESTIONS[0]).vector(retriever.model), k=6)
    by_meaning = sorted(passages, key=lambda passage: passage.dense_rank or 0)
    assert [passage.chunk for passage in nearest] == [passage.chunk for passage in by_meaning]
    assert [passage.score for passage in nearest] == pytest.approx([passage.cosine for passage in by_meaning], abs=1e-5)


def test_as_many_passages_as_asked_for_come_back(filled: Store, model: EmbeddingModel) -> None:
    for k in (1, 2, 6, 100):
        assert len(HybridRetriever(store=filled, model=model, k=k).search("moon")) == min(k, 6)
        assert len(HybridRetriever(store=filled, model=model, k=4).search("moon", k=k)) == min(k, 6)


def test_it_is_a_langchain_retriever(retriever: HybridRetriever) -> None:
    assert isinstance(retriever, BaseRetriever)
    expected = [PassageDocument.of(passage) for passage in retriever.search(QUESTIONS[0])]
    assert all(isinstance(document, Document) for document in expected)
    assert retriever.invoke(QUESTIONS[0]) == expected
    assert asyncio.run(retriever.ainvoke(QUESTIONS[0])) == expected
    assert retriever.batch(QUESTIONS) == [retriever.invoke(question) for question in QUESTIONS]
    assert asyncio.run(retriever.abatch(QUESTIONS)) == retriever.batch(QUESTIONS)
    assert list(retriever.stream(QUESTIONS[0])) == [expected]
    chain = retriever | (lambda documents: documents[0].page_content)
    assert chain.invoke(QUESTIONS[1]) == FACTS["saturn"][0]


def test_a_document_keeps_its_passage_through_copies_and_out_of_what_is_serialised(retriever: HybridRetriever) -> None:
    found = cast("list[PassageDocument]", retriever.invoke(QUESTIONS[0]))
    passages = retriever.search(QUESTIONS[0])
    assert [document.passage for document in found] == passages
    for kept in (deepcopy(found[0]), found[0].model_copy(), pickle.loads(pickle.dumps(found[0]))):
        assert kept.passage == passages[0]
    assert "passage" not in found[0].model_dump()
    assert "passage=" not in dumps(found[0])
    assert found[0].metadata == passages[0].chunk.to_document().metadata | {
        name: getattr(passages[0], name) for name in ("score", "cosine", "lexical", "dense_rank", "lexical_rank")
    }


def test_a_question_made_before_is_searched_and_its_text_goes_to_callbacks(retriever: HybridRetriever) -> None:
    question = Question("How many did it have?", (("rocket stages", 0.5),))
    found = cast("list[PassageDocument]", retriever.invoke("shown", question=question))
    assert [document.passage for document in found] == retriever.search(question)
    assert found[0].page_content == FACTS["saturn"][0]


def test_words_of_before_weigh_less_than_the_question_s_own(filled: Store, model: EmbeddingModel) -> None:
    question, lexical = Question("tomatoes, rocket", (("rocket bees", 0.5),)), filled.snapshot().lexical
    assert question.searched_text == "tomatoes, rocket rocket bees"
    (terms,) = question.terms(lexical).values()
    assert terms == {"tomato": 1.0, "rocket": 1.0, "bee": 0.5}
    assert question.weights(lexical).keys() == {"tomato", "rocket"}
    scores = lexical.match({"en": {"tomato": 1.0, "bee": 0.5}}, limit=10)
    assert [filled.fetch([name])[name][0].text for name in scores] == FACTS["garden"]
    own, whole = (Question(text).vector(model) for text in ("tomatoes, rocket", question.searched_text))
    assert cosine_similarities(question.vector(model), np.stack([own, whole])).min() > 0.7


def test_eight_threads_get_what_one_gets(retriever: HybridRetriever) -> None:
    expected = {question: retriever.search(question) for question in QUESTIONS}
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda n: (n, retriever.search(QUESTIONS[n % 4])), range(100)))
    assert all(found == expected[QUESTIONS[n % 4]] for n, found in results)


ODD = ["", " ", "the of and", "?" * 50, "orbit " * 20_000, "أين بقي كولينز؟", "\0", "\udc80 orbit", '"(*']


@settings(max_examples=30)
@given(question=st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(ODD))
def test_any_question_is_answered(retriever: HybridRetriever, question: str) -> None:
    assert len(retriever.search(question)) == 3


def test_equal_texts_of_two_files_are_two_passages_in_an_order_that_stays(store: Store, model: EmbeddingModel) -> None:
    put(store, model, b="Boats cross the river.", a="Boats cross the river.", c="Boats cross the river.")
    retriever = HybridRetriever(store=store, model=model)
    first = [passage.chunk.id for passage in retriever.search("boats")]
    assert first == sorted(first)
    store.close()
    assert [passage.chunk.id for passage in retriever.search("boats")] == first


def test_an_empty_collection_says_so_until_it_was_filled_once(store: Store, model: EmbeddingModel) -> None:
    with pytest.raises(CollectionError) as raised:
        HybridRetriever(store=store, model=model).search("boats")
    assert (raised.value.message, raised.value.hint) == ("the collection library is empty", "rag ingest PATH")
    put(store, model, a="Boats cross the river.")
    remove(store, "a")
    assert HybridRetriever(store=store, model=model).search("boats") == []


def test_a_question_by_another_distance_is_refused(filled: Store, model: EmbeddingModel) -> None:
    with pytest.raises(WrongModelError):
        HybridRetriever(store=filled, model=model, distance="ip").search("moon")


VECTORS = st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3).map(lambda row: np.array(row, dtype=np.float32))
FOUND = st.dictionaries(st.text("abc", min_size=1, max_size=3), VECTORS)
SCORES = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.floats(0, 1))


@given(vector=VECTORS, found=FOUND, lexical=SCORES, shuffled=st.randoms(use_true_random=False))
def test_the_order_of_passages_does_not_depend_on_the_order_they_were_found_in(
    vector: Vectors, found: dict[str, Vectors], lexical: dict[str, float], shuffled: Random
) -> None:
    items = list(found.items())
    shuffled.shuffle(items)
    ranked = fuse(vector, found, nearest=(), lexical=lexical)
    assert list(fuse(vector, dict(items), nearest=(), lexical=lexical).items()) == list(ranked.items())
    assert ranked.keys() == found.keys()
    scores = [one.score for one in ranked.values()]
    assert scores == sorted(scores, reverse=True)


def test_the_score_of_few_is_that_of_meaning_and_words_joined() -> None:
    vectors = {"a": np.array([1, 0], dtype=np.float32), "b": np.array([0.6, 0.8], dtype=np.float32)}
    ranked = fuse(vectors["a"], vectors, nearest=["a", "b"], lexical={"b": 0.5})
    assert [(one, *found[3:]) for one, found in ranked.items()] == [("a", 1, None), ("b", 2, 1)]
    assert [found.score for found in ranked.values()] == pytest.approx([0.65, 0.65 * 0.6 + 0.35 * 0.5])


def test_a_chunk_beside_good_ones_is_better_than_one_that_is_equal_and_alone() -> None:
    rng = np.random.default_rng(0)
    among, alone = np.eye(8, dtype=np.float32)[[1, 2]]
    beside = {f"beside {n}": among + 0.01 * rng.random(8, dtype=np.float32) for n in range(3)}
    poor = {f"poor {n}": alone + 0.01 * rng.random(8, dtype=np.float32) for n in range(3)}
    vectors = {"a": alone, "z": among, **beside, **poor}
    question = np.eye(8, dtype=np.float32)[0]
    places = list(fuse(question, vectors, nearest=(), lexical=dict.fromkeys(beside, 1.0)))
    assert places.index("z") < places.index("a")


def test_the_cosine_of_a_vector_of_no_length_is_0() -> None:
    vectors = np.array([[0, 0], [2, 0], [0, 3], [-1, 0]], dtype=np.float32)
    assert cosine_similarities(np.array([5, 0], dtype=np.float32), vectors).tolist() == [0, 1, 0, -1]
    assert cosine_similarities(np.zeros(2, dtype=np.float32), vectors).tolist() == [0, 0, 0, 0]
