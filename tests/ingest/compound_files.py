"""Makes compound files, the container of Outlook's messages, and messages in it."""

import struct
from collections.abc import Mapping
from itertools import pairwise

SECTOR, SMALL = 512, 64
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Tree = Mapping[str, "bytes | Tree"]


def compound_file(tree: Tree) -> bytes:  # noqa: PLR0915 - part after part of the file
    """Names with bytes are streams, names with more names are folders."""
    entries: list[tuple[str, int, bytes]] = [("Root Entry", 5, b"")]
    links = [[FREE, FREE]]  # the first of its folder's items, the next in its own folder
    _add(tree, 0, entries, links)
    small, large = b"", b""
    small_fat: list[int] = []
    fat: list[int] = []
    places = []
    for _, kind, data in entries:
        size, stored, table = (SMALL, small, small_fat) if len(data) < 4096 else (SECTOR, large, fat)
        places.append(len(table) if kind == 2 and data else END)
        count = -(-len(data) // size)
        table += [*range(len(table) + 1, len(table) + count), END] if count else []
        stored += data.ljust(count * size, b"\0")
        small, large = (stored, large) if size == SMALL else (small, stored)
    sectors: list[bytes] = [large[at : at + SECTOR] for at in range(0, len(large), SECTOR)]

    def append(data: bytes) -> tuple[int, int]:
        count = -(-len(data) // SECTOR)
        start = len(fat) if count else END
        fat.extend([*range(start + 1, start + count), END] if count else [])
        sectors.extend(data.ljust(count * SECTOR, b"\0")[at : at + SECTOR] for at in range(0, count * SECTOR, SECTOR))
        return start, count

    root = append(small)[0]
    numbers = b"".join(struct.pack("<I", one) for one in small_fat)
    small_table = append(numbers.ljust(-(-len(numbers) // SECTOR) * SECTOR, b"\xff"))
    rows = []
    for (name, kind, data), place, (child, after) in zip(entries, places, links, strict=True):
        coded = name.encode("utf-16-le") + b"\0\0"
        size = len(small) if kind == 5 else len(data)
        start = root if kind == 5 else place
        row = struct.pack(
            "<64sHBBIII16sIQQIQ", coded, len(coded), kind, 1, FREE, after, child, b"", 0, 0, 0, start, size
        )
        rows.append(row)
    directory = append(b"".join(rows).ljust(-(-len(rows) // 4) * SECTOR, b"\0"))[0]
    fat_sectors = 1
    while fat_sectors * 128 < len(fat) + fat_sectors:
        fat_sectors += 1
    first_fat = len(fat)
    fat += [FAT] * fat_sectors
    last = b"".join(struct.pack("<I", one) for one in fat).ljust(fat_sectors * SECTOR, b"\xff")
    difat = [*range(first_fat, first_fat + fat_sectors)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIIII", 0, fat_sectors, directory, 0, 4096, *small_table, END, 0, 0)[:-4]
    head += b"".join(struct.pack("<I", one) for one in difat).ljust(436, b"\xff")
    return head.ljust(SECTOR, b"\xff") + b"".join(sectors) + last


def _add(tree: Tree, parent: int, entries: list[tuple[str, int, bytes]], links: list[list[int]]) -> None:
    numbers = []
    for name, content in tree.items():
        numbers.append(len(entries))
        is_stream = isinstance(content, bytes)
        entries.append((name, 2 if is_stream else 1, content if isinstance(content, bytes) else b""))
        links.append([FREE, FREE])
        if not isinstance(content, bytes):
            _add(content, numbers[-1], entries, links)
    if numbers:
        links[parent][0] = numbers[0]
    for before, after in pairwise(numbers):
        links[before][1] = after


def item(head: int, texts: Mapping[int, "str | bytes"], numbers: Mapping[int, int], inner: Tree | None = None) -> Tree:
    """A message (whose properties have a head of 32 bytes, or 24 within another), a recipient or an attachment (8)."""
    streams: dict[str, bytes | Tree] = {}
    for number, value in texts.items():
        kind = "001F" if isinstance(value, str) else "0102"
        streams[f"__substg1.0_{number:04X}{kind}"] = value.encode("utf-16-le") if isinstance(value, str) else value
    # Of a number of 32 bits the other half is anything; times have 64.
    rows = [
        (number << 16 | (3 if value < 9 else 0x40), value | (3 << 32 if value < 9 else 0))
        for number, value in numbers.items()
    ]
    fixed = b"".join(struct.pack("<IIQ", tag, 6, value) for tag, value in rows)
    return {**streams, **(inner or {}), "__properties_version1.0": b"\0" * head + fixed}
