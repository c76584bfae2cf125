"""Selects the documents that a search covers, by patterns of their names and facts about them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vectorstore.errors import InputError

COLUMNS = ("kind", "title", "source")


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Documents whose source fits one of `sources` and whose facts are all as `where` says; empty: every document.

    A pattern (`*`, `?`, `[abc]`) fits a whole source or its end, from a slash on; without these signs it is a file or a
    folder, and a folder means everything in it. Raises InputError for a fact that documents do not have.
    """

    sources: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name, _ in self.where:
            if name not in COLUMNS:
                raise InputError(f"documents have no {name}", f"they have {', '.join(COLUMNS)}")

    @classmethod
    def of(cls, sources: Sequence[str] = (), where: Mapping[str, str] | None = None) -> "SourceFilter":
        return cls(tuple(sources), tuple((where or {}).items()))

    def __bool__(self) -> bool:
        return bool(self.sources or self.where)

    def condition(self) -> tuple[str, list[str]]:
        """A condition of SQL on the table `sources`, and its values."""
        parts, values = ["1"], []
        if self.sources:
            parts.append("(" + " OR ".join("source GLOB ?" for _ in self.sources for _ in range(3)) + ")")
            values += [pattern for given in self.sources for pattern in globs(given)]
        for name, value in self.where:
            parts.append(f"{name} = ? COLLATE NOCASE")
            values.append(value)
        return " AND ".join(parts), values


def globs(given: str) -> tuple[str, str, str]:
    """Patterns for the whole source, for its end, and for what is in a folder so called."""
    given = re.sub(r"^(\./)+", "", given).rstrip("/") or "/"
    return given, f"*/{given}", f"{'' if given.startswith('/') else '*/'}{given.rstrip('/')}/*"
