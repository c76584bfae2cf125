"""Encoders of sentence-transformers on the engine of the default model, where they give the same vectors on it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from vectorstore.embeddings.compiled import CompiledModel, import_openvino
from vectorstore.embeddings.convert import POOLINGS
from vectorstore.embeddings.model import LoadOptions
from vectorstore.errors import RagError

DIMENSION = 384
# The model's own files say 256 (sentence_bert_config.json), two of which are [CLS] and [SEP].
WINDOW = 256
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


FACTS_FILE, UNFIT_FILE = "encoder.json", "unfit.txt"
# As near as this the vectors of both engines must lie, of every text.
LEAST_COSINE = 0.9999
SENTENCE = "The keeper of the lighthouse writes down when each ship passes, and the weather at noon. "
# Of all lengths, so that batches are padded and the window is reached.
PARITY_TEXTS = ["Moon", "Wo liegt der Hafen?", "\u6708\u304c\u6d77\u3092\u5f15\u304f", "x1 = 3.5 * (a - b)"] + [
    SENTENCE * times for times in (1, 2, 3, 5, 8, 13, 21, 40)
]


@dataclass(frozen=True, slots=True)
class Facts:
    """`window` is in tokens, `special_tokens` of them the model's own; the prompts stand before what is embedded;
    `pooling` is as sentence-transformers calls it, and empty where there is none of one kind."""

    window: int
    dimension: int
    special_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""
    pooling: str = ""


Converted = tuple[Facts, MiniLMEmbeddings, Callable[[Sequence[str]], list[int]]]


def open_converted(cache_dir: Path, revision: str) -> Converted | None:
    """None where it has not been converted, or did not give the same vectors."""
    folder = place(cache_dir, revision)
    if not (folder / FACTS_FILE).exists():
        return None
    facts = Facts(**json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")))
    encoder = MiniLMEmbeddings(folder, window=facts.window, dimension=facts.dimension)
    return facts, encoder, TokenCounter(load_tokenizer(folder))


def place(cache_dir: Path, revision: str) -> Path:
    return cache_dir / f"encoder-{revision}-{openvino_version()}"


def prepare(opened: Any, weights: Path, facts: Facts, options: LoadOptions, revision: str) -> bool:
    """Convert a model that sentence-transformers has opened, and compare; whether it can be used from now on."""
    folder = place(options.cache_dir, revision)
    if not is_convertible(opened, weights, facts) or (folder / UNFIT_FILE).exists():
        return False
    options.cache_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(options.cache_dir / "encoder.lock"):
        if not (folder / FACTS_FILE).exists():
            options.on_message(f"converting {weights.name} for this processor, once ...")
            reason = convert_and_compare(opened, weights, folder, facts)
            if reason:
                folder.mkdir(exist_ok=True)
                (folder / UNFIT_FILE).write_text(reason, encoding="utf-8")
                options.on_message(f"{weights.name} runs on torch, which is slower: {reason}")
                return False
            (folder / FACTS_FILE).write_text(json.dumps(asdict(facts)), encoding="utf-8")
    return True


def is_convertible(opened: Any, weights: Path, facts: Facts) -> bool:
    """A transformer, a pooling that the graph can have, unit length or not, a tokenizer in one file; on a processor."""
    names = [type(module).__name__ for module in opened]
    is_known = names[:2] == ["Transformer", "Pooling"] and names[2:] in ([], ["Normalize"])
    return (
        is_known and facts.pooling in POOLINGS and (weights / "tokenizer.json").exists() and opened.device.type == "cpu"
    )


def convert_and_compare(opened: Any, weights: Path, folder: Path, facts: Facts) -> str:
    """Why it cannot be used; nothing where it can."""
    shape = {"window": facts.window, "dimension": facts.dimension}
    try:
        convert(weights, folder, pooling=facts.pooling, **shape)
    except RagError as error:
        return error.message
    wanted = opened.encode(PARITY_TEXTS, prompt="", normalize_embeddings=True, show_progress_bar=False)
    for precision in dict.fromkeys(((folder / PRECISION_FILE).read_text(encoding="utf-8"), "f32")):
        encoder = MiniLMEmbeddings(folder, precision=precision, **shape)
        if least_cosine(np.asarray(wanted, np.float32), encoder.embed_array(PARITY_TEXTS)) >= LEAST_COSINE:
            (folder / PRECISION_FILE).write_text(precision, encoding="utf-8")
            return ""
    return "its vectors differ from those of sentence-transformers"


def least_cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float((one * other).sum(axis=1).min())
