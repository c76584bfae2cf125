"""Runs encoders on OpenVINO: texts are tokenized, batched by length and embedded as unit vectors, without torch."""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from vectorstore.embeddings.model import ArrayEmbeddings, Vectors

PRECISION_FILE = "precision"
# Each more stream would hold buffers of its own and gain little.
MOST_STREAMS = 4
# Texts of like length share a call of at most this many tokens, padding included: a few texts run in one call on all
# cores, many in smaller calls, as many at once as there are cores.
BATCH_TOKENS, PARALLEL_TOKENS = 4096, 1024
# From this many tokens on, parallel calls gain more than opening the model for them costs. A question and the sentences
# of the passages found for it have fewer.
MANY_TOKENS = 8192
# A batch's longest text may exceed its shortest by this much. On the sentences of five passages these took 0.64 of the
# processor time of one batch; 1.5 and 12 took 0.66, 2 and 16 took 0.72.
PADDING_FACTOR, PADDING_TOKENS = 1.3, 8
# OpenVINO keeps what it has prepared for every shape that it has met: with lengths in steps it meets few.
LENGTH_STEP = 8


@dataclass(frozen=True, slots=True)
class EncoderFacts:
    """`window` is in tokens, `special_tokens` of them the model's own; the prompts precede the texts; `pooling` is as
    sentence-transformers calls it, empty where there is none of one kind."""

    window: int
    dimension: int
    special_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""
    pooling: str = ""


class OpenVINOEmbeddings(ArrayEmbeddings):
    """A converted encoder (see `conversion`): `model.xml` of a folder, compiled at first use, once for each of the two
    ways to run it. One object serves any number of threads.

    `precision` is OpenVINO's inference precision, `bf16` or `f32`, by default the one that was measured as faster.
    """

    def __init__(self, folder: Path, facts: EncoderFacts, *, precision: str | None = None) -> None:
        self._folder, self._dimension = folder, facts.dimension
        self.precision = precision or (folder / PRECISION_FILE).read_text(encoding="utf-8")
        self._tokenizer = load_tokenizer(folder)
        self._tokenizer.enable_truncation(facts.window)
        self._compiled: dict[str, Any] = {}
        self._compiling, self._parallel = threading.Lock(), threading.Lock()
        self._requests = threading.local()  # an infer request holds its buffers: one a thread

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (texts, dimension), in the order of `texts`; a text over the window is cut at its end."""
        encodings = self._tokenizer.encode_batch(list(texts))
        lengths = [len(encoding.ids) for encoding in encodings]
        vectors = np.empty((len(encodings), self._dimension), dtype=np.float32)
        if sum(lengths) < MANY_TOKENS:
            self._run(encodings, batches_by_length(lengths, budget=BATCH_TOKENS), vectors)
        else:
            self._run_abreast(encodings, batches_by_length(lengths, budget=PARALLEL_TOKENS), vectors)
        return vectors

    def _run(self, encodings: Sequence[Encoding], batches: Sequence[list[int]], vectors: Vectors) -> None:
        """One call after another, each on all cores: the lowest latency."""
        if not hasattr(self._requests, "request"):
            self._requests.request = self._compile("LATENCY").create_infer_request()
        for batch in batches:
            vectors[batch] = self._requests.request.infer(to_inputs([encodings[i] for i in batch]))[0]

    def _run_abreast(self, encodings: Sequence[Encoding], batches: Sequence[list[int]], vectors: Vectors) -> None:
        """Many calls, a core each: the highest throughput, for no core waits at every layer for the others."""
        cores = usable_cores()
        streams = min(cores, MOST_STREAMS)
        with self._parallel:
            compiled = self._compile("THROUGHPUT", NUM_STREAMS=str(streams), INFERENCE_NUM_THREADS=str(cores))
            # One more than run at once, so that a stream that has finished finds the next ready.
            queue = import_openvino().AsyncInferQueue(compiled, streams + 1)
            queue.set_callback(partial(copy_result, vectors))
            try:
                for batch in batches:
                    queue.start_async(to_inputs([encodings[i] for i in batch]), batch)
            finally:
                queue.wait_all()

    def _compile(self, hint: str, **options: str) -> Any:
        with self._compiling:
            if hint not in self._compiled:
                core = import_openvino().Core()
                core.set_property({"CACHE_DIR": str(self._folder / "compiled")})
                options |= {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": self.precision}
                self._compiled[hint] = core.compile_model(str(self._folder / "model.xml"), "CPU", options)
            return self._compiled[hint]


def copy_result(vectors: Vectors, request: Any, batch: list[int]) -> None:
    vectors[batch] = request.get_output_tensor(0).data


def to_inputs(encodings: Sequence[Encoding]) -> Mapping[str, NDArray[np.int64]]:
    """Arrays of shape (texts, tokens of the longest, rounded up)."""
    longest = max(len(encoding.ids) for encoding in encodings)
    for encoding in encodings:
        encoding.pad(-(-longest // LENGTH_STEP) * LENGTH_STEP)
    ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
    mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def batches_by_length(lengths: Sequence[int], *, budget: int, most: int | None = None) -> list[list[int]]:
    """Indices grouped so that texts of like length share a batch: at most this many of them, and padded within the
    budget."""
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[index]
        is_full = not batches or len(batches[-1]) == most or (len(batches[-1]) + 1) * length > budget
        if is_full or length > longest:
            batches.append([])
            longest = int(length * PADDING_FACTOR) + PADDING_TOKENS
        batches[-1].append(index)
    return batches


def load_tokenizer(folder: Path) -> Tokenizer:
    return without_bounds(Tokenizer.from_file(str(folder / "tokenizer.json")))


def without_bounds(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer without truncation or padding."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def count_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
    """The tokens of whole texts, without the model's own."""
    return [len(encoding.ids) for encoding in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


def usable_cores() -> int:
    """Those that this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def import_openvino() -> Any:
    # Importing openvino reports the import to a remote analytics service and writes a file into the home folder,
    # unless its reporting package cannot be imported: then it uses the stub that it brings along.
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino
