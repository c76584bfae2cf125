"""Confidence intervals of figures over questions: laws, and a case whose interval is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hmean

from rag_app.experiments.evaluation.intervals import Drawn, Draws, bootstrap, bootstrap_means, mean, tabulate


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1) | st.none(), min_size=1, max_size=30))
def test_figures_of_shares_and_the_ends_of_their_intervals_are_shares(values: list[float | None]) -> None:
    figures = bootstrap_means({"recall": values})
    assert figures == bootstrap_means({"recall": values}), "the same questions give the same interval"
    figure, ends = figures.values["recall"], figures.intervals["recall"]
    known = [value for value in values if value is not None]
    if figure is None or ends is None:
        assert (figure, ends, known) == (None, None, [])
    else:
        assert figure == pytest.approx(sum(known) / len(known))
        assert 0 <= ends[0] <= ends[1] <= 1
        if len(set(known)) == 1:
            assert ends == pytest.approx([known[0], known[0]]), "questions that agree"


def test_the_interval_of_a_share_is_as_wide_as_its_standard_error_says() -> None:
    """Of 400 questions 300 are right: 0.75 ± 1.96 · sqrt(0.75 · 0.25 / 400)."""
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    figures = bootstrap_means({"kept": [1.0] * 300 + [0.0] * 100})
    assert figures.intervals["kept"] == pytest.approx([0.75 - half, 0.75 + half], abs=0.005)


def test_figures_made_of_others_are_computed_from_every_draw() -> None:
    """Precision and recall change places from question to question: their F1 moves less than either."""
    precision, recall = np.array([1.0, 0.0] * 50), np.array([0.0, 1.0] * 50)

    def compute(draws: Draws) -> dict[str, Drawn]:
        means = mean(precision, draws), mean(recall, draws)
        return {"precision": means[0], "f1": hmean(means, axis=0)}

    figures = bootstrap(100, compute)
    widths = {name: ends[1] - ends[0] for name, ends in figures.intervals.items() if ends}
    assert figures.values == {"precision": 0.5, "f1": 0.5}
    assert widths["f1"] < widths["precision"] / 5


def test_a_table_shows_intervals_after_figures_and_a_dash_for_what_is_not_known() -> None:
    intervals = {"kept": [0.25, 0.75], "found": None, "refused": {"near miss": [1.0, 1.0]}}
    figures = {"kept": 0.5, "found": None, "refused": {"near miss": 1.0}, "questions": 1200, "seconds": 61.25}
    assert tabulate({**figures, "intervals": intervals}) == [
        "kept                   0.5000  [0.2500, 0.7500]",
        "found                       –",
        "refused near miss      1.0000  [1.0000, 1.0000]",
        "questions               1,200",
        "seconds                  61.2",
    ]
