"""Runs `rag train`: makes embedding models of a collection's documents, and the reader of answers."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from rag_app.commands import console
from rag_app.commands.evaluate import print_figures
from rag_app.commands.mlflow_option import OptionalUri, require_mlflow, track_run
from vectorstore.errors import require_packages

train_app = typer.Typer(
    cls=OptionalUri,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Make a model: word vectors, a distilled or fine-tuned encoder of a collection, or the reader of answers.",
    epilog=console.example(
        "rag train minilm --output my-minilm",
        "rag train minilm --dataset ~/beir/scifact --output my-minilm",
        "rag train word2vec --output words.kv",
        "rag train static --output my-static",
    ),
)
OutputOption = Annotated[Path, typer.Option("--output", metavar="PATH", help="Where the model is written.")]
FromOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="PATH", help="Begin from the encoder in this folder; all-MiniLM-L6-v2."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same choice of everything.")]
DimensionsOption = Annotated[int, typer.Option("--dimensions", min=2, max=4096, help="Numbers in a vector.")]
EpochsOption = Annotated[int, typer.Option("--epochs", min=1, help="How often each text or pair is read.")]


@train_app.command(
    epilog=console.example("rag train word2vec --output words.kv", "rag train word2vec --epochs 20 --output w.kv")
)
def word2vec(
    output: OutputOption,
    collection: console.CollectionOption = None,
    dimensions: DimensionsOption = 100,
    epochs: EpochsOption = 10,
    min_count: Annotated[int, typer.Option("--min-count", min=1, help="Leave out rarer words.")] = 2,
    seed: SeedOption = 0,
    as_json: console.JsonOption = False,
) -> None:
    """Learn word vectors (skip-gram) from the text of a collection."""
    from rag_app.experiments.training.run import collection_chunks, prepare_output
    from rag_app.experiments.training.word_vectors import train_word2vec

    require_packages("gensim", needed_by="this", install="'rag-app[static]'")
    began, path = time.monotonic(), prepare_output(output, is_folder=False)
    texts = dict.fromkeys(chunk.text for chunk in collection_chunks(console.build_settings(collection)))
    made = train_word2vec(texts, path, dimensions=dimensions, epochs=epochs, min_count=min_count, seed=seed)
    finish({"output": str(path), **made, "seed": seed}, f"static:{path}", began, as_json)


@train_app.command(
    epilog=console.example("rag train static --output my-static", "rag train static --from ~/e5 --output my-e5")
)
def static(
    output: OutputOption,
    collection: Annotated[
        str | None,
        typer.Option("--collection", metavar="NAME", help="Give frequent words of this collection vectors too; none."),
    ] = None,
    weights: FromOption = None,
    dimensions: DimensionsOption = 256,
    as_json: console.JsonOption = False,
) -> None:
    """Distil the default model, or another encoder, into a table of token vectors (model2vec)."""
    from rag_app.experiments.training.run import collection_chunks, prepare_output
    from rag_app.experiments.training.word_vectors import distill_static, frequent_words

    require_packages("model2vec", "skeletoken", needed_by="this", install="'rag-app[static]'")
    began, folder = time.monotonic(), prepare_output(output, is_folder=True)
    origin = find_origin(weights)
    chunks = collection_chunks(console.build_settings(collection)) if collection else []
    words = frequent_words(chunk.text for chunk in chunks)
    made = distill_static(origin, folder, dimensions=dimensions, words=words)
    finish({"output": str(folder), "from": str(origin), **made}, f"static:{folder}", began, as_json)


@train_app.command(
    epilog=console.example(
        "rag train minilm --output my-minilm",
        "rag train minilm --questions questions.jsonl --epochs 2 --output my-minilm",
        "rag train minilm --dataset ~/beir/scifact --output my-minilm --mlflow http://localhost:5000",
    )
)
def minilm(
    output: OutputOption,
    collection: console.CollectionOption = None,
    weights: FromOption = None,
    questions: Annotated[
        Path | None,
        typer.Option("--questions", metavar="FILE", help="Lines of question, and source, answer or text."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", metavar="DIR", help="A BEIR folder with qrels/train.tsv, in place of a collection."),
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option("--held-out", metavar="DIR", help="Write what was held out there, as a set for `rag eval`."),
    ] = None,
    epochs: EpochsOption = 3,
    batch_size: Annotated[int, typer.Option("--batch-size", min=2, help="Pairs a step.")] = 32,
    learning_rate: Annotated[float, typer.Option("--learning-rate", min=0, help="After the warm-up.")] = 2e-5,
    negatives: Annotated[int, typer.Option("--negatives", min=0, max=16, help="Hard negatives a pair.")] = 0,
    blend: Annotated[
        float, typer.Option("--blend", min=0.01, max=1, help="The share of the trained weights in the result.")
    ] = 0.5,
    limit: Annotated[int | None, typer.Option("--limit", min=2, metavar="N", help="Train on at most N pairs.")] = None,
    seed: SeedOption = 0,
    mlflow: console.MlflowOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Fine-tune the default model, or another encoder, on pairs: headings with their text, passages with the next one,
    questions with their answers; and measure on held-out pairs whether it helped."""
    from rag_app.experiments.training.fine_tune import TrainingOptions
    from rag_app.experiments.training.run import fine_tune_for, prepare_output, tabulate, write_held_out

    require_packages("datasets", "accelerate", needed_by="this", install="'rag-app[train]'")
    require_mlflow(mlflow)
    began, folder = time.monotonic(), prepare_output(output, is_folder=True)
    settings = console.build_settings(collection)
    how: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "negatives": negatives,
    }
    how |= {"blend": blend, "seed": seed}
    with_collection = dataset is None or collection is not None
    options = TrainingOptions(weights, questions, dataset, with_collection, limit, **how)
    result, held = fine_tune_for(settings, options, folder, on_message=console.say)
    if held_out:
        write_held_out(held_out, held[0], dataset)
    parameters = {"output": str(folder), "from": str(weights or "minilm"), **how}
    figures = {**result["held_out"], "loss": result["loss"], "examples": result["examples"]}
    track_run(mlflow, settings, {"kind": "train", "dataset": str(folder), **parameters}, figures)
    if not as_json:
        for line in tabulate(result):
            console.print_text(line)
    finish({**parameters, **result}, f"huggingface:{folder}", began, as_json)


