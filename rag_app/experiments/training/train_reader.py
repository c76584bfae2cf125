"""Trains the reader, a cross-encoder with three heads, from MiniLM's weights, and exports it to OpenVINO in 8 bits."""

import json
import random
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Encoding
from torch import Tensor, nn
from transformers import AutoModel

from rag_app.experiments.training.reader_examples import LABELS, Example
from rag_app.wiring import Tell
from vectorstore import find_weights
from vectorstore.embeddings.openvino import batches_by_length, import_openvino

CHECKPOINT, MODEL, CARD = "checkpoint.pt", "reader.xml", "card.json"
BATCH_TOKENS, WARM_UP = 4096, 0.05
# New layers learn faster than those that already read.
LEARNING_RATE, HEADS_FASTER, WEIGHT_DECAY = 1.2e-4, 5, 0.01
SMOOTHING, SPAN_WEIGHT = 0.05, 0.25
# Tensors smaller than this are kept as they are: biases, norms, positions, heads.
SMALLEST_QUANTISED = 100_000


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """`minutes` bound the training: the learning rate falls to zero by its end or by that of the examples. Every
    `checkpoint_seconds` what is reached is kept and told."""

    minutes: float = 140.0
    epochs: int = 2
    seed: int = 0
    window: int = 256
    checkpoint_seconds: float = 60.0


class ReaderModel(nn.Module):
    """Of token ids, mask and types, shape (pairs, tokens): logits of support (pairs, 3), answer (pairs, 1) and of an
    answer's first and last token (pairs, tokens, 2)."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        # Plain attention without dropout is a half faster on a processor, and each pair is read few times.
        options: dict[str, Any] = {"attn_implementation": "eager"}
        options |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "local_files_only": True}
        self.encoder = AutoModel.from_pretrained(weights, **options)
        # Words keep their places: those of no example stay beside their synonyms.
        self.encoder.embeddings.word_embeddings.weight.requires_grad = False
        size = self.encoder.config.hidden_size
        self.support, self.answer, self.span = head(size, len(LABELS)), head(size, 1), nn.Linear(size, 2)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        first = hidden[:, 0]
        return self.support(first), self.answer(first), self.span(hidden)


def head(size: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(size, size), nn.Tanh(), nn.Linear(size, outputs))


def train_reader(
    train: Sequence[Example], held_out: Sequence[Example], output: Path, options: ReaderOptions, *, on_message: Tell
) -> dict[str, Any]:
    """Train, or go on where an interrupted training with the same options stopped; write model and card to `output`.

    Returns the figures of the held-out examples.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed)
    model = ReaderModel(find_weights()).to(device)
    encodings = encode(train, options.window)
    plan = [batch for epoch in range(options.epochs) for batch in shuffled_batches(encodings, options.seed + epoch)]
    on_message(f"{len(train):,} examples, {len(plan):,} steps on {device}")
    run = Training(model, plan, options, output / CHECKPOINT)
    run.resume(on_message)
    run.run([(encoding, example) for encoding, example in zip(encodings, train, strict=True)], device, on_message)
    figures = measure_reader(model, held_out, options.window, device)
    export(model.cpu(), output / MODEL)
    card = {"options": asdict(options), "examples": len(train), "steps": run.step, "held_out": figures}
    (output / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (output / CHECKPOINT).unlink(missing_ok=True)
    return figures


class Training:
    """Model, optimizer and the place in the plan, as they are kept in a checkpoint."""

    def __init__(self, model: ReaderModel, plan: Sequence[list[int]], options: ReaderOptions, path: Path) -> None:
        self.model, self.plan, self.options, self.path = model, plan, options, path
        self.step, self.seconds = 0, 0.0
        learned = {
            name: value for name, value in model.named_parameters() if value.requires_grad and "pooler" not in name
        }
        encoder = [value for name, value in learned.items() if name.startswith("encoder.")]
        heads = [value for name, value in learned.items() if not name.startswith("encoder.")]
        groups = [{"params": encoder, "lr": LEARNING_RATE}, {"params": heads, "lr": LEARNING_RATE * HEADS_FASTER}]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda _: self.rate())

    def rate(self) -> float:
        done = self.done()
        return max(0.01, min(done / WARM_UP, 1.0) * (1 - done))

    def done(self) -> float:
        """The share of the training, in [0, 1], that is behind it: of the steps or of the minutes."""
        return min(1.0, max((self.step + 1) / len(self.plan), self.seconds / 60 / self.options.minutes))

    def run(self, data: Sequence[tuple[Encoding, Example]], device: str, on_message: Tell) -> None:
        self.model.train()
        saved = self.seconds
        while self.step < len(self.plan) and self.seconds < 60 * self.options.minutes:
            began = time.monotonic()
            loss = self.learn([data[i] for i in self.plan[self.step]], device)
            self.step += 1
            self.seconds += time.monotonic() - began
            if self.seconds - saved > self.options.checkpoint_seconds:
                self.save()
                saved = self.seconds
                on_message(f"step {self.step:,} of {len(self.plan):,}, {self.seconds / 60:.0f} min, loss {loss:.3f}")

    def learn(self, examples: Sequence[tuple[Encoding, Example]], device: str) -> float:
        inputs = to_tensors([encoding for encoding, _ in examples], device)
        with torch.autocast(device, torch.bfloat16):
            outputs = self.model(**inputs)
        loss = loss_of(outputs, examples)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    def save(self) -> None:
        """In one step, so that a training stopped meanwhile goes on from the checkpoint before."""
        state = {"options": asdict(self.options), "steps": len(self.plan), "step": self.step, "seconds": self.seconds}
        state |= {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(state, self.path.with_suffix(".new"))
        self.path.with_suffix(".new").replace(self.path)

    def resume(self, on_message: Tell) -> None:
        if not self.path.exists():
            return
        state = torch.load(self.path, map_location=next(self.model.parameters()).device)
        if (state["options"], state["steps"]) != (asdict(self.options), len(self.plan)):
            on_message(f"{self.path} is of another training: begun from the start")
            return
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]
        on_message(f"going on from step {self.step:,}")


