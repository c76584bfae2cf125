"""Computes figures over all questions with their 95 % confidence intervals, and shows them as a table.

The interval is that of the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
chapter 13): questions are drawn, as many as there are and with repetition, and every figure is computed from those;
between the 2.5th and the 97.5th percentile of the figures lies the interval. It says how far a figure would move
with other questions of the same kind, and nothing of questions of another kind. Where all questions agree, it has no
width.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NONE = "–"


def flatten(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Each figure by a name of its own; those by kind of question by both names: `refused near miss`."""
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        flat |= {f"{name} {kind}": one for kind, one in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def split_intervals(result: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Sequence[float] | None]]:
    """The figures of a result and their intervals, both flat."""
    return flatten({name: value for name, value in result.items() if name != "intervals"}), flatten(
        result.get("intervals", {})
    )


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


RESAMPLES = 1_000
PERCENTILES = (2.5, 97.5)
SEED = 0  # the same questions give the same intervals

Column = NDArray[np.float64]  # (questions,), or a figure of each draw: (draws,)
Weights = NDArray[np.float64]  # (draws, questions): how often each question counts
Interval = list[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """`values` by their names, and as many `intervals`, low and high; None where no question counts."""

    values: dict[str, float | None]
    intervals: dict[str, Interval | None]


def bootstrap(questions: int, compute: Callable[[Weights], Mapping[str, Column]]) -> Figures:
    """The figures that `compute` gives for each row of weights, the first of which are all 1."""
    drawn = np.random.default_rng(SEED).integers(questions, size=(RESAMPLES, questions))
    weights = np.ones((RESAMPLES + 1, questions))
    for row, places in enumerate(drawn, 1):
        weights[row] = np.bincount(places, minlength=questions)
    figures = compute(weights)
    return Figures(
        {name: None if np.isnan(values[0]) else float(values[0]) for name, values in figures.items()},
        {name: interval(values[1:]) for name, values in figures.items()},
    )


def interval(values: Column) -> Interval | None:
    """Draws without a question that counts are left out."""
    known = values[~np.isnan(values)]
    return np.percentile(known, PERCENTILES).tolist() if known.size else None


def bootstrap_means(columns: Mapping[str, Iterable[float | None]]) -> Figures:
    """The mean of each column; all have a value a question, None where it does not count."""
    arrays = {name: as_column(values) for name, values in columns.items()}
    questions = max(map(len, arrays.values()), default=0)
    return bootstrap(questions, lambda weights: {name: mean(column, weights) for name, column in arrays.items()})


def as_column(values: Iterable[float | None]) -> Column:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def mean(column: Column, weights: Weights) -> Column:
    """NaN where no question counts."""
    known = ~np.isnan(column)
    questions = weights @ known.astype(np.float64)
    return divide(weights @ np.where(known, column, 0.0), questions, otherwise=np.nan)


def harmonic_mean(one: Column, other: Column) -> Column:
    return divide(2 * one * other, one + other, otherwise=0.0)


def divide(one: Column, other: Column, *, otherwise: float) -> Column:
    return np.divide(one, other, out=np.full_like(one, otherwise), where=other != 0)
