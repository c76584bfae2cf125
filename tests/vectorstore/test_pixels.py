"""Pictures are read upright, on white and within bounds, kept small, and known again in another size and format."""

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

pytest.importorskip("cv2", reason="pictures are read by OpenCV: pip install 'rag-app[pictures]'")

from tests.clip_model import COLOURS, draw, encode
from vectorstore.errors import UnreadableFileError
from vectorstore.pictures import MAX_SIDE, Looks, describe_look, keep_picture, read_pixels

WHITE = [255, 255, 255]


def landscape(seed: int, *, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """Something like a photograph: soft shapes in colours, with the grain of a camera."""
    chance = np.random.default_rng(seed)
    soft = PIL.Image.fromarray(chance.integers(0, 256, (8, 10, 3), np.uint8)).resize((width, height), 3)
    grain = chance.normal(0, 4, (height, width, 3))
    return np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)


def look(data: bytes) -> bytes:
    return describe_look(read_pixels(data))


def resized(pixels: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    height = round(pixels.shape[0] * width / pixels.shape[1])
    return np.asarray(PIL.Image.fromarray(pixels).resize((width, height), PIL.Image.Resampling.LANCZOS))


def header_of_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to have so many pixels."""
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr))
    idat = b"IDAT" + zlib.compress(b"\0" * 10)
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", len(idat) - 4) + idat + struct.pack(">I", zlib.crc32(idat))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "WEBP", "JPEG"])
def test_every_format_gives_the_same_colours(kind: str) -> None:
    pixels = read_pixels(encode(draw("red", "stripes", seed=3), kind))
    assert pixels.shape == (120, 160, 3)
    assert np.abs(pixels[..., ::-1].astype(int) - draw("red", "stripes", seed=3)).mean() < 4


def test_a_picture_is_read_as_its_camera_was_held_on_white_and_in_the_colours_of_a_screen() -> None:
    image, file = PIL.Image.fromarray(landscape(1)), io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    image.save(file, "JPEG", exif=exif)
    assert read_pixels(file.getvalue()).shape == (640, 480, 3)

    image = PIL.Image.new("RGBA", (80, 80), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 40, 80))
    pixels = read_pixels(encode(np.asarray(image)))
    assert pixels[40, 60].tolist() == WHITE
    assert pixels[40, 20].tolist() == [255, 0, 0]  # blue first

    file = io.BytesIO()
    PIL.Image.new("CMYK", (70, 70), (0, 255, 255, 0)).save(file, "JPEG")
    blue, green, red = read_pixels(file.getvalue())[35, 35].tolist()
    assert red > 200 > 60 > max(blue, green)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_damaged_picture_is_refused_and_one_of_too_many_pixels_before_it_is_decoded() -> None:
    for data in (b"", b"no picture", header_of_png(100, 100), encode(draw("red", "stripes"))[:60]):
        with pytest.raises(UnreadableFileError, match="a damaged picture"):
            read_pixels(data)
    for size in ((13_000, 12_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)):
        with pytest.raises(UnreadableFileError, match="too large"):
            read_pixels(header_of_png(*size))


def test_a_kept_picture_is_small_and_named_by_its_bytes() -> None:
    picture = keep_picture(landscape(2, width=1500, height=1000))
    with PIL.Image.open(io.BytesIO(picture.data)) as image:
        assert (image.format, image.size) == ("WEBP", (MAX_SIDE, 683))
    assert (picture.width, picture.height) == (1500, 1000)
    assert picture == keep_picture(landscape(2, width=1500, height=1000))
    assert picture.hash != keep_picture(landscape(3)).hash


@pytest.fixture(scope="module")
def looks() -> Looks:
    return Looks({str(seed): look(encode(landscape(seed), "BMP")) for seed in range(30)})


@pytest.mark.parametrize(("kind", "width"), [("JPEG", 320), ("WEBP", 200), ("PNG", 150), ("JPEG", 960)])
def test_a_picture_is_known_in_every_size_and_format(looks: Looks, kind: str, width: int) -> None:
    for seed in range(0, 30, 7):
        copy = encode(resized(landscape(seed), width), kind, **({"quality": 40} if kind != "PNG" else {}))
        assert looks.like(look(copy)) == [str(seed)]


def test_pictures_of_other_colours_or_shapes_are_others() -> None:
    looks = Looks()
    for colour in COLOURS:
        plain = np.full((100, 100, 3), COLOURS[colour], np.uint8)
        for pixels in (plain, draw(colour, "stripes", seed=1), draw(colour, "squares", seed=2)):
            signature = look(encode(pixels))
            assert looks.like(signature) == []
            looks.add(colour, signature)
            assert looks.like(look(encode(pixels, "JPEG", quality=50))) == [colour]
