"""The `labelaudit` command. Nothing slow is imported here: each command imports what it needs."""

from pipelines.cli import compare, datasets, demo, findings, labels, run, verdicts  # noqa: F401  they add commands
from pipelines.cli.app import app


def main() -> None:
    """Entry point of the `labelaudit` command."""
    app()
