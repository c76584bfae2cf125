"""The reader: what it says of texts, what it remembers and bears, and how passages are reordered by it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import platformdirs
import pytest

from tests.vectorstore.conftest import NewStore
from tests.vectorstore.texts import put
from vectorstore.embeddings import EmbeddingModel
from vectorstore.search.reader import WINDOW, NoReader, Reader, Reading
from vectorstore.search.retriever import READ_PASSAGES, HybridRetriever, reorder
from vectorstore.storage.store import Store
from vectorstore.types import Chunk, Passage

ASKED, TALL = "How tall is the Eiffel Tower?", "The Eiffel Tower is 330 metres tall."
NAMED = "The Eiffel Tower is in Paris, and the tower is made of iron."
GARDEN = "Tomatoes need sun and water."


def new_reader() -> Reader:
    return Reader(platformdirs.user_cache_path("rag-app"))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return new_reader()


def passages(texts: Sequence[str], *, score: float = 0.5, fall: float = 0.0) -> list[Passage]:
    chunks = [Chunk("a", "Title", None, n, n + len(text), text) for n, text in enumerate(texts)]
    return [Passage(chunk, score - fall * n, 0.5, 0.5) for n, chunk in enumerate(chunks)]


class TestReading:
    def test_a_text_that_answers_differs_from_one_that_shares_words_and_a_copy_from_a_denial(
        self, reader: Reader
    ) -> None:
        answering, *others = (reading.answers for reading in reader.read(ASKED, [TALL, NAMED, GARDEN]))
        assert answering > max(others)
        same, denied, beside = reader.read(TALL, [TALL, TALL.replace("is", "is not"), GARDEN])
        assert same.supported > max(denied.supported, beside.supported)
        assert denied.contradicted > max(same.contradicted, beside.contradicted)
        assert beside.unsaid > max(same.unsaid, denied.unsaid)

    def test_an_answer_s_share_is_that_of_the_tokens_in_reach(self, reader: Reader) -> None:
        bounds, starts, ends = np.array([[0, 3], [4, 7], [7, 8]]), [0.5, 0.25, 0.25], [0.0, 0.5, 0.5]
        hand_made = Reading(0.0, 0.0, 0.0, 1.0, bounds, np.array(starts), np.array(ends))
        places = [(0, 3), (0, 4), (0, 5), (3, 4), (4, 8), (0, 99)]
        assert [hand_made.share(*place) for place in places] == [0.25, 0.25, 0.625, 0.0, 0.75, 1.0]
        (found,) = reader.read(ASKED, [TALL])
        assert [TALL[start:end] for start, end in found.bounds][-4:] == ["330", "metres", "tall", "."]
        assert found.share(0, len(TALL)) == pytest.approx(1)

    def test_without_a_reader_nothing_is_said_of_any_text(self) -> None:
        readings = NoReader().read(ASKED, [TALL, ""])
        said = [(one.answers, one.supported, one.contradicted, one.unsaid, one.share(0, 9)) for one in readings]
        assert said == [(0.0, 0.0, 0.0, 1.0, 0.0)] * 2

    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            *((ASKED, text) for text in ("", " \n", "\0", "塔" * 9, "tower " * 999)),
            *(("", text) for text in ("", TALL)),
            *(("tower " * 300, "tower " * 300), ("tower " * 999, TALL)),
        ],
    )
    def test_no_length_of_question_or_text_is_too_much_or_too_little(
        self, reader: Reader, asked: str, text: str
    ) -> None:
        (reading,) = reader.read(asked, [text])
        assert reading.supported + reading.contradicted + reading.unsaid == pytest.approx(1, abs=1e-5)
        assert np.isfinite(reading.answers)
        assert len(reading.bounds) == len(reading.starts) == len(reading.ends) < WINDOW
        assert reading.share(0, len(text)) == pytest.approx(float(len(reading.bounds) > 0), abs=1e-5)
        assert not len(reading.bounds) or reading.bounds.max() <= len(text)

    def test_readings_are_in_the_order_of_the_texts_and_pairs_that_were_read_are_remembered(
        self, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        texts = [TALL, f"{NAMED} " * 20, "", GARDEN, TALL]
        readings = reader.read(ASKED, texts)
        alone = [new_reader().read(ASKED, [text])[0].answers for text in texts]
        assert [reading.answers for reading in readings] == pytest.approx(alone, abs=0.1)
        assert len({round(answers) for answers in alone}) > 2, "others would be told apart"
        again = reader.read(ASKED, texts[::-1])
        assert all(one is other for one, other in zip(again, readings[::-1], strict=True))
        assert readings[0] is readings[-1]
        assert reader.read("Where is it?", [TALL])[0] is not readings[0]
        assert reader.read(ASKED, []) == []
        monkeypatch.setattr("vectorstore.search.reader.REMEMBERED", 2)
        first, *_, last = reader.read(ASKED, ["one", "two", "three"])
        assert reader.read(ASKED, ["three"])[0] is last
        assert reader.read(ASKED, ["one"])[0] is not first, "the oldest is forgotten"

    def test_two_threads_at_once_get_what_one_gets(self, reader: Reader) -> None:
        texts = [f"{NAMED} Number {n}. {TALL if n % 2 else GARDEN}" for n in range(12)]
        shared, expected = new_reader(), [reading.answers for reading in reader.read(ASKED, texts)]
        with ThreadPoolExecutor(2) as threads:
            found = list(threads.map(lambda turn: shared.read(ASKED, texts[::turn])[::turn], [1, -1] * 3))
        for readings in found:
            assert [reading.answers for reading in readings] == pytest.approx(expected, abs=0.1)


class Prefers(NoReader):
    """Says of one text that it answers."""

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]:
        return [
            replace(one, answers=99.0 * text.endswith(f"{GARDEN} 7"))
            for one, text in zip(super().read(asked, texts), texts, strict=True)
        ]


class TestReordering:
    def test_what_answers_goes_ahead_of_what_shares_words_and_scores_fall(self, reader: Reader) -> None:
        given = passages([NAMED, GARDEN, TALL])
        ranked = reorder(ASKED, given, reader)
        assert ranked[0].chunk.text == TALL
        assert {passage.chunk for passage in ranked} == {passage.chunk for passage in given}
        assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)

    def test_those_that_are_not_read_stay_behind_in_their_order(self, reader: Reader) -> None:
        given = passages([f"{GARDEN} {n}" for n in range(READ_PASSAGES)] + [TALL] * 3, fall=0.001)
        ranked = reorder(ASKED, given, reader)
        assert [passage.chunk for passage in ranked[-3:]] == [passage.chunk for passage in given[-3:]]
        assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
        assert reorder(ASKED, [], reader) == []

    def test_the_retriever_has_more_read_than_it_is_asked_for(
        self, store: Store, model: EmbeddingModel, reader: Reader
    ) -> None:
        put(store, model, a=[f"{GARDEN} {n}" for n in range(READ_PASSAGES)], b=[NAMED, TALL])
        retriever = HybridRetriever(store=store, model=model, k=2, reader=reader)
        everything = retriever.search(ASKED, k=100)
        assert len(everything) == READ_PASSAGES + 2
        assert retriever.search(ASKED) == everything[:2]
        assert everything[0].chunk.text == TALL
        assert retriever.search("tower " * 2_000), "of any length"
        found = retriever.model_copy(update={"reader": Prefers()}).search(ASKED, k=1)
        assert [passage.chunk.text for passage in found] == [f"{GARDEN} 7"]

    def test_a_reader_that_says_nothing_changes_nothing(self, new_store: NewStore, model: EmbeddingModel) -> None:
        store = new_store()
        put(store, model, a=[TALL, NAMED, GARDEN])
        bare = HybridRetriever(store=store, model=model)
        assert bare.model_copy(update={"reader": NoReader()}).search(ASKED) == bare.search(ASKED)
