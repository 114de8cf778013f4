"""Import the public label-errors repository: its test sets, its probabilities, its reviewers' votes."""

from audits.ingest.label_errors.importer import ImportSummary, import_label_errors
from audits.ingest.label_errors.sets import SETS, KnownSet, find_set
from audits.ingest.label_errors.verdicts import DECIDED_AT, SOURCE

__all__ = [
    "DECIDED_AT",
    "SETS",
    "SOURCE",
    "ImportSummary",
    "KnownSet",
    "find_set",
    "import_label_errors",
]
