from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits import fingerprints
from audits.errors import AuditError
from audits.fingerprints import Sources, code_version, digest, look, settled

LONG_AGO = 1_700_000_000

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "data.csv"
    put(path, "one")
    return path


@pytest.fixture
def memory(tmp_path) -> Path:
    return tmp_path / "state" / "sources.json"


def put(path, text, at=LONG_AGO):
    path.write_text(text)
    os.utime(path, (at, at))


def fingerprint(memory, path, **options):
    """The fingerprint as a new process would find it, and whether the file was read for it."""
    sources = Sources(memory, **options)
    return sources.fingerprint(path), sources.hashed == [path]


@given(JSON, JSON)
def test_equal_values_have_equal_digests_and_others_others(one, two):
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert (digest(one) == digest(two)) == same
    assert digest(json.loads(json.dumps(one))) == digest(one)


def test_order_matters_in_lists_alone_and_tuples_are_lists():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest([1, 2]) == digest((1, 2)) != digest([2, 1])
    assert digest("1") != digest(1) != digest(True)
    with pytest.raises(TypeError):
        digest({"path": Path("x")})


def test_a_file_that_looks_as_it_did_is_not_read_again(file, memory):
    found, read = fingerprint(memory, file)
    assert read
    assert fingerprint(memory, file) == (found, False)
    os.utime(file, (LONG_AGO + 9, LONG_AGO + 9))
    assert fingerprint(memory, file) == (found, True)
    assert fingerprint(memory, file) == (found, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: put(p, "two"),  # of the same size, at another time
        lambda p: put(p, "longer", LONG_AGO),
        lambda p: (put(p.with_name("new"), "two"), p.with_name("new").rename(p)),
    ],
    ids=["time", "size", "inode"],
)
def test_a_file_that_looks_otherwise_is_read(file, memory, change):
    found, _ = fingerprint(memory, file)
    kept = file.with_name("kept")
    os.link(file, kept)  # so that the inode is not given to the next file
    before = look(file)
    change(file)
    if look(file) == before:
        os.utime(file, (LONG_AGO + 1, LONG_AGO + 1))
    other, read = fingerprint(memory, file)
    assert (other != found, read) == (True, True)


def test_the_same_content_has_the_same_fingerprint_wherever_it_is(file, memory, tmp_path):
    shutil.copy(file, tmp_path / "copy.csv")
    assert fingerprint(memory, tmp_path / "copy.csv")[0] == fingerprint(memory, file)[0]


def test_a_change_with_the_time_of_the_content_put_back_is_seen(file, memory):
    found, _ = fingerprint(memory, file)
    with file.open("r+") as f:
        f.write("two")
    os.utime(file, (LONG_AGO, LONG_AGO))
    other, read = fingerprint(memory, file)
    assert (other != found, read) == (True, True)


@pytest.mark.usefixtures("no_change_times")
def test_verifying_reads_what_looks_unchanged_and_reads_it_once(file, memory):
    found, _ = fingerprint(memory, file)
    with file.open("r+") as f:
        f.write("two")
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert fingerprint(memory, file) == (found, False), "that is what verifying is for"
    sources = Sources(memory, verify=True)
    other = sources.fingerprint(file)
    assert other != found
    assert sources.fingerprint(file) == other
    assert sources.hashed == [file]
    assert fingerprint(memory, file) == (other, False)


def test_a_file_that_was_just_written_is_read_again_until_it_has_settled(file, memory, monkeypatch):
    now = time.time()
    put(file, "one", now)
    found, _ = fingerprint(memory, file)
    with file.open("r+") as f:
        f.write("two")
    os.utime(file, (now, now))  # as a second write within the same tick of the clock would leave it
    other, read = fingerprint(memory, file)
    assert (other != found, read) == (True, True)
    later = time.time_ns() + fingerprints._SETTLED_NS
    monkeypatch.setattr("audits.fingerprints.time.time_ns", lambda: later)
    assert fingerprint(memory, file) == (other, True)
    assert fingerprint(memory, file) == (other, False)


