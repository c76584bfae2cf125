"""From a collection to what is drawn of its near-duplicates: pairs of texts side by side, the most alike first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vectorstore.types import name_place

if TYPE_CHECKING:
    from rag_app.mapping.near_duplicates import Group, Pairs
    from vectorstore.store import Store
    from vectorstore.types import Chunk

MOST_COMPARED = 100_000
SHOWN_GROUPS = 100


def duplicate_values(store: "Store") -> dict[str, Any]:
    from rag_app.mapping.near_duplicates import find_pairs, group, number_documents, same_documents
    from rag_app.mapping.reading import read_owners, sample_ids

    wanted, total = sample_ids(store, MOST_COMPARED)
    ids, owners, vectors = read_owners(store, wanted)
    sources, documents = number_documents(owners)
    pairs = find_pairs(vectors, documents)
    groups, same = group(pairs), same_documents(pairs, documents)
    shown = groups[:SHOWN_GROUPS]
    chunks = store.fetch([ids[index] for one in shown for index in (one.first, one.second)])
    texts = {index: chunks[ids[index]][0] for one in shown for index in (one.first, one.second) if ids[index] in chunks}
    titles = {record.source: record.title for record in store.catalogue.sources()}
    return {
        "told": tell(pairs, groups, compared=len(ids), total=total),
        "documents": [
            {
                "alike": f"{one.share:.0%} of the passages of the shorter one are in the other",
                "sides": [document_side(sources[number], titles) for number in (one.first, one.second)],
            }
            for one in same[:SHOWN_GROUPS]
        ],
        "pairs": [
            {"alike": alike(one), "sides": [passage_side(texts[index]) for index in (one.first, one.second)]}
            for one in shown
            if one.first in texts and one.second in texts
        ],
    }


def tell(pairs: "Pairs", groups: "Sequence[Group]", *, compared: int, total: int) -> list[str]:
    from rag_app.mapping.near_duplicates import MOST_PAIRS, THRESHOLD

    told = [f"No two documents have a passage in common, even nearly (cosine {THRESHOLD} or more)."]
    if groups:
        number = f"{len(groups):,} text{'' if len(groups) == 1 else 's'}"
        told = [f"{number} in more than one document, or nearly so (cosine {THRESHOLD} or more), the most alike first."]
    if len(groups) > SHOWN_GROUPS:
        told.append(f"The first {SHOWN_GROUPS} are shown.")
    if not pairs.is_whole:
        told.append(f"There are more than {MOST_PAIRS:,} pairs: only the most alike were looked at.")
    if compared < total:
        told.append(f"{compared:,} of {total:,} passages, chosen at random, were compared.")
    return told


def alike(one: "Group") -> str:
    others = len(one.members) - 2
    more = f", and {others:,} more like these" if others else ""
    return f"Cosine {one.cosine:.3f}{more}"


def passage_side(chunk: "Chunk") -> dict[str, Any]:
    return {"id": chunk.id, "place": name_place(chunk.title, chunk.page, chunk.time), "text": chunk.text}


def document_side(source: str, titles: dict[str, str]) -> dict[str, Any]:
    return {"id": None, "place": titles.get(source, source), "text": source}
