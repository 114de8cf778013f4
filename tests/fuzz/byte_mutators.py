"""Mutations that know nothing of a format: bytes and lines."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.tokens import CELLS

#: The largest file a mutation makes, in bytes.
LARGEST = 32 << 20

#: How files of other kinds begin.
_MAGIC = [
    b"", b"PAR1", b"ARROW1\0\0", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"\x1f\x8b\x08", b"SQLite format 3\0",
    b"%PDF-1.7",
    b"\x80\x04\x95", b"{", b"[", b"<html>",
]  # fmt: skip

_INTERESTING = [0, 1, 0x0A, 0x0D, 0x22, 0x27, 0x2C, 0x3A, 0x5C, 0x7F, 0x80, 0xC0, 0xED, 0xFE, 0xFF]


def flip(data: bytes, rng: Random) -> bytes:
    """Change a few bits."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        if out:
            out[_place(out, rng)] ^= 1 << rng.randrange(8)
    return bytes(out)


def overwrite(data: bytes, rng: Random) -> bytes:
    """Write other bytes over a few."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 4, 16])):
        if out:
            out[_place(out, rng)] = rng.choice(_INTERESTING)
    return bytes(out)


def truncate(data: bytes, rng: Random) -> bytes:
    """Cut the end off, at times all but a few bytes."""
    return data[
        : rng.choice(
            [rng.randrange(len(data) + 1), max(0, len(data) - rng.randrange(1, 32)), rng.randrange(16)]
        )
    ]


def cut(data: bytes, rng: Random) -> bytes:
    """Take a block out."""
    start, end = _block(data, rng)
    return data[:start] + data[end:]


def repeat(data: bytes, rng: Random) -> bytes:
    """Write a block several times."""
    start, end = _block(data, rng)
    times = rng.choice([2, 2, 3, 50])
    return (data[:start] + data[start:end] * times + data[end:])[:LARGEST]


def swap(data: bytes, rng: Random) -> bytes:
    """Let two blocks change places."""
    a, b, c = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def insert(data: bytes, rng: Random) -> bytes:
    """Put a hostile word, or noise, somewhere."""
    at = rng.randrange(len(data) + 1)
    word = rng.choice(
        [rng.choice(CELLS).encode("utf-8", "surrogatepass"), rng.randbytes(rng.randrange(1, 64)), bytes(64)]
    )
    return data[:at] + word + data[at:]


def zeros(data: bytes, rng: Random) -> bytes:
    """Zero a block, as a disk does that lost a page."""
    start, end = _block(data, rng)
    return data[:start] + bytes(end - start) + data[end:]


def lines(data: bytes, rng: Random) -> bytes:
    """Take lines out, write them twice, shuffle them, or end them otherwise."""
    parts = data.split(b"\n")
    how = rng.randrange(6)
    at = rng.randrange(len(parts))
    if how == 0:
        del parts[at]
    elif how == 1:
        parts.insert(rng.randrange(len(parts) + 1), parts[at])
    elif how == 2:
        rng.shuffle(parts)
    elif how == 3:
        del parts[at : at + rng.randrange(1, len(parts) + 1)]
    elif how == 4:
        return b"\r\n".join(parts)
    else:  # mixed
        return b"".join(p + rng.choice([b"\n", b"\r\n", b"\r"]) for p in parts)
    return b"\n".join(parts)


def encoding(data: bytes, rng: Random) -> bytes:
    """Write text in another encoding, or with a byte order mark."""
    text = data.decode("utf-8", "replace")
    how = rng.choice(
        ["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "mark twice", "utf-7", "cp037"]
    )
    if how == "mark twice":
        return b"\xef\xbb\xbf\xef\xbb\xbf" + data
    if how == "latin-1":
        text = "é" + text
    return text.encode(how, "replace")


def noise(data: bytes, rng: Random) -> bytes:
    """Replace everything by noise, or by the beginning of another kind of file."""
    magic = rng.choice(_MAGIC)
    tail = rng.choice([b"", b"PAR1", b"ARROW1"])
    return magic + rng.randbytes(rng.choice([0, 1, 8, 200, 5000])) + tail


#: What can be done to the bytes of any file, by name.
BYTES: dict[str, Callable[[bytes, Random], bytes]] = {
    f.__name__: f
    for f in (flip, overwrite, truncate, cut, repeat, swap, insert, zeros, lines, encoding, noise)
}


def _place(data: bytes | bytearray, rng: Random) -> int:
    # headers and footers are short and matter most
    if rng.random() < 0.4:
        return min(rng.randrange(64), len(data) - 1)
    if rng.random() < 0.3:
        return max(0, len(data) - 1 - rng.randrange(1024))
    return rng.randrange(len(data))


def _block(data: bytes, rng: Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice([1, 4, 64, 1024, max(1, len(data) // 3)]))
