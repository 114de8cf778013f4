"""Measure how well wrong labels are found: every signal and the evidence against cleanlab, on data with known errors.

    python -m benchmarks.detection --data DIR... --json FILE

writes the rows {"dataset", "method", "metric", "value", "low", "high"} and prints them as tables. docs/detection.md has
what they mean.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from audits.errors import AuditError
from benchmarks.detection.measure import Measured
from benchmarks.detection.rows import as_json, markdown, read_rows
from benchmarks.detection.run import QUICK, SLOW, Settings, named, over_cells, run


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    if asked.table:
        print(markdown(read_rows(asked.table)))
        return 0
    patterns = tuple(asked.datasets) or (QUICK if asked.quick else ())
    try:
        settings = Settings(
            tuple(folder.resolve() for folder in asked.data),
            patterns,
            tuple(asked.methods),
            without=SLOW if asked.quick and not asked.methods else (),
            draws=asked.draws or (1 if asked.quick else 4),
            replicates=200 if asked.quick else 1000,
            seed=asked.seed,
        )
        names = named(settings)
        started = time.perf_counter()
        found: dict[str, Measured] = {}
        cells: set[str] = set()
        for name, measured, seconds, in_mean in run(settings, asked.jobs):
            found[name] = measured
            cells |= {name} if in_mean else set()
            print(f"{len(found)}/{len(names)} {name}: {seconds:.1f} s", file=sys.stderr)
    except AuditError as e:
        print(f"error: {e}", file=sys.stderr)
        return 2
    ordered = [found[name] for name in names]
    rows = [row for one in ordered for row in one.rows]
    rows += over_cells([found[name] for name in names if name in cells])
    print(markdown(rows))
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    if asked.json:
        asked.json.write_text(as_json(rows), encoding="utf-8")
    if asked.curves:
        with asked.curves.open("w", newline="", encoding="utf-8") as file:
            written = csv.writer(file)
            written.writerow(["dataset", "method", "items_reviewed", "errors_found"])
            written.writerows(point for one in ordered for point in one.curves)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.detection", description=__doc__)
    parser.add_argument(
        "--data", nargs="+", type=Path, default=[], help="folders of datasets, or folders of such"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument(
        "--curves", type=Path, help="write errors found against items reviewed to this CSV file"
    )
    parser.add_argument("--datasets", nargs="+", default=[], help="names, with * and ?; left out: all")
    parser.add_argument("--methods", nargs="+", default=[], help="names, with * and ?; left out: all")
    parser.add_argument("--draws", type=_positive, help="draws of verdicts; left out: 4, with --quick 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few datasets, 200 resamples")
    parser.add_argument("--jobs", type=_positive, default=min(2, os.cpu_count() or 1), help="processes")
    parser.add_argument(
        "--table", type=Path, help="print the tables of rows that were written by --json, and stop"
    )
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
