"""What stands beside the vectors of a collection, in the folder of the same rebuild: words, chunks by id, pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from vectorstore.chunk_table import ChunkTable
from vectorstore.lexical import LexicalIndex
from vectorstore.pictures import PictureTable


@dataclass(frozen=True, slots=True)
class Beside:
    lexical: LexicalIndex
    table: ChunkTable
    pictures: PictureTable

    @classmethod
    def open(cls, folder: Path) -> Self:
        return cls(LexicalIndex(folder / "lexical"), ChunkTable(folder / "chunks"), PictureTable(folder / "pictures"))

    def drop(self, ids: Sequence[str]) -> None:
        """Chunks that the vector index no longer has: it was asked to forget them after the table had."""
        self.lexical.change(remove=ids)
        self.pictures.drop(ids)
