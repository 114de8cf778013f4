import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from audits.benchmark.comparison import table_rows
from audits.review.consensus import Rule
from audits.review.open_queue import open_tasks
from audits.review.store import ReviewStore
from audits.stored import load_items
from audits.web.content.nearby import nearest_of
from audits.web.content.parts import parts_of
from audits.web.content.pictures import look
from audits.web.loaded import load
from audits.workspace import Workspace
from pipelines.cli import app
from pipelines.demo import DATASET, FLIPPED_SHARE, LEFT_OPEN, flip_labels, run_demo


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


def test_some_of_the_queue_is_left_to_whoever_tries_it_and_the_command_for_it_is_the_last_line(shown):
    folder, text = shown
    assert (
        text.splitlines()[-1]
        == f"Review the {LEFT_OPEN} items that are left: labelaudit -w {folder} review {DATASET}"
    )
    workspace = Workspace(folder)
    tables = workspace.tables(DATASET)
    items = load_items(tables, tables.current_ref("findings").lineage())
    truth = json.loads((folder / "datasets" / DATASET / "truth.json").read_text())
    with ReviewStore(workspace.store_url) as store:
        rule = Rule.from_config(workspace.dataset(DATASET).config.review)
        left = open_tasks(store, DATASET, items.items, items.classes, rule)
        flagged = sorted(t.rank for t in store.tasks(DATASET) if t.stratum == "flagged")
    assert len(left) == LEFT_OPEN
    # spread over the whole ranking, so that there is something to keep and something to correct
    assert min(t.rank for t in left) == flagged[0]
    assert max(t.rank for t in left) == flagged[-1]
    wrong = sum(truth[t.question.item_id] != t.question.given_label for t in left)
    assert 0 < wrong < LEFT_OPEN


def test_the_digits_are_pictures_of_their_points_and_the_nearest_ones_look_alike(shown):
    folder, _ = shown
    loaded = load(Workspace(folder), DATASET)
    truth = json.loads((folder / "datasets" / DATASET / "truth.json").read_text())
    pixels, _ = load_digits(return_X_y=True)
    for row in (0, 900, 1796):
        (part,) = parts_of(loaded, row)
        found = look(loaded, row, "image")
        assert (part.kind, part.tiny, found.format) == ("image", True, "PNG")
        points = np.asarray(Image.open(found.path))
        assert np.array_equal(points.ravel(), np.rint(255 * (1 - pixels[row] / 16)))
    near = [t for row in range(0, 1797, 60) for t in nearest_of(loaded, row, loaded.items.labels[row])]
    right = [truth[t.item_id] == t.label.id for t in near if not t.flagged]
    assert np.mean(right) > 0.95


def test_no_audit_looks_at_the_pictures(shown):
    folder, _ = shown
    assert set(load(Workspace(folder), DATASET).signals["signal"].to_pylist()) == {
        "confident_learning",
        "model_agreement",
    }


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
