"""`kmer:K`: DNA, RNA and protein sequences as spectra of their words of K letters; words in prose have no vector."""

import re
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from vectorstore.embeddings.model import EmbeddingModel, LoadOptions, ModelName
from vectorstore.errors import SettingsError

MOST_K = 31
# 4 to the power of 5 different words of DNA, or what more there are, hashed into so many places: of 1,024 letters few
# words share one.
DIMENSION = 1024
# A line of letters alone, in one case: so readers write sequences, and no prose has such lines of ten letters and more.
LINE = re.compile(r"^[ \t]*([A-Z*-]{10,}|[a-z*-]{10,}|[ACGTUN]{2,}|[acgtun]{2,})[ \t]*$", re.MULTILINE)
NUCLEOTIDES = frozenset("ACGTUN-")
# Of nucleotides so large a share: the letters for "A or G" and the like are few, and proteins have twenty others.
NUCLEOTIDE_SHARE = 0.9
COMPLEMENT = str.maketrans("ACGT", "TGCA")
UNKNOWN = {"dna": frozenset("RYSWKMBDHVN-*X"), "protein": frozenset("XBZJ-*")}
# Chunks are measured in tokens: one for so many letters, which makes a chunk of 1,700.
LETTERS_PER_TOKEN, MAX_TOKENS = 10, 200
LETTERS_READ = 1_000_000


class KmerEmbeddings(Embeddings):
    """Vectors of unit length, shape (1024,), and of length 0 for a text without a sequence.

    Counts of overlapping words of K letters, each under its square root (the Hellinger kernel, so that no repeat
    outweighs all else), hashed with signs (Weinberger et al. 2009, arXiv:0902.2206). Of DNA a word and its reverse
    complement are one, as both strands say the same; RNA's U is T. Words with unknown letters are passed over.
    """

    def __init__(self, k: int) -> None:
        self._k = k

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [spectrum(find_sequence(text), self._k).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def find_sequence(text: str) -> str:
    """The letters of all lines that are nothing else."""
    return "".join(found[1].upper() for found in LINE.finditer(text))


def spectrum(sequence: str, k: int) -> NDArray[np.float32]:
    vector = np.zeros(DIMENSION, np.float32)
    for word, count in count_words(sequence, k).items():
        place = zlib.crc32(word.encode())
        vector[place % DIMENSION] += np.sqrt(count) * (1 if place >> 31 else -1)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def count_words(sequence: str, k: int) -> Counter[str]:
    is_dna = is_nucleotides(sequence)
    letters = sequence.replace("U", "T") if is_dna else sequence
    unknown = UNKNOWN["dna" if is_dna else "protein"]
    words = (letters[i : i + k] for i in range(len(letters) - k + 1))
    known = (word for word in words if unknown.isdisjoint(word))
    return Counter(min(word, word.translate(COMPLEMENT)[::-1]) for word in known) if is_dna else Counter(known)


def is_nucleotides(sequence: str) -> bool:
    return sum(letter in NUCLEOTIDES for letter in sequence) >= NUCLEOTIDE_SHARE * len(sequence)


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [-(-len(text) // LETTERS_PER_TOKEN) for text in texts]


def load(name: ModelName, options: LoadOptions) -> EmbeddingModel:  # noqa: ARG001 (as every provider's)
    if not name.model.isdecimal() or not 1 <= int(name.model) <= MOST_K:
        raise SettingsError(
            f"RAG_EMBEDDINGS={name.setting} gives no length of words from 1 to {MOST_K}",
            "set RAG_EMBEDDINGS=kmer:6 for DNA, kmer:3 for proteins",
        )
    return EmbeddingModel(
        name.setting, KmerEmbeddings(int(name.model)), MAX_TOKENS, count_tokens, sequence_letters=LETTERS_READ
    )
