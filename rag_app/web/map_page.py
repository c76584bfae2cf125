"""The page *Map*: draws a collection's passages, similar ones near each other, and lists those nearly the same."""

import uuid
from collections.abc import Iterable, Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag_app.web.chat.conversation import current
from rag_app.web.components import counted, page_of, plain, shown_errors
from rag_app.web.session_settings import page_settings
from rag_app.web.sources import cite_chunk, draw_source_panel, offer_source
from vectorstore.types import SourceFilter, name_place

if TYPE_CHECKING:
    import altair

    from rag_app.library.map import CollectionMap
    from rag_app.library.near_duplicates import NearDuplicates
    from rag_app.types import Answer
    from vectorstore import Store

TOPICS, DUPLICATES = "Topics", "Near-duplicates"
ALL, ANSWER = "All passages", "Last answer"
OPENED, CHART = "map-opened", "map-chart"
LISTED, MOST_SHOWN = 10, 100
# Okabe and Ito's colours, which the colour-blind can tell apart, without their yellow and orange: yellow is for proof.
# Clusters beyond these are squares. page.css has the same colours for the list.
HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a8a8a")
MARKER = "#ffd23f"
HEIGHT = 560
# The names under which Streamlit gives a click on a passage, and on one of the last answer.
SELECTIONS = ("passage", "lit")
SHOWN, FAINT = 0.85, 0.08


def show() -> None:
    with st.container(key="map"):
        st.title("Map", anchor=False)
        with shown_errors("map-failure"):
            draw_views()


def draw_views() -> None:
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
        draw_source_panel("map-source", of=f"map of {store.name}", shown=shown_chunk(store))


def draw_topics(store: "Store") -> None:
    found, points = cached_map(store, str(store.folder), store.catalogue.generation())
    of = f"{counted(found.total, 'passage')} of {counted(len(store.catalogue.matching(SourceFilter())), 'document')}"
    drawn = f" {len(points):,} of them, chosen at random, are drawn." if found.total > len(points) else ""
    st.text(f"{of} in the collection {store.name}. Those that lie near each other are alike.{drawn}")
    turns = current().turns
    answer = turns[-1].answer if turns else None
    lit = locate_passages(store, found, answer)
    plot, side = st.columns([5, 3], gap="medium")
    with side:
        chosen = choose_cluster(store, found, len(lit))
        cluster = chosen - 1 if 1 <= chosen <= len(found.clusters) else None
        if cluster is not None:
            draw_passages("The most typical first", points.iloc[list(found.clusters[cluster].members)])
        elif answer and len(lit):
            draw_passages(f"Found for: {answer.question}", lit)
        else:
            st.caption("Choose a cluster to read its passages, or a point of the map.")
    with plot:
        st.altair_chart(
            build_chart(points, found, lit, cluster, is_all=chosen == 0),
            key=CHART,
            on_select=open_selected,
            selection_mode=SELECTIONS,
            alt=f"Map of {len(points):,} passages in {len(found.clusters)} clusters, which are listed next to it",
        )


@st.cache_resource(show_spinner="Drawing the map …", max_entries=4)
def cached_map(_store: "Store", folder: str, generation: int) -> "tuple[CollectionMap, Any]":  # noqa: ARG001 (the key)
    from rag_app.library.map import draw_map

    found = draw_map(_store)
    rows = ((one.id, name_place(one.title, one.page), one.text, one.x, one.y, one.cluster) for one in found.points)
    return found, passages_table(rows)


def locate_passages(store: "Store", found: "CollectionMap", answer: "Answer | None") -> Any:
    """The answer's passages that are still in the collection, whether or not they were chosen to be drawn."""
    import numpy as np

    from rag_app.library.map import beginning

    hidden = store.catalogue.state().hidden
    chunks = [passage.chunk for passage in (answer.passages if answer else ()) if passage.chunk.id not in hidden]
    vectors = store.catalogue.vectors([chunk.id for chunk in chunks])
    chunks = [chunk for chunk in chunks if chunk.id in vectors]
    if not chunks or found.projection is None:
        return passages_table([])
    places = found.projection(np.stack([vectors[chunk.id] for chunk in chunks])).tolist()
    return passages_table(
        (chunk.id, name_place(chunk.title, chunk.page, chunk.time), beginning(chunk.text), x, y, -1)
        for chunk, (x, y) in zip(chunks, places, strict=True)
    )


