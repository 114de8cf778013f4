"""Make a folder a workspace, with a commented example of a dataset's YAML file."""

from __future__ import annotations

from pathlib import Path

from audits.disk import write_atomic, writing
from audits.errors import WorkspaceError

EXAMPLE = """\
# An example of a dataset's YAML file, with every key. Copy it to datasets/NAME.yaml and change it;
# what is commented out shows the default. Paths are relative to the YAML file. Unknown keys are refused.

# name: reviews                 # when given, the same as the file's name
description: Short texts with one of three moods.
# task: multiclass              # the one task type there is so far

items:
  path: reviews/items.parquet   # Parquet, CSV, JSONL or Arrow; one row an item
  id: item_id                   # unique and never empty; everything is joined by it
  label: label                  # class ids, class names, or positions in the class list
  # labels_as: auto             # auto, id, name or position
  content: [text]               # what a reviewer is shown; a change of it asks again
  # files: []                   # content columns that hold file paths: the files' bytes count
  groups: [source]              # columns that name a group
  # suggestion: guess           # column with a better label that came with the data
  # split: part                 # column that names the part an item is in, such as train or test

# Every class, also those that no item has, in the order of the columns of dense probabilities.
# The id is the key, the name is for display and may repeat.
# classes_file: classes.txt     # instead of the list: JSON, YAML, or text with a class a line
# classes_confirmed: true       # false: the list was derived and nobody has looked at it yet
classes:
  - {id: 0, name: negative}
  - {id: 1, name: neutral}
  - {id: 2, name: positive}

models:
  - name: logistic_regression
    family: linear
    out_of_sample: true         # held out or cross-validated; confident learning presumes it
    # raised_flags: false       # true: this model raised the flags that people reviewed
    # scored: true              # false: not a contestant, it only serves the audit
    outputs:
      kind: dense               # a probability for every class
      path: reviews/logistic_regression.parquet   # item_id and a column a class, or one list column
      # column: pred_probs      # the list column
  - name: large_model
    out_of_sample: true
    outputs:
      kind: top_k               # columns item_id, top_k_labels, top_k_probs; or a pair of .npy files
      path: reviews/large_model_top5.npy
      probs: reviews/large_model_top5_probs.npy
      rows: items_order         # a .npy file has no ids: say that its rows are in items order
  - name: prompted_model
    out_of_sample: true
    outputs:
      kind: labels              # columns item_id, predicted_label; an empty one means no answer
      path: reviews/prompted_model.csv

# annotations:                  # one row per item and annotator
#   path: reviews/annotations.csv
#   id: item_id
#   annotator: annotator_id
#   label: label

# features: [{name: sentences, kind: embeddings, path: reviews/sentences.npy, rows: items_order}]   # to compare by
# training_dynamics: {path: reviews/training.npy, kind: probs}   # epochs x items x classes, of a model in training
# reference_labels: [{name: second_look, path: reviews/second_look.parquet, column: labels}]   # a label version
# class_distance: {tree: {opinion: [0, 2], none: [1]}}   # for severity_error and mean_distance

audits:
  confident_learning:           # through cleanlab, for each model with dense outputs
    filter_by: prune_by_noise_rate
    method: self_confidence
    # frac_noise: 1.0
    # num_to_remove_per_class: [10, 10, 10]
    # min_examples_per_class: 1
    # adjust_pred_probs: false
    # min_model_share: 0.5      # share of these models that must flag an item
    # flags: true               # false: add the score, raise no flag
  model_agreement:              # over all models
    min_share: 0.5              # share of models that must predict the same other class
  # pervasive_label_errors: {}  # the rule of the published study
  # annotator_consensus: {}     # needs annotations
  # duplicate_conflicts: {}     # needs features
  # area_under_margin: {}       # needs training dynamics

review:
  budget: 500                   # flagged items, from the top of the ranking, that go to people
  control_rate: 0.02            # share of the unflagged items that go to people as a control sample
  seed: 0
  verdicts_per_item: 3          # m of 'n of m'
  agree: 2                      # n of 'n of m'
  # policy: strict              # or majority, set-valued, drop-contested
  # gold: {path: reviews/gold.csv, id: item_id, label: label}   # items whose right label is known
  rescore:                      # new scores by themselves, while 'labelaudit up' runs
    after_verdicts: 20
    quiet_minutes: 10

# metrics: [accuracy, top5_accuracy, balanced_accuracy, macro_f1, weighted_f1, cohen_kappa, log_loss, brier, ece_15,
#   ece_em_15, ece_cw_15, mce_15, auroc, average_precision]
# uncertainty: {replicates: 1000, seed: 0, method: percentile}   # resamples of the items behind intervals
# tolerance: {range: 0.0001, sum: 0.001}

schedule:                       # while 'labelaudit up' runs
  cron: "0 3 * * *"             # minute, hour, day of month, month, day of week
  timezone: Europe/Berlin
  # grace_minutes: 120          # how long after a tick the dataset still counts as fresh

gates:                          # thresholds; 'labelaudit run' exits with 3 when one does not hold
  max_flag_rate: 0.15           # largest share of items flagged
  max_corrected_share: 0.05     # largest share of items whose label the verdicts change or take out
  max_score_drop: 0.03          # most that a scored model may lose from original to corrected labels
  keep_rank: [logistic_regression]   # models whose rank may not change
  # metric: accuracy            # what the last two look at

alerts:                         # who is told what failed, each fault once
  # kinds: [run_failed, check_failed, gate_failed]
  # log: true
  webhooks:
    - {url_env: LABELAUDIT_WEBHOOK, format: slack}   # the variable holds the URL; format json or slack

retention:
  keep: 10                      # results of each stage that are kept, the ones used last
"""


def init_workspace(root: Path) -> list[Path]:
    """Make a folder a workspace, leaving alone what is there.

    Returns
    -------
    list of Path
        What was made.

    Raises
    ------
    WorkspaceError
        When a file stands where a folder is needed.
    """
    made = []
    for folder in (root, root / "datasets", root / "state"):
        if folder.exists() and not folder.is_dir():
            raise WorkspaceError(f"{folder} is a file; a workspace needs a folder there")
        if not folder.exists():
            with writing(folder):
                folder.mkdir(parents=True)
            made.append(folder)
    example = root / "example-dataset.yaml"
    if not example.exists():
        with writing(example):
            write_atomic(example, EXAMPLE.encode())
        made.append(example)
    return made
