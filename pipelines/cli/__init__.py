"""The `labelaudit` command. Nothing slow is imported here: each command imports what it needs."""

from pipelines.cli.app import app

# Each of these adds its commands to the application, in the order in which --help lists them.
from pipelines.cli import datasets, run, findings, verdicts, compare, labels, demo  # noqa: F401, I001


def main() -> None:
    """Entry point of the `labelaudit` command."""
    app()
