from pathlib import Path

import pytest

from audits.errors import PathError
from audits.roots import Roots, is_inside, real


@pytest.fixture
def places(tmp_path):
    for name in ("workspace/datasets", "data", "data-2", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "f.csv").write_text("x")
    return tmp_path


def test_without_further_roots_a_yaml_file_may_name_files_anywhere(places):
    path = places / "elsewhere" / "f.csv"
    assert Roots(places / "workspace").configured(path, "f.csv") == path


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("workspace/datasets/f.csv", True),
        ("data/f.csv", True),
        ("data/not-there.csv", True),
        ("data/../data/f.csv", True),
        ("data-2/f.csv", False),
        ("elsewhere/f.csv", False),
        ("data/../elsewhere/f.csv", False),
        ("data/out/f.csv", False),
        ("elsewhere/in/f.csv", True),
    ],
)
def test_with_roots_only_what_is_in_them_after_all_links(places, name, allowed):
    (places / "data" / "out").symlink_to(places / "elsewhere")
    (places / "elsewhere" / "in").symlink_to(places / "data")
    roots = Roots(places / "workspace", (places / "data",))
    if allowed:
        assert roots.configured(places / name, name) == places / name
    else:
        with pytest.raises(PathError, match=r"in none of the allowed folders .*'roots' in labelaudit.yaml"):
            roots.configured(places / name, name)


def test_a_link_in_a_circle_and_what_is_no_path_are_refused_whatever_the_roots(places):
    loop = places / "loop.csv"
    loop.symlink_to("loop.csv")
    with pytest.raises(PathError, match="leads in a circle"):
        Roots(places).configured(loop, "loop.csv")
    with pytest.raises(PathError, match="is no usable path"):
        Roots(places).configured(Path("a\0b"), "a\0b")


def test_data_may_name_files_of_the_workspace_of_their_own_folder_and_of_the_roots(places):
    roots = Roots(places / "workspace", (places / "data-2",))
    folders = real(roots.of_data(places / "data" / "items.csv"))
    inside = [
        n for n in ("workspace", "data", "data-2", "elsewhere") if is_inside(places / n / "f.csv", folders)
    ]
    assert inside == ["workspace", "data", "data-2"]
    assert not is_inside(Path("a\0b"), real([Path("/")]))
