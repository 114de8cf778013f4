import contextvars
import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from _pytest.runner import runtestprotocol
from typer.testing import CliRunner

from audits.new_workspace import init_workspace
from audits.workspace import Workspace
from tests import postgres

# Who starts the tests in the background may have them ignore signals, and every process that they start with them.
# What is tested is what the signals do.
for _number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

REPOSITORY = Path(__file__).resolve().parent.parent
CLASSES = ["ant", "bee", "cow"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Give each test context variables of its own.

    Dagster keeps the storage of the instance that was entered last in one. Where an earlier test's generator is
    collected later than it ended, it would put back the storage of an instance that is gone.
    """
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    contextvars.Context().run(runtestprotocol, item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("LABELAUDIT_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "label-errors").is_dir():
        pytest.skip(f"no public data in {folder}; name its folder with LABELAUDIT_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres_server():
    """URL of the administrative database of a real PostgreSQL server; one a process of the tests."""
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server):
    """URL of an empty database."""
    with postgres.database(postgres_server) as url:
        yield url


@dataclass
class MadeUp:
    """A workspace with small made-up datasets, and the command to run on it."""

    root: Path
    flipped: dict[str, list[str]] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    def add(self, name: str = "zoo", n: int = 60, *, models: int = 2, yaml: str = "") -> None:
        """Sharp models, and a few given labels that are wrong; ids are not in sorted order."""
        rng = np.random.default_rng(5)
        truth = np.arange(n) % 3
        given = truth.copy()
        given[:4] = (truth[:4] + 1) % 3
        ids = [f"{name}-{(i * 37) % 1000:03d}" for i in range(n)]
        self.flipped[name] = ids[:4]
        folder = self.root / "datasets" / name
        folder.mkdir(exist_ok=True)
        table = {"item_id": ids, "label": [CLASSES[g] for g in given], "text": [f"text of {i}" for i in ids]}
        pq.write_table(pa.table(table), folder / "items.parquet")
        entries = []
        for m in range(models):
            probs = rng.dirichlet(np.ones(3) * 0.3, size=n) * 0.3
            probs[np.arange(n), truth] += 0.7
            order = rng.permutation(n)
            columns = {c: probs[order, k] for k, c in enumerate(CLASSES)}
            pq.write_table(
                pa.table({"item_id": [ids[i] for i in order], **columns}), folder / f"m{m}.parquet"
            )
            entries.append(
                f"  - {{name: m{m}, out_of_sample: true, outputs: {{kind: dense, path: {name}/m{m}.parquet}}}}"
            )
        self.yaml(name).write_text(
            f"items: {{path: {name}/items.parquet}}\nclasses: [ant, bee, cow]\n"
            + ("models:\n" + "\n".join(entries) + "\n" if entries else "")
            + yaml
        )

    def yaml(self, name: str = "zoo") -> Path:
        return self.root / "datasets" / f"{name}.yaml"

    def items(self, name: str = "zoo") -> pa.Table:
        return pq.read_table(self.root / "datasets" / name / "items.parquet")

    def write_items(self, table: pa.Table, name: str = "zoo") -> None:
        pq.write_table(table, self.root / "datasets" / name / "items.parquet")

    def call(self, *words: str):
        """Call the command in this process; the result has exit_code, stdout and stderr."""
        from pipelines.cli import app

        return CliRunner().invoke(app, ["--workspace", str(self.root), *words])

    def json(self, *words: str):
        """Call a reading command with --json and parse what it prints."""
        result = self.call(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def ok(self, *words: str) -> str:
        """Call the command and expect it to succeed."""
        result = self.call(*words)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def made_up(tmp_path) -> MadeUp:
    root = tmp_path / "work space"  # a blank in the path, as people have them
    init_workspace(root)
    return MadeUp(root)
