"""Draws a collection's passages as a map, near where they are alike, and lists passages that are nearly the same."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from rag_app.web.chat.conversation import current
from rag_app.web.components import draw_error, plain
from rag_app.web.session_settings import page_settings
from rag_app.web.sources.links import draw_source_panel
from vectorstore.errors import RagError
from vectorstore.filters import SourceFilter
from vectorstore.types import name_place

if TYPE_CHECKING:
    import altair
    import pandas
    from streamlit.delta_generator import DeltaGenerator

    from rag_app.library.map.map import Cluster, CollectionMap
    from rag_app.library.map.near_duplicates import NearDuplicates
    from rag_app.types import Answer
    from vectorstore.storage.store import Store
    from vectorstore.types import Chunk

TOPICS, DUPLICATES = "Topics", "Near-duplicates"
ALL, ANSWER = "All passages", "Last answer"
OPENED, CHART = "map-opened", "map-chart"
LISTED, MOST_SHOWN = 10, 100
HEIGHT = 560
# Okabe and Ito's colours, which the colour-blind can tell apart, without their yellow and orange: yellow is for proof.
# Clusters beyond these are squares. map_page.css has the same colours for the list.
HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a8a8a")
MARKER = "#ffd23f"
SELECTIONS = ("passage", "lit")
POINTED = ["place:N", "text:N"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """A map and its points as the chart takes them: id, place, text, x, y and the number of the cluster."""

    found: "CollectionMap"
    points: "pandas.DataFrame"


def show() -> None:
    with st.container(key="map"):
        st.title("Map", anchor=False)
        try:
            draw()
        except RagError as error:
            draw_error(error, key="map-failure")


def draw() -> None:
    from rag_app.wiring import build_store  # LangChain and Chroma: the heading is on the screen by now

    store = build_store(page_settings())
    if not store.catalogue.has_documents():
        st.text(f"The collection {store.name} has no document yet.")
        return
    view = st.segmented_control(
        "Show", [TOPICS, DUPLICATES], default=TOPICS, required=True, key="map-view", label_visibility="collapsed"
    )
    main, panel = st.columns([3, 2], gap="large")
    with main:
        draw_topics(store) if view == TOPICS else draw_duplicates(store)
    with panel, st.container(key="panel"):
        draw_source_panel("map-source", of=f"map of {store.name}", opened=opened_chunk(store))


def draw_topics(store: "Store") -> None:
    generation = store.catalogue.generation()
    drawn = cached_map(store, str(store.folder), generation)
    st.text(describe_map(drawn.found, len(store.catalogue.matching(SourceFilter())), store.name))
    turns = current().turns
    answer = turns[-1].answer if turns else None
    lit = passages_on_map(store, drawn.found, answer) if answer else drawn.points[:0]
    clusters = drawn.found.clusters
    plot, side = st.columns([5, 3], gap="medium")
    with side:
        names = [ALL, *(cluster.name for cluster in clusters), *([ANSWER] if len(lit) else [])]
        counts = [len(drawn.points), *(len(cluster.members) for cluster in clusters), len(lit)]
        chosen = st.radio(
            "Clusters",
            range(len(names)),
            format_func=lambda number: f"{plain(names[number])} ({counts[number]:,})",
            key=f"map-clusters-{store.name}-{generation}{'-lit' if len(lit) else ''}",
            label_visibility="collapsed",
        )
        if 1 <= chosen <= len(clusters):
            draw_passages("The most typical first", drawn.points.iloc[list(clusters[chosen - 1].members)])
        elif answer and len(lit):
            draw_passages(f"Found for: {answer.question}", lit)
        else:
            st.caption("Choose a cluster to read its passages, or a point of the map.")
    with plot:
        st.altair_chart(
            chart_of(drawn.points, lit, clusters, chosen),
            key=CHART,
            on_select=open_selected,
            selection_mode=SELECTIONS,
            alt=f"Map of {len(drawn.points):,} passages in {len(clusters)} clusters, which are listed next to it",
        )


def describe_map(found: "CollectionMap", documents: int, name: str) -> str:
    passages = f"{found.total:,} passage{'' if found.total == 1 else 's'}"
    number = f"{documents:,} document{'' if documents == 1 else 's'}"
    words = f"{passages} of {number} in the collection {name}. Those that lie near each other are alike."
    if found.total > len(found.points):
        words += f" {len(found.points):,} of them, chosen at random, are drawn."
    return words


@st.cache_resource(show_spinner="Drawing the map …", max_entries=4)
def cached_map(_store: "Store", folder: str, generation: int) -> DrawnMap:  # noqa: ARG001 (part of the key)
    from rag_app.library.map.map import draw_map

    found = draw_map(_store)
    rows = [(one.id, name_place(one.title, one.page), one.text, one.x, one.y, one.cluster) for one in found.points]
    return DrawnMap(found, table_of(rows))


def table_of(rows: Sequence[tuple[str, str, str, float, float, int]]) -> "pandas.DataFrame":
    import pandas  # half a second, on this page alone

    return pandas.DataFrame(rows, columns=["id", "place", "text", "x", "y", "cluster"])


def passages_on_map(store: "Store", found: "CollectionMap", answer: "Answer") -> "pandas.DataFrame":
    """The answer's passages that are still in the collection, whether or not they were chosen to be drawn."""
    import numpy as np

    from rag_app.library.map.map import beginning

    hidden = store.catalogue.hidden_ids()
    vectors = store.vectors([passage.chunk.id for passage in answer.passages if passage.chunk.id not in hidden])
    chunks = [passage.chunk for passage in answer.passages if passage.chunk.id in vectors]
    if not chunks or found.projection is None:
        return table_of([])
    places = found.projection.place(np.stack([vectors[chunk.id] for chunk in chunks])).tolist()
    return table_of(
        [
            (chunk.id, name_place(chunk.title, chunk.page, chunk.time), beginning(chunk.text), x, y, -1)
            for chunk, (x, y) in zip(chunks, places, strict=True)
        ]
    )


