"""Many people in the review room at once: how long a decision takes, and that none is lost, on SQLite and PostgreSQL.

`python -m benchmarks.review_load` serves a made-up dataset on this machine, as `labelaudit review` does it, and has
reviewers with accounts of their own clear its queue through the API, with a pause between two decisions. Half-way the
server is killed (kill -9) and started again, unless `--no-kill` says otherwise. What was acknowledged is then looked
up in the store. The times of the two stores are printed beside each other, from one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.new_workspace import init_workspace
from audits.review.accounts import Accounts, Actor
from audits.review.store import ReviewStore
from audits.workspace import Workspace
from tests import postgres

DATASET = "crowd"
CLASSES = tuple(f"class {k}" for k in range(10))

#: A server that is down is asked again after so many seconds, and for so long at the most.
AGAIN, PATIENCE = 0.1, 120.0


def make_workspace(root: Path, items: int, store: str) -> Workspace:
    """A workspace whose one dataset has every item in its queue."""
    init_workspace(root)
    rng = np.random.default_rng(7)
    truth = rng.integers(0, len(CLASSES), items)
    given = np.where(rng.random(items) < 0.08, (truth + 1) % len(CLASSES), truth)
    ids = [f"item-{i:06d}" for i in range(items)]
    folder = root / "datasets" / DATASET
    folder.mkdir()
    texts = [f"A sentence about thing {i}, which somebody is to judge." for i in range(items)]
    table = {"item_id": ids, "label": [CLASSES[g] for g in given], "text": texts}
    pq.write_table(pa.table(table), folder / "items.parquet")
    models = []
    for m in range(3):
        probs = rng.dirichlet(np.ones(len(CLASSES)) * 0.3, size=items) * 0.4
        probs[np.arange(items), truth] += 0.6
        pq.write_table(
            pa.table({"item_id": ids, **{c: probs[:, k] for k, c in enumerate(CLASSES)}}),
            folder / f"m{m}.parquet",
        )
        models.append(
            f"  - {{name: m{m}, out_of_sample: true, outputs: {{kind: dense, path: {DATASET}/m{m}.parquet}}}}"
        )
    (root / "datasets" / f"{DATASET}.yaml").write_text(
        f"items: {{path: {DATASET}/items.parquet, content: [text]}}\nclasses: {json.dumps(CLASSES)}\n"
        + "models:\n"
        + "\n".join(models)
        + "\naudits: {confident_learning: {}}\nreview: {control_rate: 1.0}\n"
    )
    if store != "sqlite":
        (root / "labelaudit.yaml").write_text("review_store: {url_env: LABELAUDIT_BENCHMARK_STORE}\n")
    command = [sys.executable, "-m", "pipelines.cli", "-w", str(root), "run", DATASET]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Workspace(root)


class Server:
    """`labelaudit review` as a process, on a port that stays the same."""

    def __init__(self, root: Path) -> None:
        self.root, self.port, self.starts = root, 0, 0
        self.start()

    def start(self) -> None:
        """Start it; returns when it answers."""
        command = [
            sys.executable,
            "-m",
            "pipelines.cli",
            "-w",
            str(self.root),
            "review",
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        address = self.process.stdout.readline().strip()
        if not address:
            raise SystemExit("the server did not come up")
        self.port = int(address.rsplit(":", 1)[1].split("/")[0])
        self.starts += 1

    def kill(self) -> None:
        """End it as a failing machine does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.communicate()


@dataclass
class Tally:
    """What the reviewers saw."""

    decide: list[float] = field(default_factory=list)
    take: list[float] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)
    held: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    overlaps: int = 0
    again: int = 0


