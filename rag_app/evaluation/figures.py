"""From the JSON of an evaluation to names and numbers, for a table and for MLflow."""

from collections.abc import Mapping, Sequence
from typing import Any

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
        beside = f"  [{show(ends[0], places)}, {show(ends[1], places)}]" if ends else ""
        lines.append(f"{name:<{width}}  {show(value, places):>10}{beside}")
    return lines


def show(value: float | None, places: int) -> str:
    return NONE if value is None else f"{value:,.{places}f}"
