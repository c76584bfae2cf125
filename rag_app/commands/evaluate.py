"""Runs `rag eval`: measures retrieval, answers, chunks and embedding models on sets of questions with known answers."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from rag_app.commands.options import (
    DatasetArgument,
    DetailsOption,
    JsonOption,
    KeepOption,
    LimitOption,
    MlflowOption,
    build_settings,
    example,
)
from rag_app.commands.output import ingest_progress, print_result, track
from rag_app.terminal import out, print_line, say
from vectorstore.errors import InputError

if TYPE_CHECKING:
    from rag_app.experiments.evaluation.compare import Compared

LOCAL = "local"


class OptionalUri(TyperGroup):
    """Typer has no option whose value may be left out: `--mlflow` by itself becomes `--mlflow local`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, name_local(args))


def name_local(args: Sequence[str]) -> list[str]:
    named = []
    for argument, following in zip(args, [*args[1:], ""], strict=True):
        is_bare = argument == "--mlflow" and ":" not in following
        named += [argument, LOCAL] if is_bare else [argument]
    return named


eval_app = typer.Typer(
    cls=OptionalUri,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Measure retrieval and answers on sets of questions with known answers.",
    epilog=example(
        "rag eval retrieval ~/beir/scifact",
        "rag eval answers ~/clapnq",
        "rag eval chunks ~/chunking",
        "rag eval compare ~/beir/scifact minilm static:words.kv",
    ),
)


class Evaluation:
    """One run of a command: its settings, its clock, and where its result and details go."""

    def __init__(self, dataset: Path, collection: str | None, mlflow: str | None, details: Path | None = None) -> None:
        self.began, self.settings, self.keep = time.monotonic(), build_settings(collection), bool(collection)
        self.dataset, self.mlflow, self.details = dataset, mlflow, details
        # What cannot be written is refused before minutes of work rather than after them.
        if details:
            write_rows(details, [], mode="a")  # what an earlier run wrote stays until this one has as much
        require_tracking(mlflow)

    def finish(self, kind: str, result: dict[str, Any], rows: list[dict[str, Any]], *, as_json: bool) -> None:
        if self.details:
            write_rows(self.details, rows)
        result["seconds"] = time.monotonic() - self.began
        if self.mlflow is not None:
            from rag_app.experiments.evaluation.tracking import log_run

            uri = tracking_uri(self.mlflow)
            say_tracked(log_run(kind, self.dataset, result, rows, settings=self.settings, uri=uri))
        print_result(result, as_json=as_json, as_text=print_figures)


