"""Encoders of the hub or a folder: pooled and prompted as their files say, on OpenVINO where that gives the same."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest

from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.providers.hugging_face import read_languages
from vectorstore.embeddings.providers.minilm import find_weights
from vectorstore.errors import ProviderError, SettingsError

TEXTS = ["The Moon goes around the Earth.", "Apples grow on trees", "sea " * 60]
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A small encoder with random weights, saved as sentence-transformers does."""

    def build(pooling: str | tuple[str, ...], *, is_normalized: bool = False, **options: Any) -> Path:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
        from transformers import AutoTokenizer, BertConfig, BertModel

        torch.manual_seed(0)
        bare, folder = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp(f"{options.pop('name', 'tiny')}-model")
        tokenizer = AutoTokenizer.from_pretrained(str(find_weights()))
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=128,
        )
        BertModel(config).save_pretrained(bare)
        tokenizer.save_pretrained(bare)
        pooled: Any = Pooling
        modules = [Transformer(str(bare), max_seq_length=64), pooled(32, pooling)]
        SentenceTransformer(modules=modules + [Normalize()] * is_normalized, **options).save(
            str(folder), create_model_card=False
        )
        return folder

    return build


def open_model(setting: str, cache: Path, said: list[str] | None = None) -> EmbeddingModel:
    return load_embedding_model(setting, cache_dir=cache, on_message=(said if said is not None else []).append)


def reference(folder: Path, texts: list[str], prompt: str = "") -> np.ndarray[Any, Any]:
    from sentence_transformers import SentenceTransformer

    encoded: np.ndarray[Any, Any] = SentenceTransformer(str(folder)).encode(
        texts, prompt=prompt, normalize_embeddings=True
    )
    return encoded


@pytest.mark.parametrize(
    ("pooling", "is_normalized"),
    [
        ("mean", True),
        pytest.param("cls", False, marks=pytest.mark.slow),
        ("cls", True),
        pytest.param("lasttoken", False, marks=pytest.mark.slow),
    ],
)
def test_the_mean_the_first_and_the_last_token_run_on_openvino(
    pooling: str, is_normalized: bool, make: Make, tmp_path: Path
) -> None:
    said: list[str] = []
    folder = make(pooling, is_normalized=is_normalized)
    model = open_model(f"huggingface:{folder}", tmp_path, said)
    assert len(list(tmp_path.glob("encoder-*/encoder.json"))) == 1, said
    assert [line.partition(" ")[0] for line in said] == ["converting"]
    vectors = np.array(model.embeddings.embed_documents(TEXTS))
    np.testing.assert_allclose((vectors * reference(folder, TEXTS)).sum(axis=1), 1, atol=1e-4)
    assert vectors.shape == (3, 32)


@pytest.mark.parametrize("pooling", ["max", ("mean", "cls")])
def test_other_poolings_run_on_torch(pooling: str | tuple[str, ...], make: Make, tmp_path: Path) -> None:
    said: list[str] = []
    folder = make(pooling)
    vectors = np.array(open_model(f"huggingface:{folder}", tmp_path, said).embeddings.embed_documents(TEXTS))
    np.testing.assert_allclose(vectors, reference(folder, TEXTS), atol=1e-6)
    assert (said, list(tmp_path.glob("encoder-*"))) == ([], [])


def test_prompts_are_those_of_the_model_s_files_or_of_its_family(make: Make, tmp_path: Path) -> None:
    prompted = make("mean", prompts={"query": "ask: ", "document": "text: "})
    model = open_model(f"huggingface:{prompted}", tmp_path)
    asked = np.array(model.embeddings.embed_query(TEXTS[0]))
    np.testing.assert_allclose(asked @ reference(prompted, TEXTS[:1], "ask: ")[0], 1, atol=1e-4)
    (read,) = np.array(model.embeddings.embed_documents(TEXTS[:1]))
    np.testing.assert_allclose(read @ reference(prompted, TEXTS[:1], "text: ")[0], 1, atol=1e-4)
    family = make("max", name="tiny-e5-")
    asked = np.array(open_model(f"huggingface:{family}", tmp_path).embeddings.embed_query(TEXTS[0]))
    assert asked.shape == (32,)


