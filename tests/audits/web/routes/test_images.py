from __future__ import annotations

from pathlib import Path

import pytest

from audits.web.app import create_app
from audits.web.content import pictures
from audits.web.content.addresses import image_url
from audits.web.settings import RoomSettings
from tests.audits.web.content.drawn import HTML, SVG, bomb, on_its_side, picture, read
from tests.audits.web.content.shown import Shown
from tests.audits.web.visitor import Visitor


class Album:
    """A served dataset of one file an item."""

    def __init__(self, root: Path) -> None:
        self.shown = Shown(root)

    def serve(
        self, *files: bytes | str | None, column: str = "image", settings: RoomSettings | None = None
    ) -> None:
        """Serve items with these files: bytes, or a path as the items file names it."""
        names = [
            self.shown.image(f"files/{i}.png", f) if isinstance(f, bytes) else f for i, f in enumerate(files)
        ]
        self.shown.yaml["items"] |= {"content": [column], "files": [column]}
        labels = (["ant", "bee", "cow"] * len(files))[: len(files)]
        self.shown.items(labels, **{column: names})
        self.loaded = self.shown.open()
        self.visitor = Visitor(create_app(self.shown.workspace, settings))
        self.column = column

    def url(self, row: int) -> str:
        return image_url(self.loaded, row, self.column)

    def get(self, row: int, query: str = "", **headers: str):
        return self.visitor.get(self.url(row) + query, headers={"accept": "image/*", **headers})


@pytest.fixture
def album(tmp_path):
    made = Album(tmp_path / "w")
    yield made
    made.visitor.app.state.room.close()


def test_a_picture_is_sent_as_it_is_and_as_nothing_but_a_picture(album):
    data = picture(size=(30, 20))
    album.serve(data, None)
    answer = album.get(0)
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("size", "expected"), [("96", (96, 48)), ("384", (384, 192))])
def test_smaller_ones_come_in_two_sizes(album, size, expected):
    album.serve(picture(size=(800, 400)), None)
    answer = album.get(0, f"?size={size}")
    assert read(answer.content).size == expected


@pytest.mark.parametrize("size", ["97", "0", "100000", "-1", "x", "384.0"])
def test_there_is_no_other_size(album, size):
    album.serve(picture(), None)
    assert album.get(0, f"?size={size}").status_code == 422


def test_a_picture_that_lies_on_its_side_is_small_the_right_way_up(album):
    album.serve(on_its_side((400, 200)), None)
    assert read(album.get(0, "?size=96").content).size == (48, 96)


def test_a_tiff_comes_as_png(album):
    album.serve(picture("TIFF", (30, 20)), None)
    answer = album.get(0)
    assert answer.headers["content-type"] == "image/png"
    assert read(answer.content).size == (30, 20)


def test_the_browser_keeps_it_and_asks_by_its_tag(album):
    data = picture(size=(200, 200))
    album.serve(data, None)
    whole, small = album.get(0), album.get(0, "?size=96")
    assert whole.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert whole.headers["etag"] != small.headers["etag"]
    again = album.get(0, "", **{"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == whole.headers["etag"]
    assert album.get(0, "?size=96", **{"if-none-match": whole.headers["etag"]}).status_code == 200


def test_address_and_headers_tell_nothing_of_item_label_or_file(album):
    """Two items with the same picture and different labels are told apart by nothing but the hash."""
    data = picture()
    album.serve(data, data, None)
    answers = [album.get(0), album.get(1)]
    # the first answer of all brings the browser's token
    kept = [{k: v for k, v in a.headers.items() if k not in ("date", "set-cookie")} for a in answers]
    assert kept[0] == kept[1]
    address = album.url(0).replace(album.loaded.questions[0].hash, "")
    assert address == "/d/shown/image//image"
    for word in ("ant", "bee", "i0", "files", "0.png"):
        assert word not in " ".join([v for k, v in kept[0].items() if k != "etag"])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SVG, "never shown"),
        (HTML, "never shown"),
        (b"", "no picture"),
        (bomb(), "too large"),
        (bomb(8_000, 8_000), "too large"),
        (picture(size=(60, 60))[:2000], "broken"),
    ],
    ids=["svg", "html", "empty", "bomb", "small bomb", "cut"],
)
@pytest.mark.parametrize("query", ["", "?size=96"])
def test_what_is_no_sound_picture_is_refused_in_words(album, data, words, query):
    album.serve(data, None)
    answer = album.get(0, query)
    assert answer.status_code == 415
    assert words in answer.text
    assert b"alert(1)" not in answer.content