def write_rows(path: Path, rows: Iterable[dict[str, Any]], *, mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", "name another file for --details") from error


def require_tracking(mlflow: str | None) -> None:
    if mlflow is not None:
        from rag_app.experiments.evaluation.tracking import require_mlflow

        require_mlflow()


def tracking_uri(mlflow: str) -> str | None:
    return None if mlflow == LOCAL else mlflow


def say_tracked(where: str) -> None:
    say(f"kept as an MLflow run; to look at it: mlflow ui --backend-store-uri {where}")


def print_figures(result: dict[str, Any]) -> None:
    from rag_app.experiments.evaluation.intervals import tabulate

    for line in tabulate(result):
        print_line(line)


@eval_app.command(
    epilog=example("rag eval retrieval ~/beir/scifact", "rag eval retrieval --limit 50 --json ~/beir/scifact")
)
def retrieval(
    dataset: DatasetArgument,
    limit: LimitOption = None,
    details: DetailsOption = None,
    mlflow: MlflowOption = None,
    collection: KeepOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the documents of a folder in BEIR form for its queries: nDCG, recall, reciprocal rank."""
    from rag_app.experiments.evaluation.datasets import load_retrieval_set, retriever_of_texts
    from rag_app.experiments.evaluation.retrieval import details as query_rows
    from rag_app.experiments.evaluation.retrieval import measure, rank_all

    run = Evaluation(dataset, collection, mlflow, details)
    judged = load_retrieval_set(dataset, limit=limit)
    with (
        ingest_progress() as show,
        retriever_of_texts(
            judged.documents, run.settings, keep=run.keep, on_progress=show, on_message=say
        ) as retriever,
    ):
        rankings = dict(track(rank_all(retriever, judged), "asking", total=len(judged.queries)))
    figures = measure(rankings, judged.judgments)
    counts = {"queries": len(judged.queries), "documents": len(judged.documents)}
    result = {**figures.values, **counts, "seconds": 0.0, "intervals": figures.intervals}
    run.finish("retrieval", result, list(query_rows(rankings)), as_json=as_json)


@eval_app.command(
    epilog=example("rag eval answers ~/clapnq", "rag eval answers --limit 50 --details answers.jsonl --json ~/clapnq")
)
def answers(
    dataset: DatasetArgument,
    limit: LimitOption = None,
    details: DetailsOption = None,
    mlflow: MlflowOption = None,
    collection: KeepOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the questions of a set, as RAG_LLM says: what is answered, quoted and refused rightly.

    unsupported_sentences and dangling_markers are numbers, over all answers that are no refusals: sentences that
    nothing in the documents proves, and markers that point at no citation.
    """
    from ingest.chunking.sentences import load_split
    from rag_app.answering.chain import build_chain
    from rag_app.experiments.evaluation.answers import ask, measure_answers
    from rag_app.experiments.evaluation.datasets import load_answer_set, retriever_of_texts
    from rag_app.wiring import build_writer, load_judge

    run = Evaluation(dataset, collection, mlflow, details)
    asked = load_answer_set(dataset, limit=limit)
    writer, split = build_writer(run.settings), load_split(run.settings.sentences)
    with (
        ingest_progress() as show,
        retriever_of_texts(asked.documents, run.settings, keep=run.keep, on_progress=show, on_message=say) as retriever,
    ):
        chain = build_chain(retriever, judge=load_judge(run.settings, say), writer=writer, split=split)
        outcomes = [ask(chain, question) for question in track(asked.questions, "asking", total=len(asked.questions))]
    run.finish("answers", measure_answers(outcomes), [outcome.to_json() for outcome in outcomes], as_json=as_json)


@eval_app.command(epilog=example("rag eval chunks ~/chunking", "rag eval chunks --json ~/chunking"))
def chunks(
    dataset: DatasetArgument, mlflow: MlflowOption = None, collection: KeepOption = None, as_json: JsonOption = False
) -> None:
    """How much of the marked places the five best passages show, and how little else."""
    from rag_app.experiments.evaluation.datasets import load_chunk_documents, load_chunk_questions, retriever_of_files
    from rag_app.experiments.evaluation.retrieval import measure_chunks

    run = Evaluation(dataset, collection, mlflow)
    paths, questions = load_chunk_documents(dataset), load_chunk_questions(dataset)
    with (
        ingest_progress() as show,
        retriever_of_files(paths, run.settings, keep=run.keep, on_progress=show, on_message=say) as retriever,
    ):
        counts = {"chunks": retriever.store.count_chunks()["catalogue"], "questions": len(questions)}
        figures = measure_chunks(retriever, questions)
    result = {**figures.values, **counts, "seconds": 0.0, "intervals": figures.intervals}
    run.finish("chunks", result, [], as_json=as_json)


@eval_app.command(
    epilog=example(
        "rag eval compare ~/beir/scifact minilm huggingface:BAAI/bge-small-en-v1.5",
        "rag eval compare ~/beir/scifact minilm static:words.kv --label topic --json",
    )
)
def compare(
    dataset: DatasetArgument,
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="Embedding models, each as RAG_EMBEDDINGS names it.")
    ],
    limit: LimitOption = None,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="FIELD", help="Cluster and classify by this field of the corpus' metadata."),
    ] = None,
    details: DetailsOption = None,
    mlflow: MlflowOption = None,
    collection: KeepOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure embedding models side by side on a folder in BEIR form: quality, distances, labels, size, speed.

    Each is ingested into a collection of its own; those that are kept are called by NAME and the model. hybrid is the
    product's search, words included; cosine, dot and euclidean are the vectors alone, compared one by one. Speed is
    this machine's, as it is at this moment. A model that fails is listed with its reason, and the others go on.
    """
    from rag_app.experiments.evaluation.compare import Labelling, compare_model, load_labels, settings_for
    from rag_app.experiments.evaluation.datasets import load_retrieval_set

    run = Evaluation(dataset, collection, mlflow, details)
    judged = load_retrieval_set(dataset, limit=limit)
    labelling = Labelling(label, load_labels(dataset, label) if label else {})
    compared = []
    for name in dict.fromkeys(models):
        say(f"{name} ...")
        own = settings_for(name, run.settings, keep=run.keep)
        with ingest_progress() as show:
            compared.append(compare_model(judged, labelling, own, keep=run.keep, on_progress=show, on_message=say))
    counts = {"queries": len(judged.queries), "documents": len(judged.documents), "label": label}
    finish_comparison(run, compared, counts, as_json=as_json)
    raise typer.Exit(1 if any(one.failed for one in compared) else 0)


def finish_comparison(run: Evaluation, compared: "list[Compared]", counts: dict[str, Any], *, as_json: bool) -> None:
    if run.details:
        write_rows(run.details, [row for one in compared for row in one.rows()])
    figures = [one.figures for one in compared]
    seconds = time.monotonic() - run.began
    result = {"dataset": str(run.dataset.resolve()), **counts, "models": figures, "seconds": seconds}
    if run.mlflow is not None:
        from rag_app.experiments.evaluation.tracking import log_comparison

        pairs = [(one.figures, one.rows()) for one in compared]
        say_tracked(log_comparison(run.dataset, pairs, settings=run.settings, uri=tracking_uri(run.mlflow)))
    print_result(result, as_json=as_json, as_text=print_side_by_side)


def print_side_by_side(result: dict[str, Any]) -> None:
    from rag_app.experiments.evaluation.compare import side_by_side, table_width

    measured = [model for model in result["models"] if "error" not in model]
    if measured:
        width = None if sys.stdout.isatty() else table_width(measured)
        out.print(side_by_side(measured), width=width, soft_wrap=False)
        if reason := measured[0].get("labels_skipped"):
            say(f"no clusters and no classes: {reason}")
    for model in result["models"]:
        if "error" in model:
            say(f"failed: {model['model']}: {model['error']}\n        {model['hint']}")
    say(f"{result['queries']} questions, {result['documents']:,} documents, {result['seconds']:.0f} s")