def encode(examples: Sequence[Example], window: int) -> list[Encoding]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(find_weights() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(window, strategy="only_second")
    return tokenizer.encode_batch([(example.asked, example.passage) for example in examples])


def shuffled_batches(encodings: Sequence[Encoding], seed: int) -> list[list[int]]:
    """Batches of like length within the budget of tokens, in random order."""
    rng = random.Random(seed)  # noqa: S311 - a choice that can be repeated
    order = list(range(len(encodings)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), 4_000):
        part = order[start : start + 4_000]
        alike = batches_by_length([len(encodings[i].ids) for i in part], budget=BATCH_TOKENS)
        batches += [[part[i] for i in batch] for batch in alike]
    rng.shuffle(batches)
    return batches


def to_tensors(encodings: Sequence[Encoding], device: str) -> dict[str, Tensor]:
    longest = max(len(encoding.ids) for encoding in encodings)
    names = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
    return {
        name: torch.tensor(
            [[*getattr(one, field), *[0] * (longest - len(one.ids))] for one in encodings], device=device
        )
        for name, field in names.items()
    }


def loss_of(outputs: tuple[Tensor, Tensor, Tensor], examples: Sequence[tuple[Encoding, Example]]) -> Tensor:
    """The mean over the pairs of cross-entropies: of the task's own head, and of the span's first and last token."""
    support, answer, span = (logits.float() for logits in outputs)
    loss = support.new_zeros(())
    for task, of_task in (("support", support), ("answer", answer)):
        rows = [i for i, (_, example) in enumerate(examples) if example.task == task]
        if rows:
            labels = torch.tensor([examples[i][1].label for i in rows], device=support.device)
            loss = loss + task_loss(of_task[rows], labels)
    for i, (encoding, example) in enumerate(examples):
        if place := token_span(encoding, example.span):
            own = [k for k, kind in enumerate(encoding.type_ids) if kind == 1][:-1]
            target = torch.tensor([own.index(place[0]), own.index(place[1])], device=support.device)
            loss = loss + SPAN_WEIGHT * nn.functional.cross_entropy(span[i, own].T, target, reduction="sum")
    return loss / len(examples)


def task_loss(logits: Tensor, labels: Tensor) -> Tensor:
    if logits.shape[1] > 1:
        return nn.functional.cross_entropy(logits, labels, reduction="sum", label_smoothing=SMOOTHING)
    wanted = labels.float() * (1 - SMOOTHING) + SMOOTHING / 2
    return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], wanted, reduction="sum")


