"""From examples to an encoder trained on them, a folder that sentence-transformers opens."""

import os
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_app.experiments.training.examples import Example

Weights = dict[str, Any]
Tell = Callable[[str], None]
# A text's share of a batch in memory grows with the square of its length: larger batches go through in parts.
PART = 32


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """`learning_rate` is reached after the share `warm_up` of the steps and then falls to 0 in a line. Texts are cut
    at `max_tokens` to train, which halves the time; the model that comes of it reads as much as before.

    The result's weights are `blend` of the trained ones and the rest of those it began from: a model in between keeps
    what the examples are too few to teach anew (Wortsman and others, "Robust fine-tuning of zero-shot models", 2022).
    """

    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 2e-5
    seed: int = 0
    warm_up: float = 0.1
    max_tokens: int = 128
    blend: float = 0.5


def fine_tune(
    weights: Path, examples: Sequence[Example], output: Path, *, options: TrainingOptions, on_message: Tell
) -> float:
    """Train the encoder in the folder `weights` and write the result to `output`; returns the last loss.

    In a batch, the passages of the other examples are wrong for a query, as its hard negatives are: the loss is the
    cross-entropy of its own (Henderson and others, "Efficient Natural Language Response Suggestion", 2017).
    """
    # For as long as the trainer lives, nothing is asked of a hub or told to anyone, and no bar drawn among the lines.
    silent = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "WANDB_DISABLED", "TQDM_DISABLE")
    for name in silent:
        os.environ[name] = "1" if name != "WANDB_DISABLED" else "true"
    from datasets import Dataset  # with torch and the trainer ten seconds, which only this needs
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.training_args import BatchSamplers
    from transformers import set_seed

    set_seed(options.seed)
    model = SentenceTransformer(str(weights), local_files_only=True)
    window = model.max_seq_length
    model.max_seq_length = min(options.max_tokens, window or options.max_tokens)
    began = {name: value.detach().clone() for name, value in model.state_dict().items()}
    shuffled = random.Random(options.seed).sample(list(examples), len(examples))  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="rag-train-") as folder:
        trainer = SentenceTransformerTrainer(
            model=model,
            args=SentenceTransformerTrainingArguments(
                output_dir=folder,
                num_train_epochs=options.epochs,
                per_device_train_batch_size=options.batch_size,
                learning_rate=options.learning_rate,
                warmup_steps=options.warm_up,
                seed=options.seed,
                batch_sampler=BatchSamplers.NO_DUPLICATES,  # a passage that is right twice would be wrong too
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                dataloader_pin_memory=False,
            ),
            train_dataset=Dataset.from_dict(as_columns(shuffled)),
            loss=make_loss(model, options.batch_size),
        )
        tell_epochs(trainer, on_message)
        loss = trainer.train().training_loss
    model.max_seq_length = window
    model.load_state_dict(blend_weights(began, model.state_dict(), options.blend))
    model.save_pretrained(str(output), create_model_card=False)
    return float(loss)


def blend_weights(began: Weights, trained: Weights, share: float) -> Weights:
    """Numbers in between; what is no fraction, such as positions, as it was trained."""
    return {
        name: began[name].lerp(value, share) if value.is_floating_point() else value for name, value in trained.items()
    }


def tell_epochs(trainer: Any, on_message: Tell) -> None:
    """In place of the trainer's own reports, which it prints where results belong."""
    from datasets.utils.logging import disable_progress_bar as disable_bars_of_datasets
    from transformers import PrinterCallback, ProgressCallback, TrainerCallback
    from transformers.utils.logging import disable_progress_bar

    class Epochs(TrainerCallback):
        def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            on_message(f"epoch {round(state.epoch)} of {round(args.num_train_epochs)} ...")

    disable_progress_bar()  # type: ignore[no-untyped-call]
    disable_bars_of_datasets()
    for reporter in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(reporter)
    trainer.add_callback(Epochs())


def as_columns(examples: Sequence[Example]) -> dict[str, list[str]]:
    columns = {"query": [one.query for one in examples], "passage": [one.passage for one in examples]}
    for number in range(len(examples[0].negatives)):
        columns[f"negative_{number + 1}"] = [one.negatives[number] for one in examples]
    return columns


def make_loss(model: Any, batch_size: int) -> Any:
    from sentence_transformers.sentence_transformer.losses import (
        CachedMultipleNegativesRankingLoss,
        MultipleNegativesRankingLoss,
    )

    if batch_size > PART:
        return CachedMultipleNegativesRankingLoss(model, mini_batch_size=PART)
    return MultipleNegativesRankingLoss(model)