def draw_passages(heading: str, passages: "pandas.DataFrame") -> None:
    """Whoever cannot see the map reads the same here."""
    with st.container(key="map-passages"):
        for one in page_of(heading, list(passages.itertuples())):
            draw_passage(one.id, one.place, one.text)


def draw_passage(chunk_id: str, place: str, text: str, key: int = 0) -> None:
    """A button that opens the passage, and its words."""
    st.button(plain(place), key=f"passage-{chunk_id}-{key}", type="tertiary", on_click=open_passage, args=(chunk_id,))
    st.text(text)


def page_of(heading: str, entries: Sequence[T]) -> Sequence[T]:
    """The entries of the page that is chosen under the heading."""
    if not entries:
        return entries
    st.subheader(plain(heading), anchor=False)
    pages = -(-len(entries) // LISTED)
    page = st.pagination(pages, max_visible_pages=5, key=f"page-of-{heading}-{pages}") if pages > 1 else 1
    return entries[(page - 1) * LISTED : page * LISTED]


def chart_of(
    points: "pandas.DataFrame", lit: "pandas.DataFrame", clusters: "Sequence[Cluster]", chosen: int
) -> "altair.LayerChart":
    """The points and names of the clusters, the answer's passages on top; what is not chosen is faint."""
    import altair as alt  # a second, on this page alone

    alt.data_transformers.disable_max_rows()
    theme = st.context.theme.type or "light"
    ink, paper = st.get_option(f"theme.{theme}.textColor"), st.get_option(f"theme.{theme}.backgroundColor")
    is_cluster = 1 <= chosen <= len(clusters)
    chosen_alone = alt.condition(alt.datum.cluster == chosen - 1, alt.value(0.85), alt.value(0.08))
    numbers = list(range(len(clusters)))
    hues = alt.Scale(domain=numbers, range=[HUES[number % len(HUES)] for number in numbers])
    shapes = alt.Scale(domain=numbers, range=["circle" if number < len(HUES) else "square" for number in numbers])
    padded = alt.Scale(zero=False, nice=False, padding=36)
    x, y = alt.X("x:Q", axis=None, scale=padded), alt.Y("y:Q", axis=None, scale=padded)
    dots = (
        alt.Chart(points)
        .mark_point(filled=True, size=min(max(6_000 / (len(points) + 1), 12), 60))
        .encode(x, y, tooltip=POINTED, opacity=chosen_alone if is_cluster else alt.value(0.85 if chosen == 0 else 0.08))
        .encode(color=alt.Color("cluster:N", scale=hues, legend=None))
        .encode(shape=alt.Shape("cluster:N", scale=shapes, legend=None))
        .add_params(alt.selection_point(name=SELECTIONS[0], fields=["id"]))
        .interactive()
    )
    names = alt.Chart(name_table(points, clusters, chosen - 1 if is_cluster else None)).encode(x, y, text="name:N")
    halo = names.mark_text(fontSize=12, fontWeight=600, stroke=paper, strokeWidth=4, strokeJoin="round")
    marked = (
        alt.Chart(lit[:0] if is_cluster else lit)
        .mark_circle(size=150, opacity=1, color=MARKER, stroke=ink, strokeWidth=1.5)
        .encode(x, y, tooltip=POINTED)
        .add_params(alt.selection_point(name=SELECTIONS[1], fields=["id"]))
    )
    words = names.mark_text(fontSize=12, fontWeight=600, color=ink)
    return alt.layer(dots, halo, words, marked).properties(height=HEIGHT)


def name_table(points: "pandas.DataFrame", clusters: "Sequence[Cluster]", only: int | None) -> "pandas.DataFrame":
    """Colour alone names no cluster: each has at its middle the first word of its name that no larger one has."""
    used: set[str] = set()
    rows = []
    for number, cluster in enumerate(clusters):
        words = cluster.name.split(", ")
        word = next((word for word in words if word not in used), words[0])
        used.add(word)
        if only in (None, number):
            rows.append({"name": word, **points.iloc[list(cluster.members)][["x", "y"]].median()})
    return type(points)(rows, columns=["name", "x", "y"])


def draw_duplicates(store: "Store") -> None:
    found = cached_duplicates(store, str(store.folder), store.catalogue.generation())
    st.caption(describe_duplicates(found))
    titles = {record.source: record.title for record in store.catalogue.sources()}
    for number, pair in enumerate(page_of("Documents nearly the same", found.documents)):
        with similar(
            f"documents-{number}", f"{pair.share:.0%} of the passages of the shorter one are in the other"
        ) as columns:
            for column, source in zip(columns, (pair.first, pair.second), strict=True):
                column.text(f"{titles.get(source, source)}\n{source}")
    for number, pair in enumerate(page_of("Passages nearly the same", found.passages)):
        others = f", and {pair.members - 2:,} more like these" if pair.members > 2 else ""
        with similar(f"passages-{number}", f"Cosine {pair.cosine:.3f}{others}") as columns:
            for column, chunk in zip(columns, (pair.first, pair.second), strict=True):
                with column:
                    draw_passage(chunk.id, name_place(chunk.title, chunk.page, chunk.time), chunk.text, key=number)


@st.cache_resource(show_spinner="Comparing the passages …", max_entries=4)
def cached_duplicates(_store: "Store", folder: str, generation: int) -> "NearDuplicates":  # noqa: ARG001 (the same)
    from rag_app.library.map.near_duplicates import find_near_duplicates

    return find_near_duplicates(_store, most_shown=MOST_SHOWN)


def describe_duplicates(found: "NearDuplicates") -> str:
    from rag_app.library.map.near_duplicates import MOST_PAIRS, THRESHOLD

    words = [f"No two documents have a passage in common, even nearly (cosine {THRESHOLD} or more)."]
    if found.groups:
        texts = f"{found.groups:,} text{'' if found.groups == 1 else 's'}"
        words = [f"{texts} in more than one document, or nearly so (cosine {THRESHOLD} or more), the most alike first."]
    if found.groups > MOST_SHOWN:
        words.append(f"The first {MOST_SHOWN} are shown.")
    if not found.is_whole:
        words.append(f"There are more than {MOST_PAIRS:,} pairs: only the most alike were looked at.")
    if found.compared < found.total:
        words.append(f"{found.compared:,} of {found.total:,} passages, chosen at random, were compared.")
    return " ".join(words)


@contextmanager
def similar(key: str, heading: str) -> "Iterator[Sequence[DeltaGenerator]]":
    with st.container(border=True, key=f"similar-{key}"):
        st.caption(heading)
        yield st.columns(2)


def opened_chunk(store: "Store") -> "tuple[Chunk, int] | None":
    """None too where another collection has been chosen, or the document is gone."""
    chunk_id, count = st.session_state.get(OPENED, ("", 0))
    found = store.fetch([chunk_id]) if chunk_id else {}
    return (found[chunk_id][0], count) if chunk_id in found else None


# What clicks do; each is called before the page is drawn again.


def open_passage(chunk_id: str) -> None:
    """Open it next to the map; the count says that one that was closed is opened again."""
    st.session_state[OPENED] = (chunk_id, st.session_state.get(OPENED, ("", 0))[1] + 1)


def open_selected() -> None:
    picked = [point for points in st.session_state[CHART].selection.values() for point in points]
    if picked:
        open_passage(picked[0]["id"])
