"""Decodes pictures, keeps them small, and finds those that look the same by perceptual hashes and colours.

OpenCV (extra `pictures`) is imported where it is needed: 0.2 s.
"""

import hashlib
import io
from collections.abc import Mapping

import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from vectorstore.errors import UnreadableFileError
from vectorstore.types import Picture

Pixels = NDArray[np.uint8]  # shape (height, width, 3), blue first, as OpenCV has it
# The most pixels: a picture of this size takes 300 MB while it is read; a photograph has 12 to 60 million.
MAX_PIXELS = 100_000_000
# Of a kept picture: CLIP-type models look at 224 to 384 pixels, a person wants to recognise it.
MAX_SIDE = 1024
WEBP_QUALITY = 90

# A perceptual hash: which of the lowest frequencies of a small grey picture are above their median (Zauner 2010,
# "Implementation and Benchmarking of Perceptual Image Hash Functions", 3.2; in phash.org's form, 32 x 32 and 8 x 8).
DCT_SIDE, HASH_SIDE = 32, 8
# Above by this share of the strongest: many frequencies of a drawing have no strength at all, and which of these are
# above their median is the noise of its format.
LEAST_STRENGTH = 0.02
HASH_BYTES = HASH_SIDE * HASH_SIDE // 8
# The hash ignores colour and is noise on a plain surface, so a small picture in colours goes with it.
COLOUR_SIDE = 16


def keep_picture(pixels: Pixels) -> Picture:
    import cv2

    height, width = pixels.shape[:2]
    done, encoded = cv2.imencode(".webp", shrink(pixels), [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])
    assert done
    data = encoded.tobytes()
    return Picture(hashlib.sha256(data).hexdigest(), data, width, height, describe_look(pixels))


def read_pixels(data: bytes) -> Pixels:
    """The first frame, upright, what is transparent on white. Raises UnreadableFileError: damaged, or over MAX_PIXELS.

    The size is read before the picture is decoded: a file of a few bytes can claim billions of pixels.
    """
    too_large = UnreadableFileError("a picture too large to be read", f"scale it to {MAX_PIXELS:,} pixels at most")
    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise too_large
            return on_paper(PIL.ImageOps.exif_transpose(image))
    except PIL.Image.DecompressionBombError as error:  # Pillow has a bound of its own, a little higher
        raise too_large from error
    except (OSError, ValueError, SyntaxError) as error:
        raise UnreadableFileError("a damaged picture", "open it in a viewer and save it again") from error


def on_paper(image: PIL.Image.Image) -> Pixels:
    """Blue, green, red; transparent is white."""
    if image.has_transparency_data:
        paper = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(paper, image.convert("RGBA"))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])


def shrink(pixels: Pixels) -> Pixels:
    """At most MAX_SIDE a side, by areas, which leaves no false patterns."""
    import cv2

    height, width = pixels.shape[:2]
    if max(height, width) <= MAX_SIDE:
        return pixels
    scale = MAX_SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def describe_look(pixels: Pixels) -> bytes:
    """Eight bytes of perceptual hash, then the small picture in colours."""
    import cv2

    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (DCT_SIDE, DCT_SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(grey.astype(np.float32))[:HASH_SIDE, :HASH_SIDE].ravel()
    # The first one is the mean brightness, which the colours hold better.
    bits = low > np.median(low[1:]) + LEAST_STRENGTH * np.abs(low[1:]).max()
    colours = cv2.resize(pixels, (COLOUR_SIDE, COLOUR_SIDE), interpolation=cv2.INTER_AREA)
    return np.packbits(bits).tobytes() + colours.astype(np.uint8).tobytes()


SIGNATURE_BYTES = HASH_BYTES + 3 * COLOUR_SIDE**2
# Copies of half the size or saved as poor JPEG differ in few of the 64 bits and by one or two of 255 levels on average.
MOST_BITS, MOST_LEVELS, MOST_LEVELS_ANYWHERE = 8, 4.0, 40
# Where no colour differs by more all over the picture, the bits are those of noise, and the colours alone decide.
PLAIN_LEVELS = 4


class Looks:
    """An index of signatures by name."""

    def __init__(self, signatures: Mapping[str, bytes] | None = None) -> None:
        self._names: list[str] = []
        self._signatures = bytearray()
        for name, signature in (signatures or {}).items():
            self.add(name, signature)

    def add(self, name: str, signature: bytes) -> None:
        self._names.append(name)
        self._signatures += signature

    def like(self, signature: bytes) -> list[str]:
        """The names of pictures that look the same, in the order in which they were added."""
        one = np.frombuffer(signature, np.uint8)
        rows = np.frombuffer(bytes(self._signatures), np.uint8).reshape(-1, SIGNATURE_BYTES)
        if is_plain(one):
            possible = np.arange(len(rows))
        else:
            bits = np.unpackbits(rows[:, :HASH_BYTES] ^ one[:HASH_BYTES], axis=1).sum(axis=1)
            possible = np.flatnonzero(bits <= MOST_BITS)
        levels = np.abs(rows[possible, HASH_BYTES:].astype(np.int16) - one[HASH_BYTES:])
        near = (levels.mean(axis=1) <= MOST_LEVELS) & (levels.max(axis=1, initial=0) <= MOST_LEVELS_ANYWHERE)
        return [self._names[place] for place in possible[near].tolist()]


def is_plain(signature: NDArray[np.uint8]) -> bool:
    colours = signature[HASH_BYTES:].reshape(-1, 3)
    return bool(np.ptp(colours, axis=0).max() <= PLAIN_LEVELS)
