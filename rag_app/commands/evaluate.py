"""Runs `rag eval`: measures retrieval, answers, chunks and embedding models on sets of questions with known answers."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.measure import Measurement

from rag_app.commands import console
from rag_app.commands.mlflow_option import OptionalUri, require_mlflow, track_run
from vectorstore.errors import InputError

if TYPE_CHECKING:
    from ingest.named_texts import NamedText
    from rag_app.experiments.evaluation.compare import Compared
    from vectorstore import HybridRetriever

WIDEST = 10_000  # columns of a table in a pipe, where nothing is folded
DatasetArgument = Annotated[Path, typer.Argument(metavar="DATASET", help="The folder of the set.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Only the first N questions.")]
DetailsOption = Annotated[
    Path | None,
    typer.Option("--details", metavar="FILE", help="Write a JSON line a question there: ranked documents or quotes."),
]
KeepOption = Annotated[
    str | None,
    typer.Option("--collection", metavar="NAME", help="Keep the set in this collection; by default it is removed."),
]


eval_app = typer.Typer(
    cls=OptionalUri,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Measure retrieval and answers on sets of questions with known answers.",
    epilog=console.example(
        "rag eval retrieval ~/beir/scifact",
        "rag eval answers ~/clapnq",
        "rag eval chunks ~/chunking",
        "rag eval compare ~/beir/scifact minilm static:words.kv",
    ),
)


class Evaluation:
    """One run of a command: its settings, its clock, and where its result and details go."""

    def __init__(self, dataset: Path, collection: str | None, mlflow: str | None, details: Path | None = None) -> None:
        self.began, self.settings, self.keep = time.monotonic(), console.build_settings(collection), bool(collection)
        self.dataset, self.mlflow, self.details = dataset, mlflow, details
        # What cannot be written is refused before minutes of work rather than after them.
        self.write_details([], mode="a")  # what an earlier run wrote stays until this one has as much
        require_mlflow(mlflow)

    def write_details(self, rows: Sequence[dict[str, Any]], *, mode: str = "w") -> None:
        from rag_app.experiments.evaluation.datasets import write_rows

        if self.details:
            write_rows(self.details, rows, hint="name another file for --details", mode=mode)

    @contextmanager
    def retriever_of(self, texts: "Sequence[NamedText]") -> "Iterator[HybridRetriever]":
        from rag_app.experiments.evaluation.datasets import retriever_of_texts

        with (
            console.ingest_progress() as show,
            retriever_of_texts(
                texts, self.settings, keep=self.keep, on_progress=show, on_message=console.say
            ) as retriever,
        ):
            yield retriever

    def finish(
        self,
        kind: str,
        result: dict[str, Any],
        rows: Sequence[dict[str, Any]],
        *,
        as_json: bool,
        as_text: Callable[[dict[str, Any]], None] | None = None,
        models: "Sequence[Compared]" = (),
    ) -> None:
        self.write_details(rows)
        result["seconds"] = time.monotonic() - self.began
        parameters = {"kind": kind, "dataset": str(self.dataset.resolve())}
        if models:
            parameters["embeddings"] = f"{len(models)} models"
        track_run(self.mlflow, self.settings, parameters, result, rows=rows, models=models)
        console.print_result(result, as_json=as_json, as_text=as_text or print_figures)


def print_figures(result: dict[str, Any]) -> None:
    from rag_app.experiments.evaluation.intervals import tabulate

    for line in tabulate(result):
        console.print_line(line)


@eval_app.command(
    epilog=console.example("rag eval retrieval ~/beir/scifact", "rag eval retrieval --limit 50 --json ~/beir/scifact")
)
def retrieval(
    dataset: DatasetArgument,
    limit: LimitOption = None,
    details: DetailsOption = None,
    mlflow: console.MlflowOption = None,
    collection: KeepOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Rank the documents of a folder in BEIR form for its queries: nDCG, recall, reciprocal rank."""
    from rag_app.experiments.evaluation.datasets import load_retrieval_set
    from rag_app.experiments.evaluation.retrieval import measure, rank_all

    run = Evaluation(dataset, collection, mlflow, details)
    judged = load_retrieval_set(dataset, limit=limit)
    with run.retriever_of(judged.documents) as retriever:
        rankings = dict(console.track(rank_all(retriever, judged), "asking", total=len(judged.queries)))
    figures = measure(rankings, judged.judgments)
    counts = {"queries": len(judged.queries), "documents": len(judged.documents)}
    rows = [{"id": query_id, "ranked": ranked} for query_id, ranked in rankings.items()]
    run.finish("retrieval", {**figures.values, **counts, "intervals": figures.intervals}, rows, as_json=as_json)


