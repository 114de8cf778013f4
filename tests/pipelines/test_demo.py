import numpy as np
import pytest
from typer.testing import CliRunner

from audits.benchmark.comparison import table_rows
from audits.review.store import ReviewStore
from audits.workspace import Workspace
from pipelines.cli import app
from pipelines.demo import DATASET, FLIPPED_SHARE, flip_labels, run_demo


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "demo"
    result = CliRunner().invoke(app, ["demo", "--dir", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, result.stdout


def test_the_demo_says_plainly_what_is_made_up(shown):
    _, text = shown
    assert "FLIPPED ON PURPOSE" in text
    assert "SIMULATED reviewer" in text
    assert "no person did" in text
    assert "144 labels (8.0%)" in text


def test_every_corrected_score_is_nearer_to_the_truth(shown):
    folder, text = shown
    result = run_demo(folder, lambda *_: None)
    rows = table_rows(result.comparison, "all", "accuracy")
    assert len(rows) == 4
    for r in rows:
        truth = result.true_accuracy[r.model]
        assert abs(r.corrected - truth) < abs(r.original - truth), r.model
    assert "nearer to the truth for 4 of 4 models" in text
    assert result.flagged_flipped / result.flipped > 0.9
    assert result.flagged_flipped / result.flagged > 0.5
    assert str(folder) in text


def test_running_it_again_stores_no_verdict_twice_and_prints_the_same(shown):
    folder, text = shown
    with ReviewStore(Workspace(folder).store_url) as store:
        before = len(store.verdicts(DATASET))
    again = CliRunner().invoke(app, ["demo", "--dir", str(folder)])
    assert again.stdout == text
    with ReviewStore(Workspace(folder).store_url) as store:
        assert len(store.verdicts(DATASET)) == before


def test_it_refuses_a_folder_that_holds_something_else(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    result = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "something else" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_flips_are_exact_in_number_and_never_keep_the_label():
    labels = np.arange(1000) % 10
    noisy = flip_labels(labels, 10, FLIPPED_SHARE, np.random.default_rng(0))
    assert (noisy != labels).sum() == 80
    assert set(np.unique(noisy)) <= set(range(10))
    again = flip_labels(labels, 10, FLIPPED_SHARE, np.random.default_rng(0))
    assert (noisy == again).all()