def token_span(encoding: Encoding, span: tuple[int, int] | None) -> tuple[int, int] | None:
    """The first and last token of the passage in these characters; None where it was cut off."""
    if span is None:
        return None
    inside = [
        i
        for i, ((start, end), kind) in enumerate(zip(encoding.offsets, encoding.type_ids, strict=True))
        if kind == 1 and start < end and start < span[1] and end > span[0]
    ]
    return (inside[0], inside[-1]) if inside else None


@torch.no_grad()
def measure_reader(model: ReaderModel, examples: Sequence[Example], window: int, device: str) -> dict[str, Any]:
    """Areas under the curve of both tasks, the balanced accuracy of `supported`, over whole passages."""
    model.eval()
    scores = np.zeros(len(examples))
    encodings = encode(examples, window)
    for batch in batches_by_length([len(encoding.ids) for encoding in encodings], budget=BATCH_TOKENS):
        support, answer, _ = model(**to_tensors([encodings[i] for i in batch], device))
        supported, answers = support.softmax(-1)[:, 0].tolist(), answer[:, 0].sigmoid().tolist()
        for row, i in enumerate(batch):
            scores[i] = supported[row] if examples[i].task == "support" else answers[row]
    figures: dict[str, Any] = {}
    for task, right in (("support", 0), ("answer", 1)):
        rows = [i for i, example in enumerate(examples) if example.task == task]
        truth, of_task = np.array([examples[i].label == right for i in rows]), scores[rows]
        if truth.any() and not truth.all():
            figures[f"{task}_auc"] = float(roc_auc_score(truth, of_task))
            figures[f"{task}_accuracy"] = float(((of_task[truth] > 0.5).mean() + (of_task[~truth] <= 0.5).mean()) / 2)
        figures[f"{task}_pairs"] = len(rows)
    return figures


def export(model: ReaderModel, path: Path) -> None:
    """Write OpenVINO's `path` and the weights beside it: matrices in 8 bits with a scale a row, the rest in 16."""
    openvino = import_openvino()
    from openvino import opset13 as ops

    ones = torch.ones(2, 16, dtype=torch.int64)
    example = {"input_ids": ones, "attention_mask": ones, "token_type_ids": torch.zeros_like(ones)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's tracer warns of branches that never differ
        converted = openvino.convert_model(model.eval(), example_input=example)
    for node in converted.get_ops():
        if node.get_type_name() != "Constant" or len(node.shape) != 2 or np.prod(node.shape) < SMALLEST_QUANTISED:
            continue
        matrix, readers = node.get_data(), list(node.output(0).get_target_inputs())
        scales = np.abs(matrix).max(axis=1, keepdims=True) / np.float32(127)
        scales[scales == 0] = 1
        small = ops.convert(ops.constant(np.round(matrix / scales).astype(np.int8)), "f32")
        whole = ops.multiply(small, ops.constant(scales.astype(np.float32)))
        for reader in readers:
            reader.replace_source_output(whole.output(0))
    openvino.save_model(converted, path, compress_to_fp16=True)
