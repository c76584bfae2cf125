"""What made a collection, and the refusal of anything else."""

from dataclasses import dataclass

from vectorstore.errors import WrongModelError


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The embedding model's name and the distance of the collection's space (`cosine`, `l2`, `ip`)."""

    model: str
    distance: str


def refuse_other(made_by: Fingerprint | None, wanted: Fingerprint, *, collection: str) -> None:
    """Raise WrongModelError where a collection was made by something else than what is wanted."""
    if made_by is None or made_by == wanted:
        return
    if made_by.model != wanted.model:
        raise WrongModelError(
            f"the collection {collection} was made with the embedding model {made_by.model}, not {wanted.model}",
            f"set RAG_EMBEDDINGS={made_by.model}, or make it anew: rag ingest --rebuild PATH",
        )
    raise WrongModelError(
        f"the collection {collection} was made with the distance {made_by.distance}, not {wanted.distance}",
        f"set RAG_DISTANCE={made_by.distance}, or make it anew: rag ingest --rebuild PATH",
    )
