"""How long the next page takes on a long queue: the server's time, from the request to the last byte, on loopback.

`python -m benchmarks.review_page` serves a made-up dataset with 100,000 queued items on SQLite, as `labelaudit review`
does it, and has one reviewer take pages and decide, one request after the other. Printed are the median and the 95th
percentile in milliseconds, and the median over that of `/health`, which does no work.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np

from audits.web.app import create_app
from audits.web.server import Serving
from audits.web.settings import RoomSettings
from benchmarks.review_load import DATASET, make_workspace

#: What no browser sends: a program at the API of a room without accounts needs no form's token.
API = f"/api/v1/datasets/{DATASET}"


def timed(times: int, ask: Callable[[], httpx.Response]) -> np.ndarray:
    """Milliseconds of each of some requests; the first, which fills caches, is not counted."""
    ask().raise_for_status()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        ask().raise_for_status()
        spent.append(1000 * (time.perf_counter() - began))
    return np.array(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--sequence", choices=("priority", "random"), default="priority")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = make_workspace(Path(folder) / "workspace", asked.tasks, "sqlite")
        path = workspace.dataset_path(DATASET)
        path.write_text(
            path.read_text().replace(
                "control_rate: 1.0", f"control_rate: 1.0, room: {{sequence: {asked.sequence}}}"
            )
        )
        app = create_app(workspace, RoomSettings())
        with (
            Serving(app, "127.0.0.1", 0) as serving,
            httpx.Client(base_url=serving.url, timeout=600, trust_env=False) as client,
        ):
            began = time.perf_counter()
            client.get(f"/d/{DATASET}/review").raise_for_status()
            first = time.perf_counter() - began

            def decide() -> httpx.Response:
                taken = client.post(f"{API}/next", json={}).json()["assignment"]
                answer = {"client_id": uuid.uuid4().hex, "question": taken["question"], "decision": "keep"}
                nonlocal began
                began = time.perf_counter()
                done = client.post(f"{API}/verdicts", json={"answers": [answer]})
                decided.append(1000 * (time.perf_counter() - began))
                return done

            decided: list[float] = []
            found = {
                "health": timed(asked.times, lambda: client.get("/health")),
                "page": timed(asked.times, lambda: client.get(f"/d/{DATASET}/review")),
                "page ahead": timed(asked.times, lambda: client.get(f"/d/{DATASET}/review?ahead=1")),
                "next (API)": timed(asked.times, lambda: client.post(f"{API}/next", json={})),
            }
            timed(asked.times, decide)
            found["decide (API)"] = np.array(decided[1:])
    base = np.median(found["health"])
    rows = [
        {
            "what": what,
            "p50_ms": float(np.median(ms)),
            "p95_ms": float(np.percentile(ms, 95)),
            "over_health": float(np.median(ms) / base),
        }
        for what, ms in found.items()
    ]
    print(f"{asked.tasks} queued, {asked.sequence}; the first page of all took {first:.1f} s")
    for r in rows:
        times = f"p50 {r['p50_ms']:6.1f} ms   p95 {r['p95_ms']:6.1f} ms"
        print(f"{r['what']:14} {times}   {r['over_health']:5.1f} times health")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
