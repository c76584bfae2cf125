"""From a value of each question to figures over all questions and their 95 % confidence intervals.

The interval is that of the percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
chapter 13): the questions are drawn anew, as many as there are and with repetition, and every figure is computed from
those; between the 2.5th and the 97.5th percentile of the figures lies the interval. It says how far a figure would move
with other questions of the same kind, and nothing of questions of another kind. Where all questions agree, it has no
width.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1_000
PERCENTILES = (2.5, 97.5)
SEED = 0  # the same questions give the same intervals

Column = NDArray[np.float64]  # (questions,)
Interval = list[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """`values` by their names, and as many `intervals`, low and high; None where no question counts."""

    values: dict[str, float | None]
    intervals: dict[str, Interval | None]


def bootstrap(questions: int, compute: Callable[[Column], Mapping[str, float]]) -> Figures:
    """The figures that `compute` gives for weights of the questions: how often each of them counts."""
    values = compute(np.ones(questions))
    generator = np.random.default_rng(SEED)
    drawn = (generator.integers(questions, size=questions) for _ in range(RESAMPLES))
    resampled = [compute(np.bincount(places, minlength=questions).astype(np.float64)) for places in drawn]
    return Figures(
        {name: None if np.isnan(value) else value for name, value in values.items()},
        {name: interval(np.array([figures[name] for figures in resampled])) for name in values},
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


def mean(column: Column, weights: Column) -> float:
    """NaN where no question counts."""
    counted = np.where(np.isnan(column), 0.0, weights)
    questions = float(counted.sum())
    return float(np.nan_to_num(column) @ counted) / questions if questions else np.nan


def harmonic_mean(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
