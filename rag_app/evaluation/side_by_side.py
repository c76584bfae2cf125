"""From what was measured of several models to a table with a column for each."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from rag_app.console import clean
from rag_app.evaluation.figures import NONE, show

# The figure's name in the table, its name in the result, and how many places it has.
LINES: tuple[tuple[str, str, int], ...] = (
    ("hybrid nDCG@10", "hybrid ndcg@10", 3),
    ("hybrid recall@10", "hybrid recall@10", 3),
    ("hybrid recall@100", "hybrid recall@100", 3),
    ("cosine nDCG@10", "cosine ndcg@10", 3),
    ("cosine recall@10", "cosine recall@10", 3),
    ("cosine recall@100", "cosine recall@100", 3),
    ("dot nDCG@10", "dot ndcg@10", 3),
    ("Euclidean nDCG@10", "euclidean ndcg@10", 3),
    ("clusters V-measure", "v_measure", 3),
    ("probe accuracy", "probe_accuracy", 3),
    ("probe macro-F1", "probe_macro_f1", 3),
    ("dimensions", "dimensions", 0),
    ("chunks", "chunks", 0),
    ("bytes a vector", "vector_bytes", 0),
    ("model, MB", "model_mb", 1),
    ("texts/s", "texts_per_s", 0),
    ("ms a question", "question_ms", 1),
)
QUALITY_PLACES = 3
NAME_COLUMNS = 18


def side_by_side(models: Sequence[Mapping[str, Any]]) -> Table:
    """A line a figure, a column a model; the best quality is bold."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for model in models:
        table.add_column(Text(clean(short_name(model["model"])), overflow="fold"), justify="right", min_width=8)
    for name, figure, places in LINES:
        values: list[float | None] = [model.get(figure) for model in models]
        known = [value for value in values if value is not None]
        if known:
            best = max(known) if places == QUALITY_PLACES else None
            table.add_row(name, *(cell(value, places, is_best=value == best) for value in values))
    return table


def cell(value: float | None, places: int, *, is_best: bool) -> Text:
    return Text(NONE if value is None else show(value, places), style="bold" if is_best and value is not None else "")


def short_name(name: str) -> str:
    """`huggingface:/models/mine` is known by its end, as `huggingface:mine`."""
    prefix, colon, model = name.partition(":")
    last = PurePath(model).name or model
    return f"{prefix}{colon}{last}"


def table_width(models: Sequence[Mapping[str, Any]]) -> int:
    """So wide that nothing is folded, for a pipe."""
    return 24 + sum(max(NAME_COLUMNS, len(short_name(model["model"])) + 3) for model in models)
