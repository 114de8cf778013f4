"""A few fixed cases of the fuzzer, so that it is known to work and the worst is caught at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fuzz.case import Outcome, as_line, from_line
from tests.fuzz.report import report, told

REPOSITORY = Path(__file__).resolve().parents[2]


def fuzz(folder, *words):
    call = [
        sys.executable,
        "-m",
        "tests.fuzz",
        "--small",
        "--dir",
        str(folder),
        "--grounds",
        str(folder / "grounds"),
        *words,
    ]
    return subprocess.run(call, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_25_cases_find_nothing_and_one_of_them_is_played_again(tmp_path):
    done = fuzz(tmp_path, "--seed", "20", "--cases", "25", "--seconds", "600")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "25 cases, seed 20" in done.stdout
    assert "0 cases at fault" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["grounds"], "nothing is left of cases that went well"
    again = [fuzz(tmp_path, "--seed", "20", "--only", "5") for _ in range(2)]
    assert all("nothing is wrong" in a.stdout for a in again)
    played = [a.stdout[: a.stdout.index("status ")] for a in again]
    assert played[0] == played[1]
    assert "spoiled " in played[0]


def test_the_report_counts_and_names_what_is_at_fault():
    well = Outcome(1, "run", "run zoo", ["x: flip"], 2, ["file"], 1.0, 10**8, [])
    bad = Outcome(2, "add", "add fresh", ["y: pipe"], None, [], 60.0, 10**8, ["killed: hang"])
    assert from_line(as_line(bad)) == bad
    text = "\n".join(report([well, bad], 9))
    assert "2 cases, seed 9" in text
    assert "slowest: case 2 (add), 60.0 s" in text
    assert "1 cases at fault" in text
    assert told(bad, 9)[-1].endswith("--seed 9 --only 2")
    assert report([], 9) == ["no case was played"]
