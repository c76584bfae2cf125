"""`clip:MODEL` on tiny models made here: the same as its library computes by hand, and pictures found by words."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

pytest.importorskip("cv2", reason="clip:MODEL needs OpenCV: pip install 'rag-app[pictures]'")

from tests.clip_model import COLOURS, PATTERNS, picture, save_processor
from vectorstore.embeddings import EmbeddingModel, embed_pictures, embed_question, load_embedding_model
from vectorstore.errors import ProviderError

NAMES = [(colour, pattern) for colour in COLOURS for pattern in PATTERNS]


def load(path: Path | str) -> EmbeddingModel:
    return load_embedding_model(f"clip:{path}", cache_dir=Path("cache"))


@pytest.fixture(scope="module")
def model(clip_folder: Path) -> EmbeddingModel:
    return load(clip_folder)


def test_words_are_nearest_to_the_picture_that_they_describe(model: EmbeddingModel) -> None:
    shown = np.array(embed_pictures(model, [picture(*name, seed=5_000) for name in NAMES]))
    asked = np.array([embed_question(model, " ".join(name)) for name in NAMES])
    assert (asked @ shown.T).argmax(axis=1).tolist() == list(range(len(NAMES)))
    assert np.allclose(np.linalg.norm(shown, axis=1), 1, atol=1e-5)


def test_vectors_are_those_that_transformers_gives(model: EmbeddingModel, clip_folder: Path) -> None:
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

    pictures, texts = [picture(*name, width=300) for name in NAMES], ["red stripes", "a longer question about blue"]
    images: Any = AutoImageProcessor
    processor, tokenizer = images.from_pretrained(clip_folder), AutoTokenizer.from_pretrained(clip_folder)
    opened = [PIL.Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    with torch.inference_mode():
        found = CLIPModel.from_pretrained(clip_folder)(
            **processor(images=opened, return_tensors="pt"), **tokenizer(texts, padding=True, return_tensors="pt")
        )
    assert np.allclose(embed_pictures(model, pictures), found.image_embeds, atol=1e-5)
    assert np.allclose(model.embeddings.embed_documents(texts), found.text_embeds, atol=1e-5)


def test_a_folder_of_sentence_transformers_gives_the_same(
    model: EmbeddingModel, clip_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "modules.json").write_text(
        '[{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]'
    )
    (tmp_path / "0_CLIPModel").symlink_to(clip_folder)
    assert np.allclose(embed_question(load(tmp_path), "red stripes"), embed_question(model, "red stripes"))


def test_siglip_is_given_texts_of_the_one_length_that_it_knows(tmp_path: Path) -> None:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipModel

    words = ["<pad>", "</s>", "<unk>", "red", "green", "blue", "squares", "stripes"]
    letters = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, "<unk>"))
    letters.pre_tokenizer = pre_tokenizers.Whitespace()
    letters.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 1)])
    tokenizers: Any = PreTrainedTokenizerFast
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = tokenizers(tokenizer_object=letters, model_max_length=16, **special)
    tokenizer.save_pretrained(tmp_path)
    save_processor(tmp_path, square=True)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {"vocab_size": len(words), "max_position_embeddings": 16, "projection_size": 32}
    torch.manual_seed(1)
    siglip: Any = SiglipModel(
        SiglipConfig(text_config={**small, **text}, vision_config={**small, "image_size": 32, "patch_size": 8})
    )
    siglip.eval().save_pretrained(tmp_path)
    model = load(tmp_path)
    assert model.max_tokens == 15
    inputs = tokenizer(["red stripes"], padding="max_length", max_length=16, return_tensors="pt")
    with torch.inference_mode():
        features = siglip.get_text_features(input_ids=inputs["input_ids"]).pooler_output
    expected = torch.nn.functional.normalize(features, dim=-1)[0]
    assert np.allclose(embed_question(model, "red stripes"), expected, atol=1e-5)
    assert np.array(embed_pictures(model, [picture("red"), picture("blue")])).shape == (2, 32)


def test_a_model_knows_its_window_and_its_revision(model: EmbeddingModel) -> None:
    assert model.max_tokens == 75
    assert model.count_tokens(["red squares"]) == [10]  # letters, in this one
    assert model.revision
    assert len(embed_question(model, "red " * 200)) == 32


def test_what_is_no_such_model_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    with pytest.raises(ProviderError, match="could not be loaded") as raised:
        load("./no-such-folder")
    assert "clip:PATH" in raised.value.hint
    with pytest.raises(ProviderError, match="one number of dimensions"):
        load(f"{clip_folder}@16")
    config = BertConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=1, vocab_size=9)
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ProviderError, match="no model of pictures and texts"):
        load(tmp_path)
