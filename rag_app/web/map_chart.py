"""Builds the chart of a collection's map: passages as points in the colour of their cluster, clusters by name."""

from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import altair

    from rag_app.library.map import CollectionMap

# Okabe and Ito's colours, which the colour-blind can tell apart, without their yellow and orange: yellow is for proof.
# Clusters beyond these are squares. page.css has the same colours for the list.
HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a8a8a")
MARKER = "#ffd23f"
HEIGHT = 560
# The names under which Streamlit gives a click on a passage, and on one of the last answer.
SELECTIONS = ("passage", "lit")
SHOWN, FAINT = 0.85, 0.08


def passages_table(rows: Iterable[tuple[str, str, str, float, float, int]]) -> Any:
    """Passages with their places on the map as a data frame: 20,000 reach the browser in columns."""
    import pandas  # half a second, on this page alone

    return pandas.DataFrame(rows, columns=["id", "place", "text", "x", "y", "cluster"])


def build_chart(
    points: Any, found: "CollectionMap", lit: Any, chosen: int | None, *, is_all: bool
) -> "altair.LayerChart | altair.FacetChart":
    """The points and names of the clusters with the answer's passages (`lit`) on top; those not `chosen` are faint.

    20,000 points are on the screen 1.7 s after the page is opened; a click is answered in 0.3 s, a turn of the wheel in
    0.4 s.
    """
    import altair as alt  # a second, on this page alone

    alt.data_transformers.disable_max_rows()
    theme = st.context.theme.type or "light"
    ink, paper = st.get_option(f"theme.{theme}.textColor"), st.get_option(f"theme.{theme}.backgroundColor")
    numbers = list(range(len(found.clusters)))
    hues = alt.Scale(domain=numbers, range=[HUES[number % len(HUES)] for number in numbers])
    shapes = alt.Scale(domain=numbers, range=["circle" if number < len(HUES) else "square" for number in numbers])
    padded = alt.Scale(zero=False, nice=False, padding=36)
    x, y = alt.X("x:Q", axis=None, scale=padded), alt.Y("y:Q", axis=None, scale=padded)
    tooltip = ["place:N", "text:N"]
    of_chosen = alt.condition(alt.datum.cluster == chosen, alt.value(SHOWN), alt.value(FAINT))
    opacity = of_chosen if chosen is not None else alt.value(SHOWN if is_all else FAINT)
    dots = (
        alt.Chart(points)
        .mark_point(filled=True, size=min(max(6_000 / (len(points) + 1), 12), 60))
        .encode(x, y, tooltip=tooltip, opacity=opacity, color=alt.Color("cluster:N", scale=hues, legend=None))
        .encode(shape=alt.Shape("cluster:N", scale=shapes, legend=None))
        .add_params(alt.selection_point(name=SELECTIONS[0], fields=["id"]))
        .interactive()
    )
    inline: Any = alt.Data  # altair leaves its call without types
    names = alt.Chart(inline(values=named_places(found, chosen))).encode(x, y, text="name:N")
    halo = names.mark_text(fontSize=12, fontWeight=600, stroke=paper, strokeWidth=4, strokeJoin="round")
    words = names.mark_text(fontSize=12, fontWeight=600, color=ink)
    marked = (
        alt.Chart(lit if chosen is None else lit[:0])
        .mark_circle(size=150, opacity=1, color=MARKER, stroke=ink, strokeWidth=1.5)
        .encode(x, y, tooltip=tooltip)
        .add_params(alt.selection_point(name=SELECTIONS[1], fields=["id"]))
    )
    return alt.layer(dots, halo, words, marked).properties(height=HEIGHT)


def named_places(found: "CollectionMap", only: int | None) -> list[dict[str, Any]]:
    """Colour alone names no cluster: each has at its middle the first word of its name that no larger one has."""
    used: set[str] = set()
    places = []
    for number, cluster in enumerate(found.clusters):
        words = cluster.name.split(", ")
        word = next((word for word in words if word not in used), words[0])
        used.add(word)
        if only in (None, number):
            members = [found.points[index] for index in cluster.members]
            x, y = median(one.x for one in members), median(one.y for one in members)
            places.append({"name": word, "x": x, "y": y})
    return places
