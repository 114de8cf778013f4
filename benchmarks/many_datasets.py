"""What many datasets in one workspace cost: loading definitions, `status`, and an unchanged `run --all`.

Each figure is the wall time of a whole process, the least of a few runs, beside the bare import of Dagster
in the same run. The datasets are small (60 items, 2 models): what is measured is the cost of their number.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.new_workspace import init_workspace
from audits.review.store import ReviewStore
from audits.stages.graph import STAGES, stages_of
from audits.work import Work
from audits.workspace import Workspace

CLASSES = ("ant", "bee", "cow")
LOAD = (
    "import dagster as dg, pipelines.definitions as d\n"
    "repository = d.defs()\n"
    "dg.Definitions.validate_loadable(repository)\n"
)


def write_dataset(root: Path, name: str, items: int = 60) -> None:
    rng = np.random.default_rng(len(name))
    truth = np.arange(items) % 3
    ids = [f"{name}-{i:03d}" for i in range(items)]
    folder = root / "datasets" / name
    folder.mkdir()
    labels = [CLASSES[t] for t in np.where(np.arange(items) < 4, (truth + 1) % 3, truth)]
    pq.write_table(pa.table({"item_id": ids, "label": labels}), folder / "items.parquet")
    for model in ("m0", "m1"):
        probs = rng.dirichlet(np.ones(3) * 0.3, size=items) * 0.3
        probs[np.arange(items), truth] += 0.7
        columns = {c: probs[:, k] for k, c in enumerate(CLASSES)}
        pq.write_table(pa.table({"item_id": ids, **columns}), folder / f"{model}.parquet")
    (root / "datasets" / f"{name}.yaml").write_text(
        f"items: {{path: {name}/items.parquet}}\n"
        "classes: [ant, bee, cow]\n"
        "models:\n"
        f"  - {{name: m0, out_of_sample: true, outputs: {{kind: dense, path: {name}/m0.parquet}}}}\n"
        f"  - {{name: m1, out_of_sample: true, outputs: {{kind: dense, path: {name}/m1.parquet}}}}\n"
        "schedule: {cron: '0 3 * * *', timezone: Europe/Berlin}\n"
        "review: {rescore: {after_verdicts: 20}}\n"
        "gates: {max_flag_rate: 0.5}\n"
    )


def make_workspace(folder: Path, datasets: int, *, audited: int) -> Path:
    """A workspace of which so many datasets were audited, by the library's stages alone."""
    init_workspace(folder)
    names = [f"d{i:03d}" for i in range(datasets)]
    for name in names:
        write_dataset(folder, name)
    workspace = Workspace(folder)
    with ReviewStore(workspace.store_url) as store:
        for name in names[:audited]:
            with Work(workspace, name, run_id="bench", store=store) as work:
                for stage in stages_of(work.dataset):
                    STAGES[stage](work)
    return folder


def least(command: list[str], workspace: Path, repeats: int) -> float:
    environment = {**os.environ, "LABELAUDIT_WORKSPACE": str(workspace)}
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    python = sys.executable
    labelaudit = [str(Path(python).with_name("labelaudit"))]
    with tempfile.TemporaryDirectory() as scratch:
        some = make_workspace(Path(scratch) / "60", 60, audited=0)
        hundred = make_workspace(Path(scratch) / "100", 100, audited=100)
        many = make_workspace(Path(scratch) / "300", 300, audited=300)
        bare = least([python, "-c", "import dagster"], some, repeats)
        # the first brings gates and judgements, which only a run of the graph computes
        least([*labelaudit, "run", "--all"], hundred, 1)
        figures = [
            ("definitions of 60 datasets", least([python, "-c", LOAD], some, repeats), 4),
            ("definitions of 300 datasets", least([python, "-c", LOAD], many, repeats), 15),
            ("status over 300 datasets", least([*labelaudit, "status"], many, repeats + 1), 2),
            ("unchanged run --all over 100", least([*labelaudit, "run", "--all"], hundred, repeats), 10),
        ]
    print(f"bare 'import dagster': {bare:.2f} s")
    for what, seconds, bound in figures:
        verdict = "within" if seconds < bound else "OVER"
        print(f"{what}: {seconds:.2f} s, {seconds / bare:.1f} x the import; {verdict} the bound of {bound} s")
    sys.exit(any(seconds >= bound for _, seconds, bound in figures))


if __name__ == "__main__":
    main()
