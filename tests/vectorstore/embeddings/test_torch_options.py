"""The device, the numbers and the batches of models that torch runs; none of it changes what runs on OpenVINO."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from numpy.typing import NDArray

pytest.importorskip("Bio", reason="the extra bio is not installed")
pytest.importorskip("cv2", reason="the extra pictures is not installed")

from tests.clip_model import picture
from tests.protein_model import make_esm
from tests.vectorstore.embeddings.conftest import PROMPTS
from vectorstore.embeddings import EmbeddingModel, TorchOptions, embed_chunks, embed_pictures, load_embedding_model
from vectorstore.embeddings.providers import packaged
from vectorstore.embeddings.providers.hugging_face import choose_device
from vectorstore.errors import SettingsError

TEXTS = ["The Moon goes around the Earth.", "Apples grow on trees", "sea " * 60, "orbit", "a ship on the sea"]
PROTEINS = [("MKVLAWGRRESD" * 6)[: 50 + place] for place in range(5)]  # of like length, as batches have them


def open_model(setting: str, torch: TorchOptions, cache: Path = Path("cache")) -> EmbeddingModel:
    return load_embedding_model(setting, cache_dir=cache, torch=torch)


def nearness(one: EmbeddingModel, other: EmbeddingModel, texts: list[str]) -> float:
    """The least cosine of the vectors that both give."""
    vectors = np.array(embed_chunks(one, texts)), np.array(embed_chunks(other, texts))
    assert not np.array_equal(*vectors)
    return float((vectors[0] * vectors[1]).sum(axis=1).min())


@pytest.fixture(scope="module")
def settings(unconverted: Path, clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Of each provider whose models run on torch: a model and texts for it."""
    esm = make_esm(tmp_path_factory.mktemp("esm"))
    clip = ["red stripes", "blue squares", "green squares", "red", "blue"]
    return {f"huggingface:{unconverted}": TEXTS, f"protein:{esm}": PROTEINS, f"clip:{clip_folder}": clip}


def test_other_numbers_than_float32_are_another_model_near_the_plain_one(settings: dict[str, list[str]]) -> None:
    for setting, texts in settings.items():
        plain, half = open_model(setting, TorchOptions()), open_model(setting, TorchOptions(dtype="bfloat16"))
        assert (plain.name, plain.identity) != (half.name, half.identity)
        assert plain.identity == open_model(setting, TorchOptions("cpu", "float32")).identity
        assert nearness(plain, half, texts) > 0.98
    shown = [np.array(embed_pictures(model, [picture("red")])) for model in (plain, half)]
    assert 0.98 < float((shown[0] * shown[1]).sum()) != 1.0


def test_an_encoder_of_other_numbers_is_not_converted(tiny: Path, converted: Path) -> None:
    from sentence_transformers import SentenceTransformer

    setting, half = f"huggingface:{tiny}", TorchOptions(dtype="float16")
    model = open_model(setting, half)
    assert not Path("cache").exists()
    plain, named = (open_model(setting, options, converted) for options in (TorchOptions(), TorchOptions("cpu")))
    assert named.identity == plain.identity != model.identity
    assert embed_chunks(named, TEXTS) == embed_chunks(plain, TEXTS)
    assert nearness(model, plain, TEXTS) > 0.99
    by_hand = SentenceTransformer(str(tiny), device="cpu", model_kwargs={"dtype": half.dtype})
    expected: NDArray[np.float16] = by_hand.encode(TEXTS, prompt=PROMPTS["document"], normalize_embeddings=True)
    np.testing.assert_allclose(embed_chunks(model, TEXTS), expected, atol=4e-3)  # normalized again in float32


@contextmanager
def largest_batch() -> Iterator[list[int]]:
    """How many texts or pictures torch was given in each call."""
    import torch

    seen: list[int] = []

    def note(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if isinstance(module, torch.nn.Embedding | torch.nn.Conv2d):
            seen.append(inputs[0].shape[0])

    hook = torch.nn.modules.module.register_module_forward_pre_hook(note)
    yield seen
    hook.remove()


@pytest.mark.parametrize("size", [2, 5])
def test_no_more_goes_through_at_once_than_is_allowed(settings: dict[str, list[str]], size: int) -> None:
    for setting, texts in settings.items():
        model = open_model(setting, TorchOptions(batch=size))
        with largest_batch() as seen:
            assert len(embed_chunks(model, texts)) == 5
        assert max(seen) == size, setting
    with largest_batch() as seen:
        assert len(embed_pictures(model, [picture("red")] * 5)) == 5
    assert max(seen) == size


def test_a_device_that_is_not_there_is_refused(settings: dict[str, list[str]]) -> None:
    import torch

    if torch.backends.mps.is_available():
        pytest.skip("this machine has it")
    for setting in ("minilm", *settings):
        with pytest.raises(SettingsError, match="RAG_DEVICE=mps is not there: torch finds cpu") as raised:
            open_model(setting, TorchOptions(device="mps"))
        assert raised.value.hint == "set RAG_DEVICE=cpu, or leave it unset for what torch prefers"


def test_a_named_device_wins_over_the_one_that_torch_prefers(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: torch.device("cuda", 0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [choose_device(wanted) for wanted in (None, "cpu", "cuda")] == ["cuda", "cpu", "cuda"]


def test_the_default_model_stays_on_the_processor_where_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "has_gpu", lambda: True)
    engines = {"OpenVINOEmbeddings": TorchOptions("cpu", "bfloat16"), "EncoderEmbeddings": TorchOptions()}
    for engine, torch in engines.items():
        model = open_model("minilm", torch, platformdirs.user_cache_path("rag-app"))
        assert type(model.embeddings).__name__ == engine