@eval_app.command(
    epilog=console.example(
        "rag eval answers ~/clapnq", "rag eval answers --limit 50 --details answers.jsonl --json ~/clapnq"
    )
)
def answers(
    dataset: DatasetArgument,
    limit: LimitOption = None,
    details: DetailsOption = None,
    mlflow: console.MlflowOption = None,
    collection: KeepOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Ask the questions of a set, as RAG_LLM says: what is answered, quoted and refused rightly.

    unsupported_sentences and dangling_markers are numbers, over all answers that are no refusals: sentences that
    nothing in the documents proves, and markers that point at no citation.
    """
    from rag_app.experiments.evaluation.answers import ask, measure_answers
    from rag_app.experiments.evaluation.datasets import load_answer_set
    from rag_app.wiring import build_writer, chain_over

    run = Evaluation(dataset, collection, mlflow, details)
    documents, questions = load_answer_set(dataset, limit=limit)
    writer = build_writer(run.settings)  # one that is not there is refused before the set is ingested
    with run.retriever_of(documents) as retriever:
        chain = chain_over(retriever, run.settings, writer, console.say)
        outcomes = [ask(chain, question) for question in console.track(questions, "asking", total=len(questions))]
    run.finish("answers", measure_answers(outcomes), [outcome.to_json() for outcome in outcomes], as_json=as_json)


@eval_app.command(epilog=console.example("rag eval claims ~/claims", "rag eval claims --judge chat --json ~/claims"))
def claims(
    dataset: DatasetArgument,
    limit: LimitOption = None,
    details: DetailsOption = None,
    judge: Annotated[
        Literal["reader", "chat"], typer.Option("--judge", help="The reader alone, or RAG_LLM's model with it.")
    ] = "reader",
    mlflow: console.MlflowOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Judge true and false claims as sentences of a written answer over their passages.

    false_alarms is the share of the true claims that are not called proved, misses that of the false ones that are;
    precision is how often what is called proved is true.
    """
    from ingest import load_split
    from rag_app.experiments.evaluation.claims import judge_claims, load_claims, measure_claims
    from rag_app.wiring import build_writer, load_judge, load_reader
    from vectorstore.embeddings import embed_chunks

    run = Evaluation(dataset, None, mlflow, details)
    rows = load_claims(dataset, limit=limit)
    writer = build_writer(run.settings) if judge == "chat" else None
    if judge == "chat" and writer is None:
        raise InputError("--judge chat needs a chat model, and RAG_LLM=quotes names none", "name one with RAG_LLM")
    model = load_judge(run.settings, console.say)
    found = judge_claims(
        rows,
        embed=partial(embed_chunks, model),
        reader=load_reader(run.settings, console.say),
        split=load_split(run.settings.sentences),
        writer=writer,
    )
    findings = list(console.track(found, "judging", total=len(rows)))
    told = [
        {"id": row.id, "supported": one.state == "proved", "state": one.state, "score": one.score, "kind": row.kind}
        for row, one in zip(rows, findings, strict=True)
    ]
    run.finish("claims", measure_claims(rows, findings), told, as_json=as_json)


@eval_app.command(epilog=console.example("rag eval chunks ~/chunking", "rag eval chunks --json ~/chunking"))
def chunks(
    dataset: DatasetArgument,
    mlflow: console.MlflowOption = None,
    collection: KeepOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """How much of the marked places the five best passages show, and how little else."""
    from rag_app.experiments.evaluation.datasets import load_chunk_set, own_settings
    from rag_app.experiments.evaluation.retrieval import measure_chunks
    from rag_app.wiring import ingest_paths, load_retriever

    run = Evaluation(dataset, collection, mlflow)
    paths, questions = load_chunk_set(dataset)
    with own_settings(run.settings, {str(path.resolve()) for path in paths}, keep=run.keep) as own:
        with console.ingest_progress() as show:
            ingest_paths(paths, own, on_progress=show, on_message=console.say)
        retriever = load_retriever(settings=own, on_message=console.say)
        counts = {"chunks": retriever.store.count_chunks()["catalogue"], "questions": len(questions)}
        figures = measure_chunks(retriever, questions)
    run.finish("chunks", {**figures.values, **counts, "intervals": figures.intervals}, [], as_json=as_json)


@eval_app.command(
    epilog=console.example(
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
    mlflow: console.MlflowOption = None,
    collection: KeepOption = None,
    as_json: console.JsonOption = False,
) -> None:
    """Measure embedding models side by side on a folder in BEIR form: quality, distances, labels, size, speed.

    Each is ingested into a collection of its own; those that are kept are called by NAME and the model. hybrid is the
    product's search, words included; cosine, dot and euclidean are the vectors alone, compared one by one. Speed is
    this machine's, as it is at this moment. A model that fails is listed with its reason, and the others go on.
    """
    from rag_app.experiments.evaluation.compare import compare_model, load_labels
    from rag_app.experiments.evaluation.datasets import load_retrieval_set

    run = Evaluation(dataset, collection, mlflow, details)
    judged, labelling = load_retrieval_set(dataset, limit=limit), load_labels(dataset, label)
    compared = []
    for name in dict.fromkeys(models):
        console.say(f"{name} ...")
        own = run.settings.model_copy(update={"embeddings": name})
        with console.ingest_progress() as show:
            compared.append(
                compare_model(judged, labelling, own, keep=run.keep, on_progress=show, on_message=console.say)
            )
    figures = [figures for figures, _ in compared]
    counts = {"queries": len(judged.queries), "documents": len(judged.documents), "label": label}
    result = {"dataset": str(dataset.resolve()), **counts, "models": figures}
    rows = [row for _, rows in compared for row in rows]
    run.finish("compare", result, rows, as_json=as_json, as_text=print_side_by_side, models=compared)
    raise typer.Exit(1 if any("error" in one for one in figures) else 0)


def print_side_by_side(result: dict[str, Any]) -> None:
    from rag_app.experiments.evaluation.compare import side_by_side

    measured = [model for model in result["models"] if "error" not in model]
    if measured:
        table = side_by_side(measured)
        unfolded = Measurement.get(console.out, console.out.options.update_width(WIDEST), table).maximum
        console.out.print(table, width=None if sys.stdout.isatty() else unfolded, soft_wrap=False)
        if reason := measured[0].get("labels_skipped"):
            console.say(f"no clusters and no classes: {reason}")
    for model in result["models"]:
        if "error" in model:
            console.say(f"failed: {model['model']}: {model['error']}\n        {model['hint']}")
    console.say(f"{result['queries']} questions, {result['documents']:,} documents, {result['seconds']:.0f} s")