async def reviewer(
    name: str, token: str, base: str, tally: Tally, think: float, stop_at: int, rng: random.Random
) -> None:
    """Take and decide until nothing is left."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60, trust_env=False) as client:

        async def post(path: str, body: object, times: list[float]) -> dict:
            give_up = time.monotonic() + PATIENCE
            while True:
                began = time.perf_counter()
                try:
                    answer = await client.post(path, json=body)
                    if answer.status_code < 500:
                        answer.raise_for_status()
                        times.append(time.perf_counter() - began)
                        return answer.json()
                except httpx.TransportError:
                    pass
                if time.monotonic() > give_up:
                    raise SystemExit(f"no answer within {PATIENCE:.0f} s")
                tally.again += 1
                await asyncio.sleep(AGAIN)

        await asyncio.sleep(rng.random() * think)
        while len(tally.acknowledged) < stop_at:
            taken = (await post(f"/api/v1/datasets/{DATASET}/next", {}, tally.take))["assignment"]
            if taken is None:
                return
            asked, now = taken["question"], datetime.now(UTC)
            other = tally.held.get(asked)
            if other is not None and other[0] != name and other[1] > now:
                tally.overlaps += 1
            tally.held[asked] = name, datetime.fromisoformat(taken["expires_at"])
            await asyncio.sleep(think * (0.5 + rng.random()))
            client_id = uuid.uuid4().hex
            answer = {"client_id": client_id, "question": asked, "decision": "keep", "seconds": think}
            tally.held.pop(asked, None)  # from here on the server may have it, and give it to nobody else
            await post(f"/api/v1/datasets/{DATASET}/verdicts", {"answers": [answer]}, tally.decide)
            tally.acknowledged[client_id] = asked


async def crowd(server: Server, tokens: dict[str, str], think: float, decisions: int, kill: bool) -> Tally:
    """All reviewers at once; half-way the server is killed and started again."""
    tally = Tally()
    base = f"http://127.0.0.1:{server.port}"
    people = [
        asyncio.create_task(reviewer(n, t, base, tally, think, decisions, random.Random(i)))  # noqa: S311
        for i, (n, t) in enumerate(tokens.items())
    ]
    if kill:
        while len(tally.acknowledged) < decisions // 2:
            await asyncio.sleep(0.01)
        server.kill()
        await asyncio.to_thread(server.start)
    await asyncio.gather(*people)
    return tally


def checked(store_url: str, tally: Tally) -> list[str]:
    """What is wrong with what the store holds, against what was acknowledged."""
    with ReviewStore(store_url) as store:
        verdicts = store.verdicts(DATASET)
    stored = {v.client_id: v.question.hash for v in verdicts}
    twice = [q for q, n in Counter(v.question.hash for v in verdicts).items() if n > 1]
    lost = [c for c, q in tally.acknowledged.items() if stored.get(c) != q]
    return [
        *([f"{len(lost)} acknowledged verdicts are not in the store"] if lost else []),
        *([f"{len(twice)} questions have more than one verdict"] if twice else []),
        *([f"{tally.overlaps} times an item was given to two people"] if tally.overlaps else []),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--decisions", type=int, help="stop after so many; default: all tasks")
    parser.add_argument(
        "--think", type=float, default=0.4, help="mean seconds between two decisions of a person"
    )
    parser.add_argument("--no-kill", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    decisions = min(asked.decisions or asked.tasks, asked.tasks)
    rows, wrong = [], []
    for kind in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if kind == "postgresql":
                admin = stack.enter_context(postgres.server())
                os.environ["LABELAUDIT_BENCHMARK_STORE"] = stack.enter_context(postgres.database(admin))
            workspace = make_workspace(folder / "workspace", asked.tasks, kind)
            with ReviewStore(workspace.store_url) as store:
                accounts, by, tokens = Accounts(store), Actor("benchmark", via="command"), {}
                for name in (f"reviewer-{i:02d}" for i in range(asked.people)):
                    accounts.add(name, "reviewer", "no password", by=by)
                    tokens[name] = accounts.add_token(name, "benchmark", by=by)[1]
            server = Server(workspace.root)
            began = time.perf_counter()
            try:
                tally = asyncio.run(crowd(server, tokens, asked.think, decisions, not asked.no_kill))
            finally:
                server.stop()
            took = time.perf_counter() - began
            faults = checked(workspace.store_url, tally)
            wrong += [f"{kind}: {f}" for f in faults]
            decide, take = np.array(tally.decide) * 1000, np.array(tally.take) * 1000
            rows.append(
                {
                    "store": kind,
                    "people": asked.people,
                    "tasks": asked.tasks,
                    "acknowledged": len(tally.acknowledged),
                    "decide_p50_ms": float(np.median(decide)),
                    "decide_p95_ms": float(np.percentile(decide, 95)),
                    "next_p50_ms": float(np.median(take)),
                    "next_p95_ms": float(np.percentile(take, 95)),
                    "per_second": len(tally.acknowledged) / took,
                    "asked_again": tally.again,
                    "starts": server.starts,
                    "faults": faults,
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    one, two = rows
    for figure in ("decide_p50_ms", "decide_p95_ms", "next_p95_ms"):
        print(f"{figure}: PostgreSQL over SQLite {two[figure] / one[figure]:.2f}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n")
    if wrong:
        raise SystemExit("; ".join(wrong))
    print("nothing lost, nothing twice, nobody given what another held")


if __name__ == "__main__":
    main()
