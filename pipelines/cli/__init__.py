"""The `labelaudit` command. Nothing slow is imported here: each command imports what it needs."""
# ruff: noqa: F401, I001  each module adds its commands, in the order in which --help lists them

from pipelines.cli.app import app
from pipelines.cli import (
    datasets,
    run,
    findings,
    evidence,
    duplicates,
    annotators,
    review,
    users,
    verdicts,
    compare,
    leaderboard,
    prevalence,
    labels,
    store,
    clean,
    backup,
    up,
    doctor,
    demo,
)


def main() -> None:
    """Entry point of the `labelaudit` command."""
    app()
