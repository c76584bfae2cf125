"""Converts a published encoder once to an OpenVINO model of pooled unit vectors, and compares it with the original.

The conversion is a process of its own: python -m vectorstore.embeddings.conversion WEIGHTS_FOLDER OUTPUT_FOLDER POOLING
"""

import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vectorstore.embeddings.openvino import PRECISION_FILE, EncoderFacts, OpenVINOEmbeddings, import_openvino
from vectorstore.errors import RagError

# As sentence-transformers calls them: the mean of the tokens, the first, the last.
POOLINGS = ("mean", "cls", "lasttoken")
# In the folder of an encoder, the one where it gives the same vectors, the other with the reason where it does not.
FACTS_FILE, UNFIT_FILE = "encoder.json", "unfit.txt"
MEASURED_TEXTS = ["one of the texts that the two precisions are measured with " * 10] * 16
MEASUREMENTS = 3
# Both engines have to give vectors as near as this, of every text.
LEAST_COSINE = 0.9999
SENTENCE = "The keeper of the lighthouse writes down when each ship passes, and the weather at noon. "
# Of all lengths, so that batches are padded and the window is reached.
PARITY_TEXTS = ["Moon", "Wo liegt der Hafen?", "\u6708\u304c\u6d77\u3092\u5f15\u304f", "x1 = 3.5 * (a - b)"] + [
    SENTENCE * times for times in (1, 2, 3, 5, 8, 13, 21, 40)
]


def open_converted(folder: Path) -> tuple[EncoderFacts, OpenVINOEmbeddings] | None:
    """None where the model has not been converted, or gave other vectors."""
    if not (folder / FACTS_FILE).exists():
        return None
    facts = EncoderFacts(**json.loads((folder / FACTS_FILE).read_text(encoding="utf-8")))
    return facts, OpenVINOEmbeddings(folder, facts)


def is_convertible(opened: Any, weights: Path, facts: EncoderFacts) -> bool:
    """A transformer with a known pooling, normalized or not, a tokenizer in one file, on the processor."""
    names = [type(module).__name__ for module in opened]
    is_known = names[:2] == ["Transformer", "Pooling"] and names[2:] in ([], ["Normalize"])
    has_tokenizer = (weights / "tokenizer.json").exists()
    return is_known and facts.pooling in POOLINGS and has_tokenizer and opened.device.type == "cpu"


def convert_and_compare(
    weights: Path, folder: Path, facts: EncoderFacts, *, opened: Any, on_message: Callable[[str], None]
) -> None:
    """Convert a model that sentence-transformers has `opened`, and write whether it gives the same vectors."""
    try:
        convert(weights, folder, facts)
        reason = compare(opened, folder, facts)
    except RagError as error:
        reason = error.message
    if reason:
        on_message(f"{weights.name} runs on torch, which is slower: {reason}")
        (folder / UNFIT_FILE).write_text(reason, encoding="utf-8")
    else:
        (folder / FACTS_FILE).write_text(json.dumps(asdict(facts)), encoding="utf-8")


def compare(opened: Any, folder: Path, facts: EncoderFacts) -> str:
    """Why the converted model cannot be used; empty where it can, if need be in a higher precision."""
    expected = opened.encode(PARITY_TEXTS, prompt="", normalize_embeddings=True, show_progress_bar=False)
    for precision in dict.fromkeys(((folder / PRECISION_FILE).read_text(encoding="utf-8"), "f32")):
        vectors = OpenVINOEmbeddings(folder, facts, precision=precision).embed_array(PARITY_TEXTS)
        if (np.asarray(expected, np.float32) * vectors).sum(axis=1).min() >= LEAST_COSINE:
            (folder / PRECISION_FILE).write_text(precision, encoding="utf-8")
            return ""
    return "its vectors differ from those of sentence-transformers"


def convert(weights: Path, folder: Path, facts: EncoderFacts) -> None:
    """Convert into a folder, in a process of its own, so that torch's memory goes with it. Raises RagError."""
    module = "vectorstore.embeddings.conversion"
    # Without the current folder on the path: its code is not ours to run.
    command = [sys.executable, "-P", "-m", module, str(weights), str(folder), facts.pooling]
    search_path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search_path))}
    finished = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if finished.returncode != 0:
        reason = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise RagError(f"the model in {weights} could not be converted: {reason}", "rag doctor")
    shutil.copy(weights / "tokenizer.json", folder)
    (folder / PRECISION_FILE).write_text(faster_precision(folder, facts), encoding="utf-8")


def faster_precision(folder: Path, facts: EncoderFacts) -> str:
    """`bf16` or `f32`, whichever embeds faster here: bf16 is twice as fast with AMX, and slower than f32 where the
    processor has its instructions alone."""
    if "BF16" not in import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "f32"
    models = {precision: OpenVINOEmbeddings(folder, facts, precision=precision) for precision in ("bf16", "f32")}
    seconds: dict[str, list[float]] = {precision: [] for precision in models}
    for _ in range(MEASUREMENTS + 1):
        for precision, model in models.items():
            began = time.perf_counter()
            model.embed_array(MEASURED_TEXTS)
            seconds[precision].append(time.perf_counter() - began)
    return min(seconds, key=lambda precision: min(seconds[precision][1:]))  # the first is warming up


def write_openvino_model(weights: Path, output: Path, pooling: str) -> None:
    """Write `model.xml` and `model.bin`: token ids and mask, shape (texts, tokens), to vectors (texts, dimension)."""
    openvino = import_openvino()
    import torch
    from transformers import AutoModel

    class PooledEncoder(torch.nn.Module):
        """Pooling over the attention mask, then unit length, as the model's card gives it."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(weights, local_files_only=True).eval()

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
        ) -> torch.Tensor:
            hidden = self.encoder(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state
            return torch.nn.functional.normalize(pool(hidden, attention_mask, pooling), p=2, dim=1)

    ones = torch.ones(2, 16, dtype=torch.int64)
    example = {"input_ids": ones, "attention_mask": ones, "token_type_ids": torch.zeros_like(ones)}
    model = openvino.convert_model(PooledEncoder(), example_input=example)
    openvino.save_model(model, output / "model.xml", compress_to_fp16=True)


def pool(hidden: Any, attention_mask: Any, pooling: str) -> Any:
    """One vector a text, of hidden states of shape (texts, tokens, dimension) with padding at the end."""
    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "lasttoken":
        last = (attention_mask.sum(1) - 1).view(-1, 1, 1).expand(-1, 1, hidden.shape[-1])
        return hidden.gather(1, last).squeeze(1)
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # torch's tracer warns of branches that the parity test covers
    write_openvino_model(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
