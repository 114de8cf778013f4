"""Perceptual hashes: what looks alike is near, what only shares a format is not; hostile files are refused."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path

import imagehash
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from audits.errors import FileError, InputError, PathError
from audits.ingest.images import read_images


def picture(seed: int = 0, size: int = 96) -> Image.Image:
    """A smooth picture unlike those of other seeds."""
    coarse = np.random.default_rng(seed).integers(0, 256, size=(6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


def read(folder: Path, *names: str | None):
    return read_images(pa.array(names, pa.string()), folder, [folder])


def bits(images, i: int, j: int) -> int:
    return int(np.unpackbits(images.hashes[i] ^ images.hashes[j]).sum())


def test_the_hash_is_that_of_imagehash(tmp_path):
    picture().save(tmp_path / "a.png")
    found = read(tmp_path, "a.png").hashes[0]
    expected = imagehash.phash(Image.open(tmp_path / "a.png"))
    assert found.tobytes().hex() == str(expected)


def test_reencoded_and_resized_copies_are_near_and_others_far(tmp_path):
    picture().save(tmp_path / "a.png")
    picture().save(tmp_path / "a.jpg", quality=60)
    picture().resize((86, 86)).save(tmp_path / "small.webp")
    picture(1).save(tmp_path / "other.png")
    found = read(tmp_path, "a.png", "a.jpg", "small.webp", "other.png", "a.png")
    assert max(bits(found, 0, 1), bits(found, 0, 2)) <= 4
    assert bits(found, 0, 3) > 16
    digests = found.digests.to_pylist()
    assert digests[0] == digests[4]
    assert len(set(digests)) == 4


def test_a_picture_is_turned_as_its_exif_says(tmp_path):
    picture().save(tmp_path / "up.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    picture().transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    assert bits(read(tmp_path, "up.png", "turned.jpg"), 0, 1) <= 2


def test_what_is_transparent_is_white_whatever_lies_under_it(tmp_path):
    mask = Image.fromarray(np.uint8(255 * (np.indices((96, 96)).sum(axis=0) % 64 < 32)))
    for name, under in (("red.png", "red"), ("blue.png", "blue")):
        shown = Image.new("RGB", (96, 96), under)
        shown.paste(picture(), mask=mask)
        shown.putalpha(mask)
        shown.save(tmp_path / name)
    assert bits(read(tmp_path, "red.png", "blue.png"), 0, 1) == 0


def test_sixteen_bits_a_point_are_not_cut_off(tmp_path):
    for seed in (0, 1):
        grey = np.asarray(picture(seed).convert("L"), dtype=np.uint16)
        Image.fromarray(grey).save(tmp_path / f"{seed}-8.png")
        Image.fromarray(grey * 257).save(tmp_path / f"{seed}-16.png")
    found = read(tmp_path, "0-8.png", "0-16.png", "1-16.png")
    assert bits(found, 0, 1) <= 2
    assert bits(found, 0, 2) > 16


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I", "F"])
def test_every_mode_is_read(tmp_path, mode):
    name = {"CMYK": "a.jpg", "I": "a.tiff", "F": "a.tiff"}.get(mode, "a.png")
    picture().convert(mode if mode != "LA" else "L").convert(mode).save(tmp_path / name)
    assert read(tmp_path, name).digests.null_count == 0


def test_an_item_without_an_image_has_none(tmp_path):
    found = read(tmp_path, None, "")
    assert found.digests.to_pylist() == [None, None]
    assert not found.hashes.any()
    assert read(tmp_path).hashes.shape == (0, 8)


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it has such a size, of a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000)])
def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path, size):
    (tmp_path / "bomb.png").write_bytes(png_of(*size))
    with pytest.raises(InputError, match=r"^1 of 1 images are larger than 89,478,485 points \(bomb\.png\)$"):
        read(tmp_path, "bomb.png")


def test_a_drawing_is_never_loaded_whatever_it_is_called(tmp_path):
    drawing = b'<?xml version="1.0"?>\n<SVG xmlns="http://www.w3.org/2000/svg"/>'
    (tmp_path / "a.svg").write_bytes(drawing)
    (tmp_path / "b.png").write_bytes(drawing)
    with pytest.raises(
        FileError, match=r"2 of 2 files are no images \(a\.svg: a drawing \(SVG\), which is never"
    ):
        read(tmp_path, "a.svg", "b.png")


def test_postscript_is_not_run(tmp_path):
    picture().save(tmp_path / "a.eps")
    with pytest.raises(FileError, match="no image of a known format"):
        read(tmp_path, "a.eps")


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
def test_files_that_are_cut_off_or_spoiled_are_refused_with_a_word(tmp_path, kind):
    picture().save(tmp_path / f"good.{kind}")
    good = (tmp_path / f"good.{kind}").read_bytes()
    names = []
    rng = np.random.default_rng(0)
    for i, share in enumerate((0.0, 0.05, 0.4)):
        names.append(f"cut{i}.{kind}")
        (tmp_path / names[-1]).write_bytes(good[: int(share * len(good))])
    with pytest.raises(FileError, match="3 of 3 files are no images"):
        read(tmp_path, *names)
    for i in range(20):  # some of them still are pictures
        spoiled = bytearray(good)
        for at in rng.integers(len(good), size=10):
            spoiled[at] = rng.integers(256)
        (tmp_path / f"spoiled{i}.{kind}").write_bytes(bytes(spoiled))
        with contextlib.suppress(InputError):
            read(tmp_path, f"spoiled{i}.{kind}")


def test_what_is_missing_no_file_or_outside_is_told(tmp_path):
    (tmp_path / "in").mkdir()
    picture().save(tmp_path / "secret.png")
    os.symlink(tmp_path / "secret.png", tmp_path / "in" / "link.png")
    os.symlink("loop.png", tmp_path / "in" / "loop.png")
    os.mkfifo(tmp_path / "in" / "pipe.png")
    folder = tmp_path / "in"
    with pytest.raises(FileError, match=r"^3 of 3 files cannot be read \(gone\.png, pipe\.png, \.\)$"):
        read(folder, "gone.png", "pipe.png", ".")
    with pytest.raises(
        PathError, match=r"^2 of 2 files are in none of the allowed folders \(link\.png, \.\./sec"
    ):
        read(folder, "link.png", "../secret.png")
    with pytest.raises(InputError, match=r"cannot be read|in none of"):
        read(folder, "loop.png", "a\0b")


def test_a_file_that_many_items_name_is_looked_at_once(tmp_path, monkeypatch):
    picture().save(tmp_path / "a.png")
    calls = []
    real = imagehash.phash
    monkeypatch.setattr(imagehash, "phash", lambda image: calls.append(1) or real(image))
    assert read(tmp_path, *["a.png"] * 50).digests.null_count == 0
    assert len(calls) == 1
