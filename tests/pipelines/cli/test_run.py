"""`run`."""


def test_run_of_several_datasets_goes_on_after_a_failure(made_up):
    made_up.add("ape")
    made_up.add("zoo")
    (made_up.root / "datasets" / "ape" / "items.parquet").write_bytes(b"PAR1 not really PAR1")
    result = made_up.call("run")
    assert result.exit_code == 2
    assert "ape: items_candidate" in result.stderr
    assert "zoo: done" in result.stdout
