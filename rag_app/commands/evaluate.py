"""`rag eval`: how well the product finds and answers, measured on sets of questions with known answers."""

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rag_app.commands.options import JsonOption, build_settings, example
from rag_app.commands.output import ingest_progress, print_json, track
from rag_app.settings import Settings
from rag_app.terminal import clean, say
from vectorstore.errors import InputError

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
DatasetArgument = Annotated[Path, typer.Argument(metavar="DATASET", help="The folder of the set.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Only the first N questions.")]
MlflowOption = Annotated[
    str | None,
    typer.Option(
        "--mlflow",
        metavar="[URI]",
        help="Keep the result as an MLflow run, at URI or in a database of the data folder (extra `mlflow`).",
    ),
]
KeepOption = Annotated[
    str | None,
    typer.Option("--collection", metavar="NAME", help="Keep the set in this collection; by default it is removed."),
]


@eval_app.command(
    epilog=example("rag eval retrieval ~/beir/scifact", "rag eval retrieval --limit 50 --json ~/beir/scifact")
)
def retrieval(
    dataset: DatasetArgument,
    limit: LimitOption = None,
    details: Annotated[
        Path | None, typer.Option("--details", metavar="FILE", help="Write each query's ranked documents there.")
    ] = None,
    mlflow: MlflowOption = None,
    collection: KeepOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the documents of a folder in BEIR form for its queries: nDCG, recall, reciprocal rank."""
    from rag_app.experiments.evaluation.datasets import load_retrieval_set, retriever_of_texts
    from rag_app.experiments.evaluation.retrieval import details as query_rows
    from rag_app.experiments.evaluation.retrieval import measure, rank_all

    began, settings = time.monotonic(), build_settings(collection)
    check_places(mlflow, details)
    judged = load_retrieval_set(dataset, limit=limit)
    with (
        ingest_progress() as show,
        retriever_of_texts(
            judged.documents, settings, keep=bool(collection), on_progress=show, on_message=say
        ) as retriever,
    ):
        rankings = dict(track(rank_all(retriever, judged), "asking", total=len(judged.queries)))
    rows = list(query_rows(rankings))
    if details:
        write_rows(details, rows)
    figures = measure(rankings, judged.judgments)
    result = {
        **figures.values,
        "queries": len(judged.queries),
        "documents": len(judged.documents),
        "seconds": time.monotonic() - began,
        "intervals": figures.intervals,
    }
    finish("retrieval", dataset, result, rows, settings, mlflow, as_json)


@eval_app.command(
    epilog=example("rag eval answers ~/clapnq", "rag eval answers --limit 50 --details answers.jsonl --json ~/clapnq")
)
def answers(
    dataset: DatasetArgument,
    limit: LimitOption = None,
    details: Annotated[
        Path | None, typer.Option("--details", metavar="FILE", help="Write what was shown for each question there.")
    ] = None,
    mlflow: MlflowOption = None,
    collection: KeepOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the questions of a set, as RAG_LLM says: what is answered, quoted and refused rightly.

    unsupported_sentences and dangling_markers are numbers, over all answers that are no refusals: sentences that
    nothing in the documents proves, and markers that point at no citation.
    """
    from rag_app.answering.chain import build_chain
    from rag_app.answering.sentences import load_split
    from rag_app.experiments.evaluation.answers import ask, measure_answers
    from rag_app.experiments.evaluation.datasets import load_answer_set, retriever_of_texts
    from rag_app.wiring import build_writer, load_judge

    began, settings = time.monotonic(), build_settings(collection)
    check_places(mlflow, details)
    asked = load_answer_set(dataset, limit=limit)
    writer, split = build_writer(settings), load_split(settings.sentences)
    with (
        ingest_progress() as show,
        retriever_of_texts(
            asked.documents, settings, keep=bool(collection), on_progress=show, on_message=say
        ) as retriever,
    ):
        chain = build_chain(retriever, judge=load_judge(settings, say), writer=writer, split=split)
        outcomes = [ask(chain, question) for question in track(asked.questions, "asking", total=len(asked.questions))]
    rows = [outcome.to_json() for outcome in outcomes]
    if details:
        write_rows(details, rows)
    result = {**measure_answers(outcomes), "seconds": time.monotonic() - began}
    finish("answers", dataset, result, rows, settings, mlflow, as_json)


@eval_app.command(epilog=example("rag eval chunks ~/chunking", "rag eval chunks --json ~/chunking"))
def chunks(
    dataset: DatasetArgument,
    mlflow: MlflowOption = None,
    collection: KeepOption = None,
    as_json: JsonOption = False,
) -> None:
    """How much of the marked places the five best passages show, and how little beside them."""
    from rag_app.experiments.evaluation.datasets import load_chunk_documents, load_chunk_questions, retriever_of_files
    from rag_app.experiments.evaluation.retrieval import measure_chunks

    began, settings = time.monotonic(), build_settings(collection)
    check_places(mlflow)
    paths, questions = load_chunk_documents(dataset), load_chunk_questions(dataset)
    with (
        ingest_progress() as show,
        retriever_of_files(paths, settings, keep=bool(collection), on_progress=show, on_message=say) as retriever,
    ):
        counts = {"chunks": retriever.store.count_chunks()["catalogue"], "questions": len(questions)}
        figures = measure_chunks(retriever, questions)
    seconds = time.monotonic() - began
    result = {**figures.values, **counts, "seconds": seconds, "intervals": figures.intervals}
    finish("chunks", dataset, result, [], settings, mlflow, as_json)


def write_rows(path: Path, rows: Iterable[dict[str, Any]], *, mode: str = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", "name another file for --details") from error


def check_places(mlflow: str | None, details: Path | None = None) -> None:
    """Before minutes of work rather than after them."""
    if details:
        write_rows(details, [], mode="a")  # what an earlier run wrote stays until this one has as much
    if mlflow is not None:
        from rag_app.experiments.evaluation.tracking import require_mlflow

        require_mlflow()


def finish(
    kind: str,
    dataset: Path,
    result: dict[str, Any],
    rows: list[dict[str, Any]],
    settings: Settings,
    mlflow: str | None,
    as_json: bool,
) -> None:
    if mlflow is not None:
        from rag_app.experiments.evaluation.tracking import log_run

        where = log_run(kind, dataset, result, rows, settings=settings, uri=None if mlflow == LOCAL else mlflow)
        say(f"kept as an MLflow run; to look at it: mlflow ui --backend-store-uri {where}")
    if as_json:
        print_json(result)
        return
    from rag_app.experiments.evaluation.intervals import tabulate

    for line in tabulate(result):
        typer.echo(clean(line))