def test_a_large_picture_that_is_damaged_is_told_when_it_is_made_small(album, monkeypatch):
    monkeypatch.setattr(pictures, "CHECKED_POINTS", 100)
    album.serve(picture(size=(200, 200))[:20_000], None)
    answer = album.get(0, "?size=96")
    assert answer.status_code == 415
    assert "broken" in answer.text


@pytest.mark.parametrize("data", [SVG, HTML, picture()], ids=["svg", "html", "png"])
def test_as_a_download_a_file_is_bytes_that_no_browser_opens(album, data):
    album.serve(data, None)
    answer = album.get(0, "?download=1")
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert ".bin" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("format", "behind"), [("GIF", HTML), ("PNG", SVG), ("JPEG", HTML)])
def test_a_picture_with_a_page_behind_it_is_sent_as_a_picture(album, format, behind):
    album.serve(picture(format) + behind, None)
    answer = album.get(0)
    assert answer.headers["content-type"] == f"image/{format.lower()}"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_beyond_the_limit_is_refused(album, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    album.serve(picture(size=(60, 60)), None)
    answer = album.get(0)
    assert answer.status_code == 415
    assert "bytes" in answer.text


@pytest.mark.parametrize("query", ["", "?size=96", "?download=1"])
def test_a_link_that_was_turned_outward_since_the_run_leads_nowhere(album, tmp_path, query):
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture(size=(33, 33)))
    album.serve(picture(), None)
    inside = album.shown.folder / "files" / "0.png"
    inside.unlink()
    inside.symlink_to(secret)
    answer = album.get(0, query)
    assert answer.status_code == 404
    assert secret.read_bytes() not in answer.content
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize("query", ["", "?size=96", "?download=1"])
def test_a_file_that_changed_or_is_gone_is_told(album, query):
    album.serve(picture(), picture(size=(9, 9)), None)
    album.shown.image("files/0.png", picture(size=(10, 10)))
    (album.shown.folder / "files" / "1.png").unlink()
    changed, gone = album.get(0, query), album.get(1, query)
    assert (changed.status_code, gone.status_code) == (409, 404)
    assert "changed since the last run" in changed.text
    assert "not there any more" in gone.text


def test_only_what_the_dataset_names_is_there(album):
    album.serve(picture(), None)
    good = album.loaded.questions[0].hash
    for path in (
        f"/d/shown/image/{good}/label",
        f"/d/shown/image/{good}/item_id",
        f"/d/shown/image/{'0' * 32}/image",
        "/d/shown/image/i0/image",
        f"/d/other/image/{good}/image",
        f"/d/shown/image/{good}/..%2F..%2Fshown.yaml",
        f"/d/shown/image/{good}/%2Fetc%2Fpasswd",
        f"/d/shown/image/{good}/image%00.png",
        "/d/shown/image/..%2f..%2f..%2fetc/image",
        album.url(1),  # the item names no file
    ):
        answer = album.visitor.get(path)
        assert answer.status_code == 404, path
        assert b"root:" not in answer.content


@pytest.mark.parametrize("column", ["a/b", "..", "söme column?", "x" * 300, '"><script>'])
def test_a_column_of_any_name_has_an_address(album, column):
    data = picture()
    album.serve(data, None, column=column)
    assert album.get(0).content == data


def test_a_dataset_that_a_person_is_not_served_has_no_pictures(album):
    album.serve(picture(), None, settings=RoomSettings(datasets=("another",)))
    assert album.get(0).status_code == 404