def choose_cluster(store: "Store", found: "CollectionMap", lit: int) -> int:
    """0 for all passages, the cluster's number from 1, or one more for the last answer."""
    names = [ALL, *(cluster.name for cluster in found.clusters), ANSWER]
    counts = [len(found.points), *(len(cluster.members) for cluster in found.clusters), lit]
    chosen: int = st.radio(
        "Clusters",
        range(len(names) if lit else len(names) - 1),
        format_func=lambda number: f"{plain(names[number])} ({counts[number]:,})",
        key=f"map-clusters-{store.name}-{store.catalogue.generation()}{'-lit' if lit else ''}",
        label_visibility="collapsed",
    )
    return chosen


def draw_passages(heading: str, passages: Any) -> None:
    """Whoever cannot see the map reads the same here."""
    with st.container(key="map-passages"):
        st.subheader(plain(heading), anchor=False)
        for _, row in page_of(passages, size=LISTED, key=heading).iterrows():
            draw_passage(row["id"], row["place"], row["text"])


def draw_passage(chunk_id: str, place: str, text: str, key: int = 0) -> None:
    """A button that opens the passage, and its words."""
    st.button(plain(place), key=f"passage-{chunk_id}-{key}", type="tertiary", on_click=open_passage, args=(chunk_id,))
    st.text(text)


def draw_duplicates(store: "Store") -> None:
    found = cached_duplicates(store, str(store.folder), store.catalogue.generation())
    st.caption(describe_duplicates(found))
    titles = {record.source: record.title for record in store.catalogue.sources()}
    if found.documents:
        st.subheader("Documents nearly the same", anchor=False)
    for number, documents in enumerate(page_of(found.documents, size=LISTED, key="documents-nearly-the-same")):
        heading = f"{documents.share:.0%} of the passages of the shorter one are in the other"
        for source in two_columns(f"documents-{number}", heading, documents.first, documents.second):
            st.text(f"{titles.get(source, source)}\n{source}")
    if found.passages:
        st.subheader("Passages nearly the same", anchor=False)
    for number, pair in enumerate(page_of(found.passages, size=LISTED, key="passages-nearly-the-same")):
        others = f", and {pair.members - 2:,} more like these" if pair.members > 2 else ""
        for chunk in two_columns(f"passages-{number}", f"Cosine {pair.cosine:.3f}{others}", pair.first, pair.second):
            draw_passage(chunk.id, name_place(chunk.title, chunk.page, chunk.time), chunk.text, key=number)


@st.cache_resource(show_spinner="Comparing the passages …", max_entries=4)
def cached_duplicates(_store: "Store", folder: str, generation: int) -> "NearDuplicates":  # noqa: ARG001 (the key)
    from rag_app.library.near_duplicates import find_near_duplicates

    return find_near_duplicates(_store, most_shown=MOST_SHOWN)


def describe_duplicates(found: "NearDuplicates") -> str:
    from rag_app.library.near_duplicates import MOST_PAIRS, THRESHOLD

    words = [f"No two documents have a passage in common, even nearly (cosine {THRESHOLD} or more)."]
    if found.groups:
        texts = counted(found.groups, "text")
        words = [f"{texts} in more than one document, or nearly so (cosine {THRESHOLD} or more), the most alike first."]
    if found.groups > MOST_SHOWN:
        words.append(f"The first {MOST_SHOWN} are shown.")
    if not found.is_whole:
        words.append(f"There are more than {MOST_PAIRS:,} pairs: only the most alike were looked at.")
    if found.compared < found.total:
        words.append(f"{found.compared:,} of {found.total:,} passages, chosen at random, were compared.")
    return " ".join(words)


def two_columns(key: str, heading: str, *compared: Any) -> Iterator[Any]:
    """Each of the two, for what is drawn of it to be next to the other."""
    with st.container(border=True, key=f"similar-{key}"):
        st.caption(heading)
        for column, one in zip(st.columns(2), compared, strict=True):
            with column:
                yield one


def shown_chunk(store: "Store") -> dict[str, Any] | None:
    """None too where another collection has been chosen, or the document is gone."""
    chunk_id, request = st.session_state.get(OPENED, ("", ""))
    found = store.fetch([chunk_id]) if chunk_id else {}
    return {"request": request, "cards": [offer_source(cite_chunk(found[chunk_id][0]))]} if chunk_id in found else None


def open_passage(chunk_id: str) -> None:
    """Open it next to the map; a new request opens one again that was closed."""
    st.session_state[OPENED] = (chunk_id, uuid.uuid4().hex)


def open_selected() -> None:
    picked = [point for points in st.session_state[CHART].selection.values() for point in points]
    if picked:
        open_passage(picked[0]["id"])


# The chart.


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
