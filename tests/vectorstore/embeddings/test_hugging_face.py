"""Encoders of the hub or a folder: pooled and prompted as their files say, on OpenVINO where that gives the same."""

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest

from tests.tiny_encoder import make_tiny_encoder
from tests.vectorstore.embeddings.conftest import PROMPTS
from vectorstore.embeddings import EmbeddingModel, load_embedding_model
from vectorstore.embeddings.providers.hugging_face import read_languages
from vectorstore.errors import ProviderError, SettingsError

TEXTS = ["The Moon goes around the Earth.", "Apples grow on trees", "sea " * 60]
Array = np.ndarray[Any, Any]


def open_model(setting: str, cache: Path, said: list[str] | None = None) -> EmbeddingModel:
    return load_embedding_model(setting, cache_dir=cache, on_message=(said if said is not None else []).append)


def embed(model: EmbeddingModel) -> Array:
    return np.array(model.embeddings.embed_documents(TEXTS))


def reference(folder: Path, texts: list[str], prompt: str = "") -> Array:
    from sentence_transformers import SentenceTransformer

    encoded: Array = SentenceTransformer(str(folder)).encode(texts, prompt=prompt, normalize_embeddings=True)
    return encoded


def assert_near(one: Array, other: Array) -> None:
    np.testing.assert_allclose((one * other).sum(axis=1), 1, atol=1e-4)


def test_a_converted_encoder_gives_its_vectors_behind_its_prompts(tiny: Path, converted: Path) -> None:
    model = open_model(f"huggingface:{tiny}", converted)
    assert len(list(converted.glob("encoder-*/encoder.json"))) == 1
    assert type(model.embeddings).__name__ == "EncoderEmbeddings"
    assert_near(embed(model), reference(tiny, TEXTS, PROMPTS["document"]))
    asked = np.array([model.embeddings.embed_query(TEXTS[0])])
    assert_near(asked, reference(tiny, TEXTS[:1], PROMPTS["query"]))


@pytest.mark.parametrize(
    ("pooling", "is_normalized"),
    [
        ("cls", False),
        pytest.param("cls", True, marks=pytest.mark.slow),
        ("lasttoken", False),
        pytest.param("mean", False, marks=pytest.mark.slow),
    ],
)
def test_other_poolings_of_one_token_or_all_are_converted_too(
    pooling: str, is_normalized: bool, tmp_path: Path
) -> None:
    said: list[str] = []
    folder = make_tiny_encoder(tmp_path / "encoder", pooling=pooling, is_normalized=is_normalized)
    vectors = embed(open_model(f"huggingface:{folder}", tmp_path, said))
    assert [line.partition(" ")[0] for line in said] == ["converting"]
    assert_near(vectors, reference(folder, TEXTS))
    assert vectors.shape == (3, 32)


def test_other_poolings_run_on_torch(unconverted: Path, tmp_path: Path) -> None:
    both = make_tiny_encoder(tmp_path / "both", pooling=("mean", "cls"))
    said: list[str] = []
    vectors = embed(open_model(f"huggingface:{both}", tmp_path, said))
    np.testing.assert_allclose(vectors, reference(both, TEXTS), atol=1e-6)
    e5 = open_model(f"huggingface:{unconverted}", tmp_path, said)
    np.testing.assert_allclose(embed(e5), reference(unconverted, TEXTS, "passage: "), atol=1e-6)  # as its family's
    assert (said, list(tmp_path.glob("encoder-*"))) == ([], [])


def test_fewer_dimensions_are_the_first_ones_at_unit_length(unconverted: Path, tmp_path: Path) -> None:
    whole = embed(open_model(f"huggingface:{unconverted}", tmp_path))[:, :8]
    short = embed(open_model(f"huggingface:{unconverted}@8", tmp_path))
    np.testing.assert_allclose(short, whole / np.linalg.norm(whole, axis=1, keepdims=True), atol=1e-6)
    with pytest.raises(SettingsError, match="gives 32 dimensions, fewer than 33"):
        open_model(f"huggingface:{unconverted}@33", tmp_path)


def test_a_folder_with_other_weights_is_another_model(unconverted: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(unconverted, tmp_path / "encoder")
    before = open_model(f"huggingface:{folder}", tmp_path).identity
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert open_model(f"huggingface:{folder}", tmp_path).identity != before


def test_once_converted_neither_torch_nor_sentence_transformers_is_imported(tiny: Path, converted: Path) -> None:
    open_model(f"huggingface:{tiny}", converted)
    code = (
        "import sys; from pathlib import Path; from vectorstore.embeddings import load_embedding_model\n"
        f"model = load_embedding_model('huggingface:{tiny}', cache_dir=Path({str(converted)!r}))\n"
        "model.embeddings.embed_query('moon'); print(model.max_tokens, model.count_tokens(['the moon']))\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "124 [2]\n[]\n"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="could not be loaded"):
        open_model(f"huggingface:{tmp_path}", tmp_path)


def test_a_folder_alone_is_a_model_too_and_never_in_the_place_of_a_known_name(
    unconverted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, named = (open_model(setting, tmp_path) for setting in (str(unconverted), f"huggingface:{unconverted}"))
    assert (model.name, model.revision) == (str(unconverted), named.revision)
    assert np.array_equal(embed(model), embed(named))
    monkeypatch.chdir(tmp_path)
    Path("minilm").symlink_to(unconverted)
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


def test_tokens_are_counted_without_transformers_where_files_are_read(unconverted: Path, tmp_path: Path) -> None:
    model = open_model(f"huggingface:{unconverted}", tmp_path)
    texts = [*TEXTS, "", "Wasserstoffbrücken 灯塔"]
    counts = model.count_tokens(texts)
    assert counts[0] == len(["the", "moon", "goes", "around", "the", "earth", "."])
    code = (
        "import pickle, sys; count = pickle.loads(sys.stdin.buffer.read());"
        "print(count(sys.argv[1:]), 'transformers' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *texts], input=pickle.dumps(model.count_tokens), capture_output=True, check=True
    )
    assert run.stdout.decode().strip() == f"{counts} False"
