"""Take the pictures of Dagster's page that docs/nights.md shows.

    python docs/screenshots.py docs/images

makes a workspace of handwritten digits in a temporary folder and serves it with `labelaudit up`. Its nights are
a minute apart: verdicts come in between, once a better model, and before the last one nothing. Then the Chromium
that is installed (`CHROMIUM` names another one than /usr/bin/chromium) takes `graph.png`, `checks.png` and
`trend.png`. It takes some ten minutes. Those of the review room are taken by `tests/browser/test_screenshots.py`.
"""

import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Browser, Page, sync_playwright
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from audits.workspace import Workspace
from pipelines.demo import flip_labels

#: In pixels. Each picture is as high as what it shows.
WIDTH, GRAPH, CHECKS, TREND = 1400, 900, 985, 875

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NIGHTS, BETTER_BEFORE = 8, 4
SEED, FLIPPED_SHARE = 20210326, 0.08

YAML = """\
description: Handwritten digits with labels flipped on purpose.
items: {path: digits/items.parquet}
classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
models:
  - {name: linear, out_of_sample: true, outputs: {kind: dense, path: digits/linear.parquet}}
  - {name: neighbours, out_of_sample: true, outputs: {kind: dense, path: digits/neighbours.parquet}}
review: {verdicts_per_item: 1, agree: 1}
schedule: {cron: "* * * * *"}
gates: {max_flag_rate: 0.2, max_corrected_share: 0.05, max_score_drop: 0.03, keep_rank: [neighbours]}
"""

MODELS = {
    "linear": LogisticRegression(C=1e-4, max_iter=2000),
    "neighbours": KNeighborsClassifier(n_neighbors=8),
}
BETTER = LogisticRegression(C=3e-3, max_iter=5000)


class Digits:
    """A workspace with one dataset, used through the command.

    Parameters
    ----------
    root : Path
        An empty folder.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "datasets" / "digits"
        self.pixels, self.truth = load_digits(return_X_y=True)
        self.given = flip_labels(self.truth, 10, FLIPPED_SHARE, np.random.default_rng(SEED))
        self.ids = [f"digit-{i:04d}" for i in range(len(self.truth))]
        self.call("init")
        self.folder.mkdir()
        pq.write_table(
            pa.table({"item_id": self.ids, "label": self.given.astype(str)}), self.folder / "items.parquet"
        )
        for name, model in MODELS.items():
            self.put(name, self.outputs(model))
        self.better = self.outputs(BETTER)
        (root / "datasets" / "digits.yaml").write_text(YAML)

    def call(self, *words: str) -> None:
        """Call the command."""
        command = _command(self.root, *words)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 it is our own

    def outputs(self, model: Any) -> np.ndarray:
        """Out-of-fold probabilities of a classifier."""
        return cross_val_predict(model, self.pixels, self.given, cv=5, method="predict_proba")

    def put(self, name: str, probs: np.ndarray) -> None:
        """Write a model's output file."""
        columns = {str(k): probs[:, k] for k in range(10)}
        pq.write_table(pa.table({"item_id": self.ids, **columns}), self.folder / f"{name}.parquet")

    def review(self, share: float) -> None:
        """Answer a share of the open queue as a person who knows the truth would."""
        queue = self.root / "queue.csv"
        self.call("verdicts", "export", "digits", str(queue))
        with queue.open(newline="") as f:
            rows = list(csv.DictReader(f))
        right = dict(zip(self.ids, self.truth.astype(str), strict=True))
        for row in rows[: round(share * len(rows))]:
            label = right[row["item_id"]]
            keep = label == row["given_label"]
            row |= {"decision": "keep" if keep else "relabel", "labels": "" if keep else label}
        with queue.open("w", newline="") as f:
            writer = csv.DictWriter(f, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.call("verdicts", "import", "digits", str(queue), "--reviewer", "simulated-reviewer")

    def live(self) -> None:
        """Let the nights pass, while the workspace is served."""
        log = Workspace(self.root).run_log("digits")
        for night in range(NIGHTS):
            before = log.last()
            while log.last() == before:
                time.sleep(0.5)
            last = log.last()
            print(f"night {night + 1} of {NIGHTS}: {last.status if last else ''}")
            if (left := NIGHTS - 2 - night) > 0:
                self.review(1 / left)
            if night + 2 == BETTER_BEFORE:
                self.put("linear", self.better)


@contextmanager
def served(root: Path) -> Iterator[str]:
    """Serve a workspace; gives the address."""
    command = _command(root, "up", "--port", "0")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 it is our own
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()


def _command(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-c", "from pipelines.cli import main; main()", "-w", str(root), *words]


def take(browser: Browser, address: str, out: Path) -> None:
    """Take the three pictures."""
    page = _open(browser, f"{address}/locations/labelaudit/asset-groups/digits/lineage", GRAPH)
    _save(page, out / "graph.png")

    page = _open(browser, f"{address}/assets/digits/comparison?view=checks", CHECKS)
    page.get_by_text("gate_max_corrected_share").first.click()
    _save(page, out / "checks.png")

    page = _open(browser, f"{address}/assets/digits/scores", TREND)
    for section in ("Status", "Description"):  # they are folded, so that what is below them is in view
        page.get_by_text(section, exact=True).first.click()
    page.get_by_role("button", name="Plots").click()
    _save(page, out / "trend.png")


def _open(browser: Browser, url: str, height: int) -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": height})
    page.add_init_script("localStorage.setItem('dagster-nav-collapsed', 'true')")
    page.goto(url, wait_until="networkidle")
    page.wait_for_timeout(2000)
    return page


def _save(page: Page, path: Path) -> None:
    page.mouse.move(WIDTH / 2, 5)  # nothing is shown as pointed at
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_timeout(2000)
    page.screenshot(path=path)
    print(path)


def main(out: Path) -> None:
    """Make the workspace, let it live, take the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        digits = Digits(Path(folder))
        with served(digits.root) as address, sync_playwright() as playwright:
            digits.live()
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
            take(browser, address, out)
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