@train_app.command(
    epilog=console.example(
        "rag train reader --output my-reader bench/reader/written.jsonl.gz",
        "rag train reader --minutes 20 --output my-reader pairs.jsonl",
    )
)
def reader(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="JSON lines: passages with claims and questions."),
    ],
    output: OutputOption,
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, help="Train no longer than this.")] = 140.0,
    epochs: EpochsOption = 2,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help="At most N lines of pairs that are not written ones.")
    ] = 20_000,
    seed: SeedOption = 0,
    as_json: console.JsonOption = False,
) -> None:
    """Train the reader, which says what answers a question and supports a claim; a training that was stopped goes on
    where it was."""
    from rag_app.experiments.training.reader_examples import load_examples
    from rag_app.experiments.training.run import prepare_output
    from rag_app.experiments.training.train_reader import ReaderOptions, train_reader

    began, folder = time.monotonic(), prepare_output(output, is_folder=True)
    folder.mkdir(exist_ok=True)
    train, held_out = load_examples(data, seed=seed, most_pairs=limit)
    options = ReaderOptions(minutes=minutes, epochs=epochs, seed=seed)
    figures = train_reader(train, held_out, folder, options, on_message=console.say)
    result = {"output": str(folder), "examples": len(train), **figures, "seconds": time.monotonic() - began}
    console.print_result(result, as_json=as_json, as_text=print_figures)


def find_origin(weights: Path | None) -> Path:
    from vectorstore import find_weights

    return weights.expanduser().resolve() if weights else find_weights()


def finish(result: dict[str, Any], name: str, began: float, as_json: bool) -> None:
    result |= {"embeddings": name, "seconds": time.monotonic() - began}
    console.print_result(result, as_json=as_json, as_text=print_model)


def print_model(result: dict[str, Any]) -> None:
    kept = {name: value for name, value in result.items() if isinstance(value, int | str) and name != "embeddings"}
    console.print_line(
        ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in kept.items() if name != "helped")
    )
    console.print_line(f"To use it: RAG_EMBEDDINGS={result['embeddings']}")
