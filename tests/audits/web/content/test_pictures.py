from __future__ import annotations

import os

import pytest
from PIL import ImageFile

from audits.web.content import pictures
from audits.web.content.pictures import MOST_POINTS, Picture, Refused, glance, look
from tests.audits.web.content.drawn import HTML, SVG, bomb, on_its_side, picture
from tests.audits.web.content.shown import Shown


@pytest.fixture
def album(shown: Shown):
    """Open a dataset whose first item has the given file, named `one.png`."""

    def opened(data: bytes, name: str = "one.png"):
        paths = [shown.image(name, data), shown.image("two.png", picture(size=(9, 9)))]
        shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
        shown.items(["ant", "bee", "cow"], image=[*paths, None])
        return shown.open()

    return opened


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000"])
def test_a_picture_is_what_its_bytes_say_whatever_its_name(album, format):
    found = look(album(picture(format, (30, 20)), "one.txt"), 0, "image")
    assert isinstance(found, Picture)
    assert (found.format, found.width, found.height, found.largest) == (format, 30, 20, 30)


def test_equal_bytes_have_one_digest_and_others_another(album, shown):
    loaded = album(picture(size=(9, 9)))
    assert look(loaded, 0, "image").digest == look(loaded, 1, "image").digest
    shown.image("two.png", picture(size=(9, 9), compress_level=0))
    loaded = shown.open()
    assert look(loaded, 0, "image").digest != look(loaded, 1, "image").digest


def test_an_item_without_a_file_has_none(album):
    loaded = album(picture())
    assert look(loaded, 2, "image") is None
    assert glance(loaded, 2, "image") is None


def test_a_picture_that_lies_on_its_side_is_measured_upright(album):
    found = look(album(on_its_side((40, 20))), 0, "image")
    assert (found.width, found.height) == (20, 40)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_a_glance_decodes_no_point(album, monkeypatch, format):
    loaded = album(picture(format, (30, 20)))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    assert glance(loaded, 0, "image").largest == 30


def test_of_a_large_picture_the_points_are_not_decoded_before_it_is_sent(album, monkeypatch):
    monkeypatch.setattr(pictures, "CHECKED_POINTS", 100)
    assert isinstance(look(album(picture(size=(60, 60))[:2000]), 0, "image"), Picture)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SVG, "Drawings (SVG)"),
        (b"\n\n" + SVG.upper(), "Drawings (SVG)"),
        (HTML, "web pages"),
        (b"%PDF-1.7 nothing to see", "no picture of a known format"),
        (b"", "no picture of a known format"),
        (bomb(), "too large"),
        (bomb(8_000, 8_000), "too large"),
        (picture(size=(60, 60))[:2000], "broken"),
        (picture("JPEG", (200, 200))[:3000], "broken"),
    ],
    ids=["svg", "svg in capitals", "html", "pdf", "empty", "bomb", "small bomb", "cut png", "cut jpeg"],
)
def test_what_is_not_shown_is_told_and_may_be_downloaded(album, data, words):
    found = look(album(data), 0, "image")
    assert isinstance(found, Refused)
    assert words in found.words
    assert found.status == 415
    assert found.path is not None


def test_a_bomb_below_pillows_own_limit_is_one_above_ours(album):
    assert MOST_POINTS < 8_000 * 8_000 < 89_478_485
    assert f"{MOST_POINTS:,}" in look(album(bomb(8_000, 8_000)), 0, "image").words


@pytest.mark.parametrize(("format", "behind"), [("GIF", HTML), ("PNG", SVG), ("JPEG", HTML)])
def test_a_picture_with_a_page_behind_it_is_a_picture(album, format, behind):
    found = look(album(picture(format) + behind), 0, "image")
    assert isinstance(found, Picture)
    assert found.format == format


def test_a_file_beyond_the_limit_is_not_read(album, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    found = look(album(picture(size=(60, 60))), 0, "image")
    assert isinstance(found, Refused)
    assert "bytes" in found.words
    assert isinstance(glance(album(picture(size=(60, 60))), 0, "image"), Refused)


def test_a_file_that_changed_since_the_run_is_not_what_was_asked_about(album, shown):
    loaded = album(picture())
    assert isinstance(look(loaded, 0, "image"), Picture)
    shown.image("one.png", picture(size=(7, 7)))
    changed = look(loaded, 0, "image")
    assert (changed.status, changed.path) == (409, None)
    assert "changed since the last run" in changed.words
    assert isinstance(look(shown.open(), 0, "image"), Picture)


def test_a_file_that_is_gone_is_told_and_found_again_when_it_is_back(album, shown):
    data = picture()
    loaded = album(data)
    path = shown.folder / "one.png"
    path.unlink()
    assert "not there any more" in look(loaded, 0, "image").words
    path.mkdir()
    assert look(loaded, 0, "image").status == 404
    path.rmdir()
    os.mkfifo(path)
    assert look(loaded, 0, "image").status == 404
    path.unlink()
    path.write_bytes(data)
    assert isinstance(look(loaded, 0, "image"), Picture)


@pytest.mark.parametrize("way", ["link", "folder link", "circle"])
def test_no_link_leads_out_of_the_folders_that_may_be_read(album, shown, tmp_path, way):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "one.png").write_bytes(picture())
    loaded = album(picture(), "in/one.png")
    inside = shown.folder / "in"
    (inside / "one.png").unlink()
    if way == "link":
        (inside / "one.png").symlink_to(outside / "one.png")
    elif way == "folder link":
        inside.rmdir()
        inside.symlink_to(outside)
    else:
        (inside / "one.png").symlink_to(inside / "one.png")
    for see in (look, glance):
        found = see(loaded, 0, "image")
        assert (found.status, found.path) == (404, None)


def test_a_file_that_was_looked_at_is_not_decoded_again(album, monkeypatch):
    loaded = album(picture())
    first = look(loaded, 0, "image")
    monkeypatch.setattr(pictures, "opened", lambda file: pytest.fail("opened again"))
    assert look(loaded, 0, "image") is first


def test_a_glance_reads_the_header_alone(album):
    loaded = album(picture(size=(60, 60))[:2000])
    found = glance(loaded, 0, "image")
    assert (found.largest, found.digest) == (60, "")
    assert isinstance(look(loaded, 0, "image"), Refused)
