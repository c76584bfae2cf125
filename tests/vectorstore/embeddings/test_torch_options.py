"""The device, the numbers and the batches of models that torch runs; none of it changes what runs on OpenVINO."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.protein_model import make_esm
from tests.vectorstore.embeddings.conftest import PROMPTS
from vectorstore.embeddings import EmbeddingModel, TorchOptions, embed_chunks, embed_pictures, load_embedding_model
from vectorstore.embeddings.providers.hugging_face import choose_device
from vectorstore.errors import SettingsError

TEXTS = ["The Moon goes around the Earth.", "Apples grow on trees", "sea " * 60, "orbit", "a ship on the sea"]
PROTEINS = [("MKVLAWGRRESD" * 6)[: 50 + place] for place in range(5)]  # of like length, as batches have them


def open_model(setting: str, torch: TorchOptions) -> EmbeddingModel:
    return load_embedding_model(setting, cache_dir=Path("cache"), torch=torch)


def nearness(one: EmbeddingModel, other: EmbeddingModel, texts: list[str]) -> float:
    """The least cosine of the vectors that both give."""
    vectors = np.array(embed_chunks(one, texts)), np.array(embed_chunks(other, texts))
    assert not np.array_equal(*vectors)
    return float((vectors[0] * vectors[1]).sum(axis=1).min())


def test_other_numbers_than_float32_run_on_torch_as_another_model(tiny: Path, converted: Path) -> None:
    from sentence_transformers import SentenceTransformer

    opened = {dtype: open_model(f"huggingface:{tiny}", TorchOptions(dtype=dtype)) for dtype in ("bfloat16", "float16")}
    assert not Path("cache").exists()
    plain, named = (
        load_embedding_model(f"huggingface:{tiny}", cache_dir=converted, torch=options)
        for options in (TorchOptions(), TorchOptions("cpu", "float32"))
    )
    assert len(list(converted.glob("encoder-*/encoder.json"))) == 1
    assert named.identity == plain.identity
    assert embed_chunks(named, TEXTS) == embed_chunks(plain, TEXTS)
    assert len({model.identity for model in (*opened.values(), plain)}) == 3
    assert {model.name for model in opened.values()} == {plain.name}
    for dtype, model in opened.items():
        by_hand = SentenceTransformer(str(tiny), device="cpu", model_kwargs={"dtype": dtype})
        expected: NDArray[np.float32] = by_hand.encode(
            TEXTS, prompt=PROMPTS["document"], normalize_embeddings=True
        ).astype(np.float32)
        np.testing.assert_allclose(embed_chunks(model, TEXTS), expected, atol=4e-3)  # normalized again in float32
        assert nearness(model, plain, TEXTS) > 0.99


def test_proteins_too(tmp_path: Path) -> None:
    pytest.importorskip("Bio", reason="the extra bio is not installed")
    setting = f"protein:{make_esm(tmp_path / 'esm')}"
    plain, half = open_model(setting, TorchOptions()), open_model(setting, TorchOptions(dtype="bfloat16"))
    assert plain.identity != half.identity
    assert plain.identity == open_model(setting, TorchOptions("cpu", "float32")).identity
    assert nearness(plain, half, PROTEINS) > 0.98


def test_pictures_too(clip_folder: Path) -> None:
    pytest.importorskip("cv2", reason="the extra pictures is not installed")
    from tests.clip_model import picture

    setting = f"clip:{clip_folder}"
    plain, half = open_model(setting, TorchOptions()), open_model(setting, TorchOptions(dtype="bfloat16"))
    assert plain.identity != half.identity
    assert nearness(plain, half, ["red stripes", "blue squares"]) > 0.98
    shown = [np.array(embed_pictures(model, [picture("red")])) for model in (plain, half)]
    assert 0.98 < float((shown[0] * shown[1]).sum()) != 1.0


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


def test_no_more_goes_through_at_once_than_is_allowed(unconverted: Path, tmp_path: Path, clip_folder: Path) -> None:
    pytest.importorskip("Bio", reason="the extra bio is not installed")
    pytest.importorskip("cv2", reason="the extra pictures is not installed")
    from tests.clip_model import picture

    esm = make_esm(tmp_path / "esm")
    for size in (2, 5):
        torch = TorchOptions(batch=size)
        for setting, texts in {f"huggingface:{unconverted}": TEXTS, f"protein:{esm}": PROTEINS}.items():
            with largest_batch() as seen:
                assert len(embed_chunks(open_model(setting, torch), texts)) == 5
            assert max(seen) == size, setting
        with largest_batch() as seen:
            clip = open_model(f"clip:{clip_folder}", torch)
            assert len(embed_pictures(clip, [picture("red")] * 5)) == 5
        assert max(seen) == size
        with largest_batch() as seen:
            assert len(embed_chunks(clip, ["red stripes"] * 5)) == 5
        assert max(seen) == size


def test_a_device_that_is_not_there_is_told(tiny: Path, clip_folder: Path, tmp_path: Path) -> None:
    import torch

    pytest.importorskip("Bio", reason="the extra bio is not installed")
    pytest.importorskip("cv2", reason="the extra pictures is not installed")
    if torch.backends.mps.is_available():
        pytest.skip("this machine has it")
    for setting in ("minilm", f"huggingface:{tiny}", f"clip:{clip_folder}", f"protein:{make_esm(tmp_path / 'esm')}"):
        with pytest.raises(SettingsError, match="RAG_DEVICE=mps is not there: torch finds cpu") as raised:
            open_model(setting, TorchOptions(device="mps"))
        assert raised.value.hint == "set RAG_DEVICE=cpu, or leave it unset for what torch prefers"


def test_a_named_device_wins_over_the_one_that_torch_prefers(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: torch.device("cuda", 0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [choose_device(wanted) for wanted in (None, "cpu", "cuda")] == ["cuda", "cpu", "cuda"]


def test_the_default_model_stays_on_the_processor_where_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    from vectorstore.embeddings.providers import packaged

    monkeypatch.setattr(packaged, "has_gpu", lambda: True)
    cache = platformdirs.user_cache_path("rag-app")
    for torch, engine in (
        (TorchOptions("cpu", "bfloat16"), "OpenVINOEmbeddings"),
        (TorchOptions(), "EncoderEmbeddings"),
    ):
        model = load_embedding_model("minilm", cache_dir=cache, torch=torch)
        assert type(model.embeddings).__name__ == engine
