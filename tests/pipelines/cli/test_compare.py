"""`compare`."""

import pyarrow.parquet as pq


def test_gates_decide_the_exit_status(zoo, tmp_path):
    assert zoo.call("compare", "zoo").exit_code == 0
    pending = zoo.call("compare", "zoo", "--gate", "no-pending")
    assert pending.exit_code == 3
    assert "4 items wait" in pending.stderr
    assert zoo.call("compare", "zoo", "--gate", "no-flips", "--json").exit_code == 0
    assert zoo.call("compare", "zoo", "--gate", "nonsense").exit_code == 2


def test_a_consensus_or_metric_that_makes_no_sense_is_refused(zoo):
    assert zoo.call("compare", "zoo", "--consensus", "0").exit_code == 2
    refused = zoo.call("compare", "zoo", "--metric", "accuracyy")
    assert refused.exit_code == 2
    assert "accuracyy" in refused.stderr


def test_flagged_removed_is_marked_unreviewed_everywhere(zoo, tmp_path):
    text = zoo.ok("compare", "zoo", "--version", "flagged-removed")
    assert "UNREVIEWED" in text
    assert "(unreviewed)" in text
    compared = zoo.json("compare", "zoo", "--version", "flagged-removed")
    assert {v["version"]: v["reviewed"] for v in compared["versions"]} == {
        "original": True,
        "corrected": True,
        "flagged-removed": False,
    }
    out = tmp_path / "out.parquet"
    result = zoo.call("labels", "export", "zoo", str(out), "--version", "flagged-removed")
    assert result.exit_code == 0
    assert "unreviewed" in result.stderr
    table = pq.read_table(out)
    assert table.num_rows == 56
    assert set(table["reviewed"].to_pylist()) == {False}


def test_compare_names_what_a_models_outputs_cannot_give(zoo):
    rows = zoo.json("compare", "zoo")["scores"]
    top5 = [r for r in rows if r["metric"] == "top5_accuracy"]
    assert top5
    assert all(r["value"] is None and r["reason"] for r in top5)
    assert all((r["value"] is None) == (r["reason"] is not None) for r in rows)
    assert "-:" in zoo.ok("compare", "zoo", "--metric", "top5_accuracy")
