"""A cross-encoder in the place of the reader: real ones, small and untrained, of a single score and of three labels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vectorstore.errors import SettingsError
from vectorstore.search.cross_encoder import HINT, CrossEncoderReader, load_cross_encoder
from vectorstore.search.reader import NoReader

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "orbit", "moon", "collins", "stayed", "in", "cheese"]
ASKED, TEXTS = "collins stayed", ["collins stayed in orbit", "cheese", "moon in orbit", ""]
(UNREAD,) = NoReader().read("", [""])


def save_encoder(folder: Path, *labels: str) -> str:
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


@pytest.fixture(autouse=True, scope="module")
def _forgotten() -> Iterator[None]:
    yield
    load_cross_encoder.__globals__["_load"].cache_clear()


def test_one_with_a_single_score_says_what_answers_and_leaves_the_rest(tmp_path: Path) -> None:
    name = save_encoder(tmp_path, "score")
    readings = CrossEncoderReader(name, NoReader()).read(ASKED, TEXTS)
    encoder, places = load_cross_encoder(name)
    expected = encoder.predict([(ASKED, text) for text in TEXTS])
    assert places == []
    assert [reading.answers for reading in readings] == pytest.approx(expected.tolist())
    assert len(set(expected.tolist())) == len(TEXTS)
    assert {(one.supported, one.contradicted, one.unsaid) for one in readings} == {(0.0, 0.0, 1.0)}


@pytest.mark.parametrize(
    "labels",
    [("contradiction", "entailment", "neutral"), ("ENTAILMENT", "NEUTRAL", "CONTRADICTION")],
    ids=["small letters", "capitals"],
)
def test_one_of_language_inference_says_what_a_text_supports_whatever_the_order_of_its_labels(
    tmp_path: Path, labels: tuple[str, ...]
) -> None:
    name = save_encoder(tmp_path, *labels)
    readings = CrossEncoderReader(name, NoReader()).read(ASKED, TEXTS)
    shares = load_cross_encoder(name)[0].predict([(text, ASKED) for text in TEXTS], apply_softmax=True)
    for reading, row in zip(readings, shares.tolist(), strict=True):
        of = dict(zip(map(str.lower, labels), row, strict=True))
        assert reading.supported == pytest.approx(of["entailment"], abs=1e-5)
        assert reading.contradicted == pytest.approx(of["contradiction"], abs=1e-5)
        assert reading.unsaid == pytest.approx(of["neutral"], abs=1e-5)
        assert reading.answers == UNREAD.answers


def test_what_is_not_there_or_judges_something_else_is_refused_when_it_is_first_asked(tmp_path: Path) -> None:
    nowhere = CrossEncoderReader(str(tmp_path / "nothing"), NoReader())
    assert nowhere.read(ASKED, []) == []
    with pytest.raises(SettingsError, match="nothing cannot be loaded") as caught:
        nowhere.read(ASKED, TEXTS)
    assert caught.value.hint == HINT
    moods = CrossEncoderReader(save_encoder(tmp_path, "good", "bad"), NoReader())
    with pytest.raises(SettingsError, match=r"neither a single score nor entailment, .*: it has good, bad"):
        moods.read(ASKED, TEXTS)
