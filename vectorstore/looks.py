"""Pictures that look the same, whatever their size, format or quality: by their signatures (see `describe_look`)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vectorstore.pixels import COLOUR_SIDE, HASH_BYTES

Bytes = NDArray[np.uint8]
SIGNATURE_BYTES = HASH_BYTES + 3 * COLOUR_SIDE**2
# Copies of half the size or saved as poor JPEG differ in few of the 64 bits and by one or two of 255 levels on average.
MOST_BITS, MOST_LEVELS, MOST_LEVELS_ANYWHERE = 8, 4.0, 40
# Where no colour differs by more all over the picture, the bits are those of noise, and the colours alone decide.
PLAIN_LEVELS = 4


class Looks:
    """Signatures by name, to be asked which are nearly the same."""

    def __init__(self, signatures: Mapping[str, bytes] | None = None) -> None:
        self._names: list[str] = []
        self._rows = np.empty((0, SIGNATURE_BYTES), np.uint8)
        for name, signature in (signatures or {}).items():
            self.add(name, signature)

    def add(self, name: str, signature: bytes) -> None:
        if len(self._names) == len(self._rows):  # doubled, so that n additions copy n rows
            room = np.empty((max(len(self._rows), 64), SIGNATURE_BYTES), np.uint8)
            self._rows = np.concatenate([self._rows, room])
        self._rows[len(self._names)] = np.frombuffer(signature, np.uint8)
        self._names.append(name)

    def like(self, signature: bytes) -> list[str]:
        """The names of those that look like it, in the order in which they were added."""
        one, rows = np.frombuffer(signature, np.uint8), self._rows[: len(self._names)]
        if is_plain(one):
            possible = np.arange(len(rows))
        else:
            bits = np.unpackbits(rows[:, :HASH_BYTES] ^ one[:HASH_BYTES], axis=1).sum(axis=1)
            possible = np.flatnonzero(bits <= MOST_BITS)
        levels = np.abs(rows[possible, HASH_BYTES:].astype(np.int16) - one[HASH_BYTES:])
        near = (levels.mean(axis=1) <= MOST_LEVELS) & (levels.max(axis=1, initial=0) <= MOST_LEVELS_ANYWHERE)
        return [self._names[place] for place in possible[near].tolist()]


def is_plain(signature: Bytes) -> bool:
    colours = signature[HASH_BYTES:].reshape(-1, 3)
    return bool(np.ptp(colours, axis=0).max() <= PLAIN_LEVELS)
