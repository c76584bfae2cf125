"""Makes training examples with hard negatives, fine-tunes an encoder on them, and measures how a model ranks."""

import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.experiments.evaluation.retrieval import measure_each
from rag_app.experiments.training.tasks import Passages, Task
from rag_app.wiring import Tell
from vectorstore.embeddings import EmbeddingModel, VectorCache, Vectors, embed_chunks, embed_question, unit_vectors

Columns = dict[str, list[float]]
# A query, the passage that is right, and as many wrong ones in each example of a run.
Example = tuple[str, ...]
RANKED = 100
PART_TEXTS = 256
SHOWN = ("ndcg@10", "mrr@10", "recall@10")
# Hard negatives are drawn from so many of the nearest wrong passages. One nearer than this share of the right one's
# cosine may be right itself, unjudged: it is left out (de Souza P. Moreira and others, "NV-Retriever", 2024).
# The miner of sentence-transformers knows one right passage a query, and would take another part of the same document
# for wrong.
NEAREST, NEARLY_RIGHT = 30, 0.95
# A text's share of a batch in memory grows with the square of its length: larger batches go through in parts.
PART = 32


@dataclass(slots=True)
class Embedded:
    """Texts embedded by one model, each once; vectors of unit length, so that a product of two is their cosine."""

    model: EmbeddingModel
    cache: VectorCache | None = None
    _known: dict[str, Vectors] = field(default_factory=dict)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimension)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if self.cache:
            self._known |= self.cache.find(self.model.identity, new)
        new = [text for text in new if text not in self._known]
        for start in range(0, len(new), PART_TEXTS):
            part = new[start : start + PART_TEXTS]
            vectors = np.asarray(embed_chunks(self.model, part), dtype=np.float32)
            if self.cache:
                self.cache.keep(self.model.identity, part, vectors)
            self._known |= zip(part, vectors, strict=True)
        return unit_vectors(np.array([self._known[text] for text in texts]))

    def queries(self, task: Task) -> Vectors:
        return unit_vectors(
            np.asarray([embed_question(self.model, query.text) for query in task.queries], dtype=np.float32)
        )


def measure_task(task: Task, embedded: Embedded) -> Columns:
    """nDCG, reciprocal rank and recall of each query, in order, by the vectors that searching would use.

    A key is ranked by its best passage. (sentence-transformers' evaluator gives means alone, which have no interval.)
    """
    vectors = embedded.passages(task.passages.texts)
    rankings = {
        query.id: rank_keys(vectors @ vector, task.passages)
        for query, vector in zip(task.queries, embedded.queries(task), strict=True)
    }
    columns = measure_each(rankings, {query.id: dict.fromkeys(query.relevant, 1) for query in task.queries})
    return {name: columns[name] for name in SHOWN}


def rank_keys(scores: Vectors, passages: Passages) -> list[str]:
    order = np.argsort(-scores, kind="stable")
    return list(dict.fromkeys(passages.keys[index] for index in order[: RANKED * 10]))[:RANKED]


def make_examples(task: Task, embedded: Embedded, *, negatives: int, seed: int) -> list[Example]:
    """An example for each query and each key that is right for it; `embedded` is by the model that is to be trained."""
    if not task.queries:
        return []
    drawn = random.Random(seed)  # noqa: S311 (examples that can be repeated)
    texts, keys = task.passages.texts, task.passages.keys
    vectors = embedded.passages(texts)
    places: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    examples = []
    for query, vector in zip(task.queries, embedded.queries(task), strict=True):
        scores = vectors @ vector
        nearest = np.argsort(-scores, kind="stable")[: NEAREST * 2].tolist()
        for key in sorted(query.relevant & places.keys()):
            # Of a document the nearest passage: it has others that say nothing about the query.
            right = max(places[key], key=lambda place: float(scores[place]))
            bound = NEARLY_RIGHT * scores[right]
            wrong = [one for one in nearest if keys[one] not in query.relevant and scores[one] < bound][:NEAREST]
            if len(wrong) < negatives:
                others = [place for place, key in enumerate(keys) if key not in query.relevant]
                wrong += drawn.choices(others, k=negatives - len(wrong))
            examples.append((query.text, texts[right], *(texts[one] for one in drawn.sample(wrong, negatives))))
    return examples


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """`learning_rate` is reached after the share `warm_up` of the steps and then falls to 0 in a line. Texts are cut
    at `max_tokens` to train, which halves the time; the model that comes of it reads as much as before.

    The result's weights are `blend` of the trained ones and the rest of those it began from: a model in between keeps
    what the examples are too few to teach again (Wortsman and others, "Robust fine-tuning of zero-shot models", 2022).
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
    # The trainer asks no hub, sends nothing to anyone, and draws no bar among the lines.
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TQDM_DISABLE"):
        os.environ[name] = "1"
    os.environ["WANDB_DISABLED"] = "true"
    from datasets import Dataset  # with torch and the trainer ten seconds, which only this needs
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import (
        CachedMultipleNegativesRankingLoss,
        MultipleNegativesRankingLoss,
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
            train_dataset=Dataset.from_dict(
                {str(n): column for n, column in enumerate(map(list, zip(*shuffled, strict=True)))}
            ),
            loss=CachedMultipleNegativesRankingLoss(model, mini_batch_size=PART)
            if options.batch_size > PART
            else MultipleNegativesRankingLoss(model),
        )
        report_epochs(trainer, on_message)
        loss = trainer.train().training_loss
    model.max_seq_length = window
    # Numbers in between; what is no fraction, such as positions, as it was trained.
    model.load_state_dict(
        {
            name: began[name].lerp(value, options.blend) if value.is_floating_point() else value
            for name, value in model.state_dict().items()
        }
    )
    model.save_pretrained(str(output), create_model_card=False)
    return float(loss)


def report_epochs(trainer: Any, on_message: Tell) -> None:
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
