from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from audits.web.content.pictures import look
from audits.web.content.thumbnails import sent
from tests.audits.web.content.drawn import on_its_side, picture, read


@pytest.fixture
def found(shown):
    """What a look at a file finds."""

    def looked(data: bytes):
        shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
        shown.items(["ant", "bee"], image=[shown.image("one", data), None])
        return look(shown.open(), 0, "image")

    return looked


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
    ],
)
def test_what_every_browser_knows_is_sent_byte_for_byte(found, format, media_type):
    data = picture(format, (30, 20))
    answer = sent(found(data))
    assert (answer.data, answer.media_type) == (data, media_type)


@pytest.mark.parametrize("format", ["TIFF", "PPM", "JPEG2000"])
def test_other_formats_become_png_with_the_same_points(found, format):
    data = picture(format, (30, 20))
    answer = sent(found(data))
    assert answer.media_type == "image/png"
    assert np.array_equal(np.asarray(read(answer.data)), np.asarray(read(data)))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK"])
def test_a_small_picture_is_no_larger_than_asked_and_keeps_its_shape(found, mode):
    answer = sent(found(picture("TIFF", (300, 150), mode)), 96)
    small = read(answer.data)
    assert small.size == (96, 48)
    assert answer.media_type == "image/jpeg"


def test_what_is_small_already_is_not_touched(found):
    data = picture(size=(50, 96))
    assert sent(found(data), 96).data == data


def test_what_can_be_seen_through_stays_so(found):
    answer = sent(found(picture("PNG", (200, 200), "RGBA")), 96)
    assert answer.media_type == "image/png"
    assert read(answer.data).mode == "RGBA"


def test_a_picture_on_its_side_is_small_the_right_way_up(found):
    assert read(sent(found(on_its_side((400, 200))), 96).data).size == (48, 96)


def test_brighter_points_stay_brighter_in_pictures_of_more_than_8_bits(found, tmp_path):
    ramp = np.linspace(0, 60_000, 32 * 32).reshape(32, 32).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "deep.tiff")
    shades = np.asarray(read(sent(found((tmp_path / "deep.tiff").read_bytes())).data)).ravel().astype(int)
    assert (np.diff(shades) >= 0).all()
    assert (shades[0], shades[-1]) == (0, 255)


def test_a_file_that_is_cut_between_look_and_answer_is_an_error_of_the_disk(found):
    seen = found(picture(size=(200, 200)))
    seen.path.write_bytes(seen.path.read_bytes()[:500])
    with pytest.raises(OSError, match=r"decoded|truncated"):
        sent(seen, 96)
    seen.path.write_bytes(b"<svg/>")
    with pytest.raises(OSError, match="no picture"):
        sent(seen, 96)
