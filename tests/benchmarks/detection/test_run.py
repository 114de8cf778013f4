"""A run of the harness, as the command starts it."""

from __future__ import annotations

import csv
import os

from benchmarks.detection.__main__ import main
from benchmarks.detection.rows import DIFFERENCE, read_rows
from benchmarks.detection.run import Settings, run


def test_writes_rows_and_curves(folder, tmp_path, capsys):
    out, curves = tmp_path / "rows.json", tmp_path / "curves.csv"
    asked = ["--data", str(folder), "--datasets", "made-up*", "--jobs", "1", "--quick"]
    methods = ["--methods", "random", "cleanlab*", "plain_margin", "model_agreement"]
    assert main([*asked, *methods, "--json", str(out), "--curves", str(curves)]) == 0
    rows = read_rows(out)
    assert {r.dataset for r in rows} == {"made-up", "made-up-held-out-classes", "made-up-reassessed"}
    assert {r.method for r in rows} == {
        "random",
        "cleanlab_best_model",
        "cleanlab_median_model",
        "cleanlab_ensemble",
        "plain_margin",
        "model_agreement",
    }
    # planted at random in labels that five good models know: every method finds them
    for row in rows:
        if row.metric == "average_precision" and row.method != "random":
            assert row.low <= row.value <= row.high
            assert row.value > 0.6, row
    with curves.open() as file:
        first = next(csv.DictReader(file))
    assert set(first) == {"dataset", "method", "items_reviewed", "errors_found"}
    assert "### made-up-reassessed" in capsys.readouterr().out
    assert main(["--table", str(out)]) == 0
    assert "| cleanlab_ensemble" in capsys.readouterr().out


def test_two_processes_find_the_same(folder, tmp_path):
    asked = ["--data", str(folder), "--datasets", "made-up", "made-up-reassessed", "--quick"]
    written = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.json"
        assert main([*asked, "--methods", "plain_margin", "--jobs", jobs, "--json", str(out)]) == 0
        written.append(out.read_text())
    assert written[0] == written[1]


def test_processes_have_a_thread_each_and_leave_the_settings_as_they_were(folder, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    settings = Settings((folder,), ("made-up",), ("plain_margin",), replicates=0)
    for _ in run(settings, 1):
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_an_unknown_name_is_an_error(folder, capsys):
    assert main(["--data", str(folder), "--datasets", "strange*"]) == 2
    assert "no dataset is named strange*" in capsys.readouterr().err


def test_the_command_measures_the_evidence(folder, tmp_path):
    out = tmp_path / "rows.json"
    asked = ["--data", str(folder), "--datasets", "made-up", "--jobs", "1", "--draws", "1", "--quick"]
    assert main([*asked, "--methods", "ours_*", "cleanlab_ensemble", "--json", str(out)]) == 0
    by = {(r.method, r.metric): r for r in read_rows(out)}
    for method in ("ours_0", "ours_0_with_suggestion", "ours_100"):
        assert by[method, "average_precision"].value > 0.6
        assert 0 <= by[method, "ece"].value <= 1
    assert by["ours_0", DIFFERENCE].low <= by["ours_0", DIFFERENCE].value <= by["ours_0", DIFFERENCE].high
