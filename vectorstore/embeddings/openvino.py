"""Runs encoders on OpenVINO: texts are tokenized, batched by length and embedded as unit vectors, without torch."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from vectorstore.embeddings.model import Vectors

Inputs = Mapping[str, NDArray[np.int64]]
Key = TypeVar("Key")
PRECISION_FILE = "precision"
# Each more stream would hold buffers of its own and gain little.
MOST_STREAMS = 4
# Texts of like length share a call of at most this many tokens, padding included: a few texts run in one call on all
# cores, many in smaller calls, as many at once as there are cores.
BATCH_TOKENS, PARALLEL_TOKENS = 4096, 1024
# From so many tokens on, parallel calls gain more than opening the model for them costs. A question and the sentences
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


class OpenVINOEmbeddings(Embeddings):
    """A converted encoder (see `conversion`). One object serves any number of threads.

    `precision` is OpenVINO's inference precision, `bf16` or `f32`, by default the one that was measured as faster.
    """

    def __init__(self, folder: Path, facts: EncoderFacts, *, precision: str | None = None) -> None:
        self._dimension = facts.dimension
        self.precision = precision or (folder / PRECISION_FILE).read_text(encoding="utf-8")
        self._model = CompiledModel(folder, precision=self.precision)
        self._tokenizer = load_tokenizer(folder)
        self._tokenizer.enable_truncation(facts.window)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector.tolist() for vector in self.embed_array(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def embed_array(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (texts, dimension), in the order of `texts`; a text over the window is cut at its end."""
        encodings = self._tokenizer.encode_batch(list(texts))
        lengths = [len(encoding.ids) for encoding in encodings]
        vectors = np.empty((len(encodings), self._dimension), dtype=np.float32)
        if sum(lengths) < MANY_TOKENS:
            for batch in batches_by_length(lengths, budget=BATCH_TOKENS):
                vectors[batch] = self._model.infer(to_inputs([encodings[i] for i in batch]))
        else:
            batches = batches_by_length(lengths, budget=PARALLEL_TOKENS)
            calls = ((batch, to_inputs([encodings[i] for i in batch])) for batch in batches)
            self._model.infer_parallel(calls, vectors.__setitem__)
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
    return unbounded(Tokenizer.from_file(str(folder / "tokenizer.json")))


def unbounded(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer without truncation or padding, for measuring texts."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """Counts the tokens of texts; a class, so that it can be pickled."""

    tokenizer: Tokenizer

    def __call__(self, texts: Sequence[str]) -> list[int]:
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]


class CompiledModel:
    """`model.xml` of a folder, compiled at first use, once for each of the two ways to run it. Safe for threads."""

    def __init__(self, folder: Path, *, precision: str) -> None:
        self._folder, self._precision = folder, precision
        self._compiled: dict[str, Any] = {}
        self._compiling, self._parallel = threading.Lock(), threading.Lock()
        self._requests = threading.local()  # an infer request holds its buffers: one a thread

    def infer(self, inputs: Inputs) -> Vectors:
        """One call on all cores: the lowest latency."""
        if not hasattr(self._requests, "request"):
            self._requests.request = self._compile({"PERFORMANCE_HINT": "LATENCY"}).create_infer_request()
        result: Vectors = self._requests.request.infer(inputs)[0]
        return result.copy()

    def infer_parallel(self, calls: Iterable[tuple[Key, Inputs]], store: Callable[[Key, Vectors], None]) -> None:
        """Many calls, a core each: the highest throughput, for no core waits at every layer for the others.

        `store` is given each key with its result, which it has to copy, in no order.
        """
        with self._parallel:
            queue = self._open_queue()
            queue.set_callback(lambda request, key: store(key, request.get_output_tensor(0).data))
            try:
                for key, inputs in calls:
                    queue.start_async(inputs, key)
            finally:
                queue.wait_all()

    def _open_queue(self) -> Any:
        # Those that this process may use.
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        streams = min(cores, MOST_STREAMS)
        threads = {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(cores)}
        compiled = self._compile({"PERFORMANCE_HINT": "THROUGHPUT", **threads})
        # One more than run at once, so that a stream that has finished finds the next ready.
        return import_openvino().AsyncInferQueue(compiled, streams + 1)

    def _compile(self, options: Mapping[str, str]) -> Any:
        hint = options["PERFORMANCE_HINT"]
        with self._compiling:
            if hint not in self._compiled:
                core = import_openvino().Core()
                core.set_property({"CACHE_DIR": str(self._folder / "compiled")})
                options = {"INFERENCE_PRECISION_HINT": self._precision, **options}
                self._compiled[hint] = core.compile_model(str(self._folder / "model.xml"), "CPU", options)
            return self._compiled[hint]


def import_openvino() -> Any:
    # Importing openvino reports the import to a remote analytics service and writes a file into the home folder,
    # unless its reporting package cannot be imported: then it uses the stub that it brings along.
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino
