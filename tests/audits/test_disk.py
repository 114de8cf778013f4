import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.disk import fingerprint_folder, write_atomic

V1, V2 = "1" * 32, "2" * 32


@given(st.dictionaries(st.sampled_from(["a", "b", "sub/a", "sub/b"]), st.binary(max_size=4)))
def test_a_version_is_its_names_and_bytes(tmp_path_factory, files):
    def folder(content):
        root = tmp_path_factory.mktemp("v")
        for name, data in content.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_bytes(data)
        return fingerprint_folder(root)

    version = folder(files)
    assert folder(dict(reversed(files.items()))) == version
    for name, data in files.items():
        assert folder({**files, name: data + b"x"}) != version
        assert folder({n: d for n, d in files.items() if n != name}) != version
    assert folder({**files, "c": b""}) != version


def test_files_are_replaced_whole_with_the_usual_mode(tmp_path):
    path = tmp_path / "new" / "file"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert list(path.parent.iterdir()) == [path]
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):  # the caller knows what to say
        write_atomic(tmp_path / "folder", b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "new"]
