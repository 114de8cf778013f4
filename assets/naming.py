"""What datasets and their stages are called in Dagster."""

import hashlib
import os
import re

import dagster as dg

from audits.config import DATASET_NAME

#: Run tag: the dataset that a run is of.
DATASET = "labelaudit/dataset"

#: Run tag: who launched it: `command`, `schedule` or `rescore`.
LAUNCHED_BY = "labelaudit/launched_by"

#: Run tag: why it was launched, in words.
REASON = "labelaudit/reason"

#: Run tags, with the value `true`: compute everything anew; hash every file, also those that look unchanged.
FORCE, VERIFY = "labelaudit/force", "labelaudit/verify"

#: Asset checks whose names begin so are thresholds of the YAML's `gates`; the others are checks of the data.
GATE_PREFIX = "gate_"


def graph_name(dataset: str) -> str:
    """What a dataset is called in Dagster: its name, or where the YAML file has a name that no dataset may
    have, one that Dagster takes and that is like no other.
    """
    if DATASET_NAME.fullmatch(dataset):
        return dataset
    digest = hashlib.blake2b(os.fsencode(dataset), digest_size=4).hexdigest()
    return f"{re.sub('[^A-Za-z0-9_]', '_', dataset)}_{digest}"


def key(dataset: str, name: str) -> dg.AssetKey:
    """Asset key of a stage of a dataset."""
    return dg.AssetKey([graph_name(dataset), name])
