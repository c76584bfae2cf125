"""Reads a question or a claim together with texts by a small cross-encoder: which text answers, where, what supports.

`rag train reader` makes the model; reader_model/card.md says of what, and what it reaches.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from vectorstore.embeddings.openvino import batches_by_length, import_openvino, without_bounds
from vectorstore.embeddings.providers.packaged import find_weights

MODEL = Path(__file__).with_name("reader_model") / "reader.xml"
# The tokens of question and text together; the longer of the two is cut at its end.
WINDOW = 384
BATCH_TOKENS = 4096
# A pair has about a kilobyte.
REMEMBERED = 4_000
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model says of one text for a question or claim.

    `answers` is the log-odds that the text answers the question; `supported`, `contradicted` and `unsaid` are the
    probabilities, which sum to 1, that it says so of the claim. `bounds` are the characters of the text's tokens,
    shape (tokens, 2); `starts` and `ends` the probabilities that an answer begins or ends with each, shape (tokens,).
    """

    answers: float
    supported: float
    contradicted: float
    unsaid: float
    bounds: NDArray[np.int32]
    starts: Floats
    ends: Floats

    def share(self, start: int, end: int) -> float:
        """How much of the answer, in [0, 1], lies in these characters of the text."""
        inside = (self.bounds[:, 0] < end) & (self.bounds[:, 1] > start)
        return float((self.starts[inside].sum() + self.ends[inside].sum()) / 2)


@runtime_checkable
class Reads(Protocol):
    """What reads a question or claim together with texts, and gives a reading of each."""

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]: ...


class NoReader:
    """Reads nothing: it says of every text that it answers as likely as not, and that it says nothing of a claim."""

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]:
        nothing = Reading(0.0, 0.0, 0.0, 1.0, np.zeros((0, 2), np.int32), *np.zeros((2, 0), np.float32))
        return [nothing] * len(texts)


class Reader:
    """The project's own model on OpenVINO, opened when it is first asked. One object serves any number of threads."""

    def __init__(self, cache_dir: Path, precision: str = "f32", *, model: Path = MODEL) -> None:
        self._model, self._cache_dir, self._precision = model, cache_dir, precision
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], Reading] = OrderedDict()
        self._requests = threading.local()

    def read(self, asked: str, texts: Sequence[str]) -> list[Reading]:
        """A reading of each text, in their order; pairs that were read lately are not read again."""
        pairs = [(asked, text) for text in texts]
        with self._lock:
            known = {pair: self._known[pair] for pair in pairs if pair in self._known}
        new = [pair for pair in dict.fromkeys(pairs) if pair not in known]
        known |= zip(new, self._read(new), strict=True)
        with self._lock:
            self._known |= known
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return [known[pair] for pair in pairs]

    def _read(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
        encodings = load_pair_tokenizer().encode_batch(list(pairs)) if pairs else []
        readings: dict[int, Reading] = {}
        for batch in batches_by_length([len(encoding.ids) for encoding in encodings], budget=BATCH_TOKENS):
            outputs = self._request().infer(to_inputs([encodings[i] for i in batch]))
            support, answers, spans = (outputs[i] for i in range(3))
            for row, i in enumerate(batch):
                readings[i] = make_reading(encodings[i], support[row], answers[row], spans[row])
        return [readings[i] for i in range(len(pairs))]

    def _request(self) -> Any:
        if not hasattr(self._requests, "request"):
            self._requests.request = compile_reader(
                self._model, self._cache_dir, self._precision
            ).create_infer_request()
        return self._requests.request


_COMPILING = threading.Lock()


def compile_reader(model: Path, cache_dir: Path, precision: str) -> Any:
    with _COMPILING:  # two threads that ask at once must not compile the same model twice
        return _compile(model, cache_dir, precision)


@cache
def _compile(model: Path, cache_dir: Path, precision: str) -> Any:
    core = import_openvino().Core()
    core.set_property({"CACHE_DIR": str(cache_dir / "reader")})
    return core.compile_model(str(model), "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision})


@cache
def load_pair_tokenizer() -> Tokenizer:
    """That of MiniLM, whose vocabulary the reader has."""
    tokenizer = without_bounds(Tokenizer.from_file(str(find_weights() / "tokenizer.json")))
    tokenizer.enable_truncation(WINDOW, strategy="longest_first")
    return tokenizer


def to_inputs(encodings: Sequence[Encoding]) -> dict[str, NDArray[np.int64]]:
    longest = -(-max(len(encoding.ids) for encoding in encodings) // 8) * 8
    ids, mask, types = (np.zeros((len(encodings), longest), np.int64) for _ in range(3))
    for row, encoding in enumerate(encodings):
        length = len(encoding.ids)
        ids[row, :length], mask[row, :length], types[row, :length] = encoding.ids, 1, encoding.type_ids
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def make_reading(encoding: Encoding, support: Floats, answers: Floats, spans: Floats) -> Reading:
    first = encoding.type_ids.index(1) if 1 in encoding.type_ids else len(encoding.ids)
    last = len(encoding.ids) - 1  # behind the text stands the separator
    starts, ends = softmax(spans[first:last].T) if last > first else np.zeros((2, 0), np.float32)
    supported, contradicted, unsaid = softmax(support).tolist()
    bounds = np.array(encoding.offsets[first:last], np.int32).reshape(-1, 2)
    return Reading(float(answers.reshape(())), supported, contradicted, unsaid, bounds, starts, ends)


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares
