"""Names that the parts of `pipelines` know each other's runs and checks by."""

#: Run tag: the dataset that a run is of.
DATASET = "labelaudit/dataset"

#: Run tag: who launched it, `command`, `schedule` or `rescore`.
LAUNCHED_BY = "labelaudit/launched_by"

#: Run tag: why it was launched, in words.
REASON = "labelaudit/reason"

#: Run tags, with the value `true`: compute everything anew; hash every file, also those that look unchanged.
FORCE, VERIFY = "labelaudit/force", "labelaudit/verify"

#: The one job of a workspace; a run of it is of the assets of one dataset.
JOB = "audit"

#: Asset checks whose names begin so are thresholds of the YAML's `gates`; the others are checks of the data.
GATE_PREFIX = "gate_"
