"""Encoders of sentence-transformers on the engine of the default model, where they give the same vectors on it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from vectorstore.embeddings.convert import POOLINGS
from vectorstore.embeddings.minilm import (
    PRECISION_FILE,
    MiniLMEmbeddings,
    TokenCounter,
    convert,
    load_tokenizer,
    openvino_version,
)
from vectorstore.embeddings.model import LoadOptions
from vectorstore.errors import RagError

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
