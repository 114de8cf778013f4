"""Progress as people see it: a bar on a terminal, plain lines elsewhere; both on standard error."""

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.cli.output import number, print_table, progress

LABELAUDIT = Path(sys.executable).with_name("labelaudit")


def _drive(show):
    show("zoo: reading items", 1, 3)
    show("outputs of m0", 1, 3)
    show("zoo: publishing", 2, 3)
    show("zoo: comparing", 3, 3)


def test_without_a_terminal_each_step_is_one_plain_line(capsys):
    with progress() as show:
        _drive(show)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["[1/3] zoo: reading items", "[2/3] zoo: publishing", "[3/3] zoo: comparing"]


def test_a_run_elsewhere_than_on_a_terminal_prints_plain_lines_and_its_result_apart(made_up):
    made_up.add()
    done = subprocess.run(
        [LABELAUDIT, "-w", made_up.root, "run", "zoo"], capture_output=True, text=True, check=True
    )
    lines = done.stderr.splitlines()
    assert lines
    assert all(re.fullmatch(r"\[\d+/\d+\] zoo: [a-z _]+", line) for line in lines)
    assert re.fullmatch(r"zoo: done \(run [0-9a-f-]+; \d+ parts computed, \d+ reused\)\n", done.stdout)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals here")
def test_a_run_on_a_terminal_shows_a_bar_and_clears_it(made_up):
    made_up.add()
    terminal, end = pty.openpty()
    seen = bytearray()

    def read():
        while True:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # the other end is closed
                return
            if not part:
                return
            seen.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(
        [LABELAUDIT, "-w", made_up.root, "run", "zoo"],
        stdout=subprocess.PIPE,
        stderr=end,
        text=True,
        check=True,
        env=environment,
    )
    os.close(end)
    reader.join(timeout=30)
    os.close(terminal)
    text = seen.decode()
    assert "\u2501" in text, "the bar"
    assert re.search(r"\d+/13", text)
    assert "zoo: comparing" in text, "quick steps pass between two pictures, the last one stays"
    assert not re.search(r"\[\d+/\d+\] zoo", text), "no plain lines beside the bar"
    assert "\x1b[2K" in text, "the bar is cleared at the end"
    assert done.stdout.startswith("zoo: done")


def test_a_narrow_terminal_squeezes_no_column_away(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    columns = ["dataset", "why", *(f"number {i}" for i in range(5))]
    print_table("", columns, [["zoo", "word " * 20, *"12345"]], text=["dataset", "why"])
    lines = capsys.readouterr().out.splitlines()
    for column in columns:
        assert column in lines[0]
    assert lines[2].split()[-5:] == list("12345")


def test_numbers_have_fixed_decimals_and_a_dash_for_none():
    assert [number(0.5), number(0.25, 2, sign=True), number(-0.25, 2, sign=True), number(None)] == [
        "0.5000",
        "+0.25",
        "-0.25",
        "-",
    ]
