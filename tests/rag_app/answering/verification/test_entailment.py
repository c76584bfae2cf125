"""A verifier on a real cross-encoder of language inference, small and untrained, and on a chat server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_app import Settings, load_chain
from rag_app.answering.generation.chat_models import load_chat_model
from rag_app.answering.verification.entailment import CHAT, build_verifier, load_entailment
from tests.rag_app.fault_server import FaultServer
from vectorstore.errors import SettingsError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "orbit", "moon", "collins", "stayed", "in", "cheese"]
SPANS = ["collins stayed in orbit", "cheese", "moon in orbit"]


def save_encoder(folder: Path, labels: list[str]) -> str:
    """A BERT of one layer that gives a score for each label, with weights by chance."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

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
        id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizer(str(vocabulary)).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield save_encoder(tmp_path_factory.mktemp("nli"), ["contradiction", "entailment", "neutral"])
    load_entailment.__globals__["_load"].cache_clear()


def test_a_span_supports_as_likely_as_it_entails(encoder: str) -> None:
    scores = build_verifier(encoder, None)("collins stayed", SPANS)
    model, label = load_entailment(encoder)
    expected = model.predict([(span, "collins stayed") for span in SPANS], apply_softmax=True)[:, label]
    assert label == 1
    assert list(scores) == pytest.approx(expected.tolist())
    assert all(0 <= score <= 1 for score in scores)


def test_what_cannot_judge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be loaded"):
        build_verifier(str(tmp_path), None)("a", ["b"])
    with pytest.raises(SettingsError, match="no label called entailment: it has good, bad"):
        build_verifier(save_encoder(tmp_path, ["good", "bad"]), None)("a", ["b"])
    with pytest.raises(SettingsError, match="needs a chat model"):
        build_verifier(CHAT, None)


@pytest.mark.parametrize(("answer", "scores"), [("Yes.", [1.0, 0.0]), ("No, it does not say yes.", [0.0, 0.0])])
def test_the_chat_model_is_asked_until_it_says_yes(fault_server: FaultServer, answer: str, scores: list[float]) -> None:
    fault_server.answer = answer
    assert build_verifier(CHAT, load_chat_model("openai:test-model"))("It flew.", ["It flew.", "It sank."]) == scores
    assert len(fault_server.chats) == (1 if scores[0] else 2)


def test_what_the_verifier_denies_is_shown_as_unsupported(
    samples_settings: Settings, fault_server: FaultServer
) -> None:
    fault_server.answer = "Michael Collins stayed in lunar orbit aboard the command module Columbia."
    settings = samples_settings.model_copy(update={"llm": "openai:test-model"})
    assert load_chain(settings=settings).invoke("Who stayed in lunar orbit?").citations
    # The same server answers the verifier, and its answer does not begin with yes.
    answer = load_chain(settings=settings.model_copy(update={"verifier": CHAT})).invoke("Who stayed in lunar orbit?")
    assert answer.refused
