"""Tables of columns and values in the pages are those of the code."""

from __future__ import annotations

import re

from tests.documentation.pages import REPOSITORY


def _table(page: str, section: str) -> list[list[set[str]]]:
    """Names in backticks of each cell, row by row, of the table below a heading."""
    part = (
        (REPOSITORY / "docs" / page).read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    )
    rows = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("|")][2:]
    return [[set(re.findall(r"`([^`]+)`", cell)) for cell in row] for row in rows]


def _columns(section: str) -> set[str]:
    return set().union(*(row[0] for row in _table("files.md", section)))


def test_columns_of_files_are_as_documented():
    from audits import contracts
    from audits.benchmark.export import EXPORT_COLUMNS
    from audits.review.history import COLUMNS
    from audits.review.verdict_files import ANSWERED, ASKED, CONTENT, OPTIONAL

    assert _columns("The review queue") == {*ASKED, *ANSWERED, *OPTIONAL, f"{CONTENT}..."}
    assert _columns("A label version") == set(EXPORT_COLUMNS)
    assert _columns("The history of verdicts") == set(COLUMNS)
    assert _columns("A patch") == set(contracts.PATCH.names)


def test_values_in_json_are_as_documented():
    from audits.benchmark.metrics import METRICS
    from audits.benchmark.outcomes import REASONS, STATES
    from audits.benchmark.scores import ITEM_SETS
    from audits.benchmark.versions import VERSIONS
    from audits.review.policies import OUTCOMES
    from audits.review.records import DECISIONS, STRATA
    from audits.signals.registry import OVER_INPUTS, OVER_MODELS, PER_MODEL

    known = [DECISIONS, OUTCOMES, STATES, REASONS, STRATA, VERSIONS, ITEM_SETS, METRICS]
    documented = [row[1] for row in _table("json.md", "Values")]
    signals = {*PER_MODEL, *OVER_MODELS, *OVER_INPUTS}
    assert documented == [set(values) for values in [*known, signals]]
