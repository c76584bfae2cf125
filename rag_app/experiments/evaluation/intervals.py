"""Computes figures over all questions with their 95 % confidence intervals, and shows them as a table.

The interval is that of the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
chapter 13): as many questions as there are, are drawn with repetition, and every figure is computed from each draw;
between the 2.5th and the 97.5th percentile of the figures lies the interval. It says how far a figure would move with
other questions of the same kind. (scipy.stats.bootstrap takes no draw in which no question counts, and no F1 of means
over different questions.)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NONE = "–"
RESAMPLES = 1_000
PERCENTILES = (2.5, 97.5)
SEED = 0  # the same questions give the same intervals

Column = NDArray[np.float64]  # a value a question; NaN where the question does not count
Draws = NDArray[np.int64]  # (draws, questions): the numbers of the questions of each draw
Drawn = NDArray[np.float64]  # (draws,): a figure of each draw; NaN where no question of it counts


@dataclass(frozen=True, slots=True)
class Figures:
    """`values` by their names, and as many `intervals`, low and high; None where no question counts."""

    values: dict[str, float | None]
    intervals: dict[str, list[float] | None]


def bootstrap(questions: int, compute: Callable[[Draws], Mapping[str, Drawn]]) -> Figures:
    """The figures that `compute` gives for each draw, the first of which is all questions, once each."""
    drawn = np.random.default_rng(SEED).integers(questions, size=(RESAMPLES, questions))
    figures = compute(np.vstack([np.arange(questions), drawn]))
    return Figures(
        {name: None if np.isnan(values[0]) else float(values[0]) for name, values in figures.items()},
        {name: interval(values[1:]) for name, values in figures.items()},
    )


def interval(values: Drawn) -> list[float] | None:
    known = values[~np.isnan(values)]
    return np.percentile(known, PERCENTILES).tolist() if known.size else None


def bootstrap_means(columns: Mapping[str, Iterable[float | None]]) -> Figures:
    """The mean of each column; all have a value a question, None where it does not count."""
    arrays = {name: as_column(values) for name, values in columns.items()}
    questions = max(map(len, arrays.values()), default=0)
    return bootstrap(questions, lambda draws: {name: mean(column, draws) for name, column in arrays.items()})


def as_column(values: Iterable[float | None]) -> Column:
    return np.array(list(values), dtype=np.float64)


def mean(column: Column, draws: Draws) -> Drawn:
    """Of each draw, over its questions that count."""
    means: Drawn = np.ma.masked_invalid(column)[draws].mean(axis=1).filled(np.nan)
    return means


def flatten(figures: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Each figure by a name of its own; one within others by all their names: `refused near miss`."""
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        flat |= flatten(value, f"{prefix}{name} ") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def split_intervals(result: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Sequence[float] | None]]:
    """The figures of a result and their intervals, both flat."""
    figures = {name: value for name, value in result.items() if name != "intervals"}
    return flatten(figures), flatten(result.get("intervals", {}))


def tabulate(result: Mapping[str, Any]) -> list[str]:
    """A line a figure: its name, its value, its interval if it has one."""
    figures, intervals = split_intervals(result)
    width = max(map(len, figures))
    lines = []
    for name, value in figures.items():
        places = 0 if isinstance(value, int) else 1 if name == "seconds" else 4
        ends = intervals.get(name)
        shown = f"  [{show(ends[0], places)}, {show(ends[1], places)}]" if ends else ""
        lines.append(f"{name:<{width}}  {show(value, places):>10}{shown}")
    return lines


def show(value: float | None, places: int) -> str:
    return NONE if value is None else f"{value:,.{places}f}"