def test_fewer_dimensions_are_the_first_ones_at_unit_length(make: Make, tmp_path: Path) -> None:
    folder = make("mean")
    whole = np.array(open_model(f"huggingface:{folder}", tmp_path).embeddings.embed_documents(TEXTS))[:, :8]
    short = np.array(open_model(f"huggingface:{folder}@8", tmp_path).embeddings.embed_documents(TEXTS))
    np.testing.assert_allclose(short, whole / np.linalg.norm(whole, axis=1, keepdims=True), atol=1e-6)
    with pytest.raises(SettingsError, match="gives 32 dimensions, fewer than 33"):
        open_model(f"huggingface:{folder}@33", tmp_path)


def test_a_folder_that_was_trained_anew_is_another_model(make: Make, tmp_path: Path) -> None:
    folder = make("mean")
    before = open_model(f"huggingface:{folder}", tmp_path)
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-4:] = b"\0\0\0\0"
    weights.write_bytes(data)
    after = open_model(f"huggingface:{folder}", tmp_path)
    assert before.identity != after.identity
    assert len(list(tmp_path.glob("encoder-*/encoder.json"))) == 2


def test_once_converted_neither_torch_nor_sentence_transformers_is_imported(make: Make, tmp_path: Path) -> None:
    setting = f"huggingface:{make('mean')}"
    open_model(setting, tmp_path)
    code = (
        "import sys; from pathlib import Path; from vectorstore.embeddings import load_embedding_model\n"
        f"model = load_embedding_model({setting!r}, cache_dir=Path({str(tmp_path)!r}))\n"
        "model.embeddings.embed_query('moon'); print(model.max_tokens, model.count_tokens(['the moon']))\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "62 [2]\n[]\n"


def test_the_default_model_s_folder_gives_its_vectors(tmp_path: Path) -> None:
    model = open_model(f"huggingface:{find_weights()}", tmp_path)
    own = load_embedding_model("minilm", cache_dir=platformdirs.user_cache_path("rag-app"))
    one, other = (np.array(each.embeddings.embed_documents(TEXTS)) for each in (model, own))
    assert (one * other).sum(axis=1).min() > 0.9999
    assert model.max_tokens == own.max_tokens


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="could not be loaded"):
        open_model(f"huggingface:{tmp_path}", tmp_path)


def test_a_folder_alone_is_a_model_too_and_never_in_the_place_of_a_known_name(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make("max")
    model = open_model(str(folder), tmp_path)
    assert (model.name, model.revision) == (str(folder), open_model(f"huggingface:{folder}", tmp_path).revision)
    assert np.allclose(model.embeddings.embed_documents(TEXTS), reference(folder, TEXTS), atol=1e-6)
    monkeypatch.chdir(tmp_path)
    Path("minilm").symlink_to(folder)
    assert open_model("minilm", platformdirs.user_cache_path("rag-app")).max_tokens == 254


@pytest.mark.parametrize(
    ("language", "languages"),
    [("en", {"en"}), (["de", "en"], {"de", "en"}), (["multilingual", "de"], set()), (None, set())],
)
def test_a_model_s_languages_are_those_of_its_card(language: object, languages: set[str], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        f"---\n{json.dumps({'language': language})}\n---\n# A model\n", encoding="utf-8"
    )
    assert read_languages(tmp_path) == languages
    assert read_languages(tmp_path / "nowhere") == read_languages(None) == set()


def test_tokens_are_counted_without_transformers_where_files_are_read(make: Make, tmp_path: Path) -> None:
    model = open_model(f"huggingface:{make('max')}", tmp_path)
    texts = [*TEXTS, "", "Wasserstoffbrücken 灯塔"]
    told = model.count_tokens(texts)
    assert told[0] == len(["the", "moon", "goes", "around", "the", "earth", "."])
    code = (
        "import pickle, sys; count = pickle.loads(sys.stdin.buffer.read());"
        "print(count(sys.argv[1:]), 'transformers' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *texts], input=pickle.dumps(model.count_tokens), capture_output=True, check=True
    )
    assert run.stdout.decode().strip() == f"{told} False"