def test_a_file_from_the_future_never_settles():
    now = time.time_ns()
    assert settled([1, LONG_AGO * 10**9, 1, LONG_AGO * 10**9], now)
    assert not settled([1, now + 10**12, 1, LONG_AGO * 10**9], now)
    assert not settled([1, LONG_AGO * 10**9, 1, now + 1], now), "renamed there after reading began"


def test_a_file_that_is_being_written_to_is_not_remembered(file, memory, monkeypatch):
    before = look(file)
    seen = iter([before, [99, 99, 99, 99]])
    monkeypatch.setattr("audits.fingerprints.look", lambda _: next(seen))
    sources = Sources(memory)
    assert sources.fingerprint(file) is not None
    assert not memory.exists()


def test_what_is_no_file_has_no_fingerprint(tmp_path, memory):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none", tmp_path, tmp_path / "pipe", Path("a\0b"), tmp_path / ("x" * 300)):
        assert look(path) is None
        assert fingerprint(memory, path) == (None, False)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads everything")
def test_a_file_that_may_not_be_read(file, memory):
    file.chmod(0)
    assert fingerprint(memory, file) == (None, False)


def test_a_file_that_goes_while_it_is_looked_at(file, memory, monkeypatch):
    monkeypatch.setattr("audits.fingerprints.look", lambda _: [3, 0, 1])
    assert fingerprint(memory, file.with_name("gone")) == (None, False)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", "[" * 100_000, '{"PATH": 3}', '{"PATH": [1, 2]}', "\xff"]
)
def test_a_damaged_memory_only_costs_time(file, memory, content):
    found, _ = fingerprint(memory, file)
    memory.write_text(content.replace("PATH", str(file)), encoding="latin-1")
    assert fingerprint(memory, file) == (found, True)
    assert fingerprint(memory, file) == (found, False)


def test_a_memory_that_cannot_be_kept_is_said(file, tmp_path):
    (tmp_path / "state").write_text("a file in the way")
    with pytest.raises(AuditError, match=r"sources\.json cannot be written"):
        Sources(tmp_path / "state" / "sources.json").fingerprint(file)


def test_files_that_are_gone_are_forgotten(file, memory, tmp_path):
    other = tmp_path / "other"
    put(other, "x")
    fingerprint(memory, other)
    other.unlink()
    fingerprint(memory, file)
    assert list(json.loads(memory.read_text())) == [str(file)]


def test_links_are_followed(file, memory, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(file)
    found, _ = fingerprint(memory, link)
    new = tmp_path / "new"
    put(new, "two")
    link.unlink()
    link.symlink_to(new)
    assert fingerprint(memory, link)[0] != found


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two files in the place of this one's source."""
    put(tmp_path / "audits" / "fingerprints.py", "1") if (tmp_path / "audits").mkdir() is None else None
    (tmp_path / "audits" / "signals").mkdir()
    put(tmp_path / "audits" / "signals" / "a.py", "x = 1")
    monkeypatch.setattr("audits.fingerprints.__file__", str(tmp_path / "audits" / "fingerprints.py"))
    code_version.cache_clear()
    yield tmp_path / "audits"
    code_version.cache_clear()


def version():
    code_version.cache_clear()
    return code_version()


def test_the_version_of_the_code_changes_with_any_line_of_it_and_any_library(package, monkeypatch):
    one = version()
    assert version() == one
    (package / "notes.txt").write_text("no code")
    assert version() == one
    put(package / "signals" / "a.py", "x = 2")
    two = version()
    (package / "signals" / "a.py").rename(package / "signals" / "b.py")
    three = version()
    monkeypatch.setattr("audits.fingerprints.version", lambda name: "99" if name == "cleanlab" else "1")
    assert len({one, two, three, version()}) == 4
