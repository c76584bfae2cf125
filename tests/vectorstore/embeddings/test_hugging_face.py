"""Encoders of the hub or a folder: pooled and prompted as their files say, on OpenVINO where that gives the same."""

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
from vectorstore.embeddings import EmbeddingModel, conversion, load_embedding_model
from vectorstore.embeddings.openvino import EncoderFacts
from vectorstore.embeddings.providers import hugging_face
from vectorstore.embeddings.providers.hugging_face import read_languages
from vectorstore.errors import ProviderError, SettingsError

TEXTS = ["The Moon goes around the Earth.", "Apples grow on trees", "sea " * 60]
Array = np.ndarray[Any, Any]


def open_model(setting: object, cache: Path, said: list[str] | None = None) -> EmbeddingModel:
    on_message = (said if said is not None else []).append
    return load_embedding_model(f"huggingface:{setting}", cache_dir=cache, on_message=on_message)


def embed(model: EmbeddingModel) -> Array:
    return np.array(model.embeddings.embed_documents(TEXTS))


def reference(folder: Path, texts: list[str], prompt: str = "") -> Array:
    from sentence_transformers import SentenceTransformer

    encoded: Array = SentenceTransformer(str(folder)).encode(texts, prompt=prompt, normalize_embeddings=True)
    return encoded


def assert_near(one: Array, other: Array) -> None:
    np.testing.assert_allclose((one * other).sum(axis=1), 1, atol=1e-4)


@pytest.mark.long("a conversion, and a process without torch")
def test_a_converted_encoder_gives_its_vectors_behind_its_prompts_without_torch(tiny: Path, converted: Path) -> None:
    model = open_model(tiny, converted)
    assert len(list(converted.glob("encoder-*/encoder.json"))) == 1
    assert_near(embed(model), reference(tiny, TEXTS, PROMPTS["document"]))
    asked = np.array([model.embeddings.embed_query(TEXTS[0])])
    assert_near(asked, reference(tiny, TEXTS[:1], PROMPTS["query"]))
    code = (
        "import sys; from pathlib import Path; from vectorstore.embeddings import load_embedding_model\n"
        f"model = load_embedding_model('huggingface:{tiny}', cache_dir=Path({str(converted)!r}))\n"
        "model.embeddings.embed_query('moon'); print(model.max_tokens, model.count_tokens(['the moon']))\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "124 [2]\n[]\n"


@pytest.mark.slow  # pooling by one token itself is compared with sentence-transformers in test_openvino.py
@pytest.mark.parametrize(
    ("pooling", "is_normalized"), [("cls", False), ("cls", True), ("lasttoken", False), ("mean", False)]
)
def test_other_poolings_of_one_token_or_all_are_converted_too(
    pooling: str, is_normalized: bool, tmp_path: Path
) -> None:
    said: list[str] = []
    folder = make_tiny_encoder(tmp_path / "encoder", pooling=pooling, is_normalized=is_normalized)
    vectors = embed(open_model(folder, tmp_path, said))
    assert [line.partition(" ")[0] for line in said] == ["converting"]
    assert_near(vectors, reference(folder, TEXTS))
    assert vectors.shape == (3, 32)


def test_other_poolings_run_on_torch(unconverted: Path, tmp_path: Path) -> None:
    both = make_tiny_encoder(tmp_path / "both", pooling=("mean", "cls"))
    said: list[str] = []
    np.testing.assert_allclose(embed(open_model(both, tmp_path, said)), reference(both, TEXTS), atol=1e-6)
    e5 = open_model(unconverted, tmp_path, said)
    np.testing.assert_allclose(embed(e5), reference(unconverted, TEXTS, "passage: "), atol=1e-6)  # as its family's
    assert (said, list(tmp_path.glob("encoder-*"))) == ([], [])


def test_an_encoder_that_gives_other_vectors_there_runs_on_torch_and_is_not_tried_again(
    tiny: Path, converted: Path, unconverted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_model(tiny, converted)
    [another] = converted.glob("encoder-*/")

    def convert(weights: Path, folder: Path, facts: EncoderFacts) -> None:
        shutil.copytree(another, folder, dirs_exist_ok=True)
        (folder / "encoder.json").unlink()

    monkeypatch.setattr(conversion, "convert", convert)
    monkeypatch.setattr(hugging_face, "is_convertible", lambda *arguments: True)
    said: list[str] = []
    for _ in range(2):
        vectors = embed(open_model(unconverted, tmp_path, said))
        np.testing.assert_allclose(vectors, reference(unconverted, TEXTS, "passage: "), atol=1e-6)
    slower = "runs on torch, which is slower: its vectors differ from those of sentence-transformers"
    assert said == [f"converting {unconverted.name} for this processor, once ...", f"{unconverted.name} {slower}"]


def test_fewer_dimensions_are_the_first_ones_at_unit_length(unconverted: Path, tmp_path: Path) -> None:
    whole = embed(open_model(unconverted, tmp_path))[:, :8]
    short = embed(open_model(f"{unconverted}@8", tmp_path))
    np.testing.assert_allclose(short, whole / np.linalg.norm(whole, axis=1, keepdims=True), atol=1e-6)
    with pytest.raises(SettingsError, match="gives 32 dimensions, fewer than 33"):
        open_model(f"{unconverted}@33", tmp_path)


def test_a_folder_alone_is_a_model_too_and_never_in_the_place_of_a_known_name(
    unconverted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, named = load_embedding_model(str(unconverted), cache_dir=tmp_path), open_model(unconverted, tmp_path)
    assert (model.name, model.revision) == (str(unconverted), named.revision)
    assert np.array_equal(embed(model), embed(named))
    monkeypatch.chdir(tmp_path)
    Path("minilm").symlink_to(unconverted)
    cache = platformdirs.user_cache_path("rag-app")
    assert load_embedding_model("minilm", cache_dir=cache).max_tokens == 254


def test_a_folder_with_other_weights_is_another_model_and_one_without_is_refused(
    unconverted: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(unconverted, tmp_path / "encoder")
    before = open_model(folder, tmp_path).identity
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert open_model(folder, tmp_path).identity != before
    weights.unlink()
    with pytest.raises(ProviderError, match="could not be loaded"):
        open_model(folder, tmp_path)


def test_a_model_s_languages_are_those_of_its_card(tmp_path: Path) -> None:
    for named, languages in (
        ("en", {"en"}),
        ("[de, en]", {"de", "en"}),
        ("[multilingual, de]", set()),
        ("null", set()),
    ):
        (tmp_path / "README.md").write_text(f"---\nlanguage: {named}\n---\n# A model\n", encoding="utf-8")
        assert read_languages(tmp_path) == languages
    assert read_languages(tmp_path / "nowhere") == read_languages(None) == set()


def test_tokens_are_counted_without_transformers_where_files_are_read(unconverted: Path, tmp_path: Path) -> None:
    model = open_model(unconverted, tmp_path)
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
