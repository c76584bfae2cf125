"""Makes training examples with hard negatives, fine-tunes an encoder on them, and measures how a model ranks."""

import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.experiments.evaluation.retrieval import measure_each, rank_exactly
from rag_app.experiments.training.tasks import Task
from rag_app.wiring import Tell
from vectorstore.embeddings import EmbeddingModel, VectorCache, Vectors, embed_chunks, embed_question, unit_vectors

# A query, the passage that is right, and as many wrong ones in each example of a run.
Example = tuple[str, ...]
RANKED = 100
SHOWN = ("ndcg@10", "mrr@10", "recall@10")
# Hard negatives are drawn from this many of the nearest wrong passages. One nearer than this share of the right one's
# cosine may be right itself, unjudged: it is left out (de Souza P. Moreira and others, "NV-Retriever", 2024).
# The miner of sentence-transformers knows one right passage a query, and would take another part of the same document
# for wrong.
NEAREST, NEARLY_RIGHT = 30, 0.95
# A text's share of a batch in memory grows with the square of its length: larger batches go through in parts.
PART = 32
# The share of the steps after which the learning rate is reached; it then falls to 0 in a line.
WARM_UP = 0.1
# Texts are cut here to train, which halves the time; the model that comes of it reads as much as before.
MAX_TOKENS = 128


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What to begin from, the default model without `weights`; what to learn from, at most `limit` examples; and how.

    The result's weights are `blend` of the trained ones and the rest of those it began from: a model in between keeps
    what the examples are too few to teach again (Wortsman and others, "Robust fine-tuning of zero-shot models", 2022).
    """

    weights: Path | None = None
    questions: Path | None = None
    dataset: Path | None = None
    with_collection: bool = True
    limit: int | None = None
    negatives: int = 0
    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 2e-5
    seed: int = 0
    blend: float = 0.5


def embed_passages(model: EmbeddingModel, tasks: Sequence[Task], cache: VectorCache) -> dict[str, Vectors]:
    """The vector of each passage of the tasks, by its text."""
    texts = list(dict.fromkeys(text for task in tasks for text in task.texts))
    found = cache.find(model.identity, texts)
    if new := [text for text in texts if text not in found]:
        vectors = np.asarray(embed_chunks(model, new), np.float32)
        cache.keep(model.identity, new, vectors)
        found |= zip(new, vectors, strict=True)
    return found


def embed_queries(model: EmbeddingModel, task: Task) -> Vectors:
    return np.asarray([embed_question(model, query.text) for query in task.queries], np.float32)


def measure_task(task: Task, model: EmbeddingModel, passages: Mapping[str, Vectors]) -> dict[str, list[float]]:
    """nDCG, reciprocal rank and recall of each query, in order; a key is ranked by its best passage.

    (sentence-transformers' evaluator gives means alone, which have no interval.)
    """
    vectors = np.array([passages[text] for text in task.texts])
    ranked = rank_exactly(embed_queries(model, task), vectors, task.keys, distance="cosine", limit=RANKED)
    rankings = {query.id: keys for query, keys in zip(task.queries, ranked, strict=True)}
    columns = measure_each(rankings, {query.id: dict.fromkeys(query.relevant, 1) for query in task.queries})
    return {name: columns[name] for name in SHOWN}


def make_examples(
    task: Task, model: EmbeddingModel, passages: Mapping[str, Vectors], *, negatives: int, seed: int
) -> list[Example]:
    """An example for each query and each key that is right for it; `passages` are by the model to be trained."""
    if not task.queries:
        return []
    drawn = random.Random(seed)  # noqa: S311 (examples that can be repeated)
    vectors = unit_vectors(np.array([passages[text] for text in task.texts]))
    places: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(task.keys):
        places[key].append(place)
    examples = []
    for query, vector in zip(task.queries, unit_vectors(embed_queries(model, task)), strict=True):
        scores = vectors @ vector
        nearest = np.argsort(-scores, kind="stable")[: NEAREST * 2].tolist()
        for key in sorted(query.relevant & places.keys()):
            # Of a document the nearest passage: it has others that say nothing about the query.
            right = max(places[key], key=lambda place: float(scores[place]))
            bound = NEARLY_RIGHT * scores[right]
            wrong = [one for one in nearest if task.keys[one] not in query.relevant and scores[one] < bound][:NEAREST]
            if len(wrong) < negatives:
                others = [place for place, key in enumerate(task.keys) if key not in query.relevant]
                wrong += drawn.choices(others, k=negatives - len(wrong))
            chosen = (right, *drawn.sample(wrong, negatives))
            examples.append((query.text, *(task.texts[one] for one in chosen)))
    return examples


def fine_tune(
    weights: Path, examples: Sequence[Example], output: Path, *, options: TrainingOptions, on_message: Tell
) -> float:
    """Train the encoder in the folder `weights` and write the result to `output`; returns the last loss.

    In a batch, the passages of the other examples are wrong for a query, as its hard negatives are: the loss is the
    cross-entropy of its own (Henderson and others, "Efficient Natural Language Response Suggestion", 2017).
    """
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
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
    from transformers import PrinterCallback, set_seed

    hide_bars()
    set_seed(options.seed)
    model = SentenceTransformer(str(weights), local_files_only=True)
    model.model_card_data.widget = [{"text": ""}]  # else they are made, with a bar, for a card not written
    window = model.max_seq_length
    model.max_seq_length = min(MAX_TOKENS, window or MAX_TOKENS)
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
                warmup_steps=WARM_UP,
                seed=options.seed,
                batch_sampler=BatchSamplers.NO_DUPLICATES,  # a passage that is right twice would be wrong too
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=False,
            ),
            train_dataset=Dataset.from_dict(
                {str(n): column for n, column in enumerate(map(list, zip(*shuffled, strict=True)))}
            ),
            loss=CachedMultipleNegativesRankingLoss(model, mini_batch_size=PART)
            if options.batch_size > PART
            else MultipleNegativesRankingLoss(model),
            callbacks=[report_epochs(on_message)],
        )
        trainer.remove_callback(PrinterCallback)  # it prints where results belong
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


def report_epochs(on_message: Tell) -> Any:
    from transformers import TrainerCallback

    class Epochs(TrainerCallback):
        def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            on_message(f"epoch {round(state.epoch)} of {round(args.num_train_epochs)} ...")

    return Epochs()


def hide_bars() -> None:
    from datasets.utils.logging import disable_progress_bar as disable_bars_of_datasets
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    disable_bars_of_datasets()
