"""A reranker on a real cross-encoder, small and untrained: its order, its time, its failures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vectorstore.texts import put
from vectorstore.embeddings import EmbeddingModel
from vectorstore.errors import SettingsError
from vectorstore.search.reranker import READ_PASSAGES, Reranker, load_cross_encoder
from vectorstore.search.retriever import HybridRetriever
from vectorstore.storage.store import Store
from vectorstore.types import Chunk, Passage

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "orbit", "moon", "boat", "river", "who", "stayed", "in"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The folder of a BERT of one layer that scores pairs, with weights by chance."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder = tmp_path_factory.mktemp("encoder")
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        initializer_range=1.0,
    )
    config.num_labels = 1
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizer(str(vocabulary)).save_pretrained(folder)
    yield str(folder)
    load_cross_encoder.__globals__["_load"].cache_clear()


def passages(count: int) -> list[Passage]:
    chunks = [Chunk("a", "T", None, n, n + 4, f"{WORDS[5 + n % 7]} moon {n}") for n in range(count)]
    return [Passage(chunk, 1 - n / count, 0.5, 0.5) for n, chunk in enumerate(chunks)]


def test_passages_stand_in_the_order_of_the_encoders_scores(encoder: str) -> None:
    given = passages(20)
    ranked = Reranker(encoder).rerank("who stayed in orbit", given)
    pairs = [("who stayed in orbit", passage.chunk.embedded_text) for passage in given]
    scores = load_cross_encoder(encoder).predict(pairs)
    expected = [given[i].chunk for i in sorted(range(20), key=lambda i: -scores[i])]
    assert [passage.chunk for passage in ranked] == expected != [passage.chunk for passage in given]
    assert all(0 <= passage.score <= 1 for passage in ranked)


@pytest.mark.parametrize(("seconds", "read"), [(10, READ_PASSAGES), (0, 8)])
def test_passages_that_are_not_read_stay_behind_in_their_order(
    encoder: str, caplog: pytest.LogCaptureFixture, seconds: float, read: int
) -> None:
    given = passages(READ_PASSAGES + 5)
    ranked = Reranker(encoder, seconds=seconds).rerank("moon", given)
    assert [passage.chunk for passage in ranked[read:]] == [passage.chunk for passage in given[read:]]
    assert all(passage.score <= 0 for passage in ranked[read:])
    assert ("read 8 passages" in caplog.text) == (read == 8)


def test_where_it_fails_the_order_stays_and_a_model_that_is_not_there_is_an_error(
    encoder: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    broken = AutoModelForSequenceClassification.from_pretrained(encoder)
    broken.classifier.bias.data.fill_(float("nan"))
    broken.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(encoder).save_pretrained(tmp_path)
    assert Reranker(str(tmp_path)).rerank("moon", passages(3)) == passages(3)
    assert "failed (its scores are no numbers)" in caplog.text
    with pytest.raises(SettingsError) as raised:
        Reranker(str(tmp_path / "nothing")).rerank("moon", passages(2))
    assert "RAG_RERANKER" in raised.value.hint


def test_the_retriever_gives_it_more_than_it_is_asked_for(store: Store, model: EmbeddingModel, encoder: str) -> None:
    put(store, model, a=[f"{word} moon" for word in WORDS[5:]])
    retriever = HybridRetriever(store=store, model=model, k=2, reranker=Reranker(encoder))
    everything = HybridRetriever(store=store, model=model, k=100, reranker=Reranker(encoder)).search("who stayed")
    assert retriever.search("who stayed") == everything[:2]
