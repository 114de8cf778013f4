import io
import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.errors import FileError, InputError
from audits.ingest.arrays import open_npy, widened


def saved(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def with_header(header):
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 48


@pytest.fixture
def put(tmp_path):
    def write(content):
        path = tmp_path / "a.npy"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_open_as_read_only_maps_in_any_byte_and_axis_order(put, dtype, order):
    values = np.arange(12).reshape(4, 3)
    array = open_npy(put(saved(np.array(values, dtype=dtype, order=order))), 2, "f", "probabilities")
    assert isinstance(array, np.memmap)
    assert not array.flags.writeable
    assert (array == values).all()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(FileError, match="is no regular file"):
        open_npy(tmp_path / "pipe.npy", 2, "f", "x")


def test_no_rows_are_an_array_too(put):
    assert open_npy(put(saved(np.zeros((0, 3)))), 2, "f", "x").shape == (0, 3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"the file is empty \(0 bytes\)"),
        (b"PK\x03\x04", "cannot be read"),
        (saved(np.zeros((3, 3)))[:-1], "cannot be read"),
        (saved(np.zeros((3, 3)))[:40], "cannot be read"),
        (saved(np.array([{}], dtype=object), allow_pickle=True), "cannot be read .* Python objects"),
        (pickle.dumps([0.5] * 9), "does not begin as one .it is a pickle"),
        (with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3)}"), "negative dimensions"),
        (
            with_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({10**20}, 3)}}"),
            "its header tells of more than the .* bytes that it has",
        ),
        (
            with_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({10**9}, 3)}}"),
            "its header tells of more than the .* bytes that it has",
        ),
        (with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (True, 3)}"), "integer is required"),
        (with_header("(" * 100), "cannot be read"),
        (with_header("__import__('os')"), "its header is no plain description of an array"),
        (saved(np.zeros((3, 3))) * 2, "bytes follow the array of shape"),
        (with_header("{'descr': '<f4', 'shape': (01, 3)}"), "cannot be read"),
        (saved(np.zeros(3)), r"as 2-dimensional floats, got shape \(3,\) of float64"),
        (saved(np.zeros((3, 3), int)), "got shape .* of int64"),
        (saved(np.zeros((3, 3), bool)), "of bool"),
        (saved(np.zeros((3, 3), complex)), "of complex128"),
        (saved(np.zeros((3, 3), [("a", "<f4")])), "got shape"),
    ],
)
def test_what_is_no_such_array_is_refused_by_name(put, content, says):
    path = put(content)
    with pytest.raises(InputError, match=says) as e:
        open_npy(path, 2, "f", "probabilities")
    assert str(e.value).startswith(f"{path}: ")


def test_a_missing_file_a_folder_and_several_arrays(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        open_npy(tmp_path / "none.npy", 2, "f", "x")
    with pytest.raises(FileError, match="is a folder; expected a file"):
        open_npy(tmp_path, 2, "f", "x")
    np.savez(tmp_path / "a.npz", np.zeros(3), np.zeros(3))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"does not begin as one .it is a zip archive"):
        open_npy(tmp_path / "a.npy", 2, "f", "x")


DAMAGE = st.tuples(st.integers(0, 127), st.integers(0, 255) | st.sampled_from(list(b"'(){}[],:\\0-#")))


@given(changes=st.lists(DAMAGE, min_size=1, max_size=3))
def test_a_damaged_header_is_refused_or_still_an_array(changes, tmp_path_factory):
    content = bytearray(saved(np.zeros((3, 4), np.float32)))
    for place, byte in changes:
        content[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.npy"
    path.write_bytes(bytes(content))
    try:
        assert open_npy(path, 2, "f", "x").ndim == 2
    except InputError as e:
        assert str(e).startswith(str(path))  # noqa: PT017 - it may also not raise


@given(st.floats(0, 1))
def test_widening_loses_nothing_and_never_narrows(value):
    for dtype in ("<f8", ">f8"):
        got = widened(np.array([[value]], dtype=dtype))
        assert got.dtype == np.float64
        assert got[0, 0] == value
    for dtype in ("<f4", ">f4", "<f2", ">f2"):
        narrow = np.array([[value]], dtype=dtype)
        got = widened(narrow)
        assert got.dtype == np.float32
        assert got[0, 0] == narrow[0, 0]


def test_native_floats_are_not_copied_and_others_are_native_afterwards():
    for dtype in (np.float32, np.float64):
        array = np.zeros((2, 2), dtype)
        assert widened(array) is array
    for array in (np.ones((1, 1), np.longdouble), np.ones((1, 1), ">f8"), np.ones((1, 1), np.int64)):
        assert widened(array).dtype.isnative
    assert widened(np.ones((1, 1), np.longdouble)).dtype == np.float64
    if np.finfo(np.longdouble).max > np.finfo(np.float64).max:
        assert np.isinf(widened(np.array([np.finfo(np.longdouble).max]))).all()
