"""A workspace that was run once, and a way to answer its queue."""

import csv
import json

import pytest


@pytest.fixture
def zoo(made_up):
    made_up.add(yaml="review: {verdicts_per_item: 2, agree: 2}\n")
    made_up.ok("run", "zoo")
    return made_up


def read_csv(path):
    with path.open(newline="") as f:
        return list(csv.DictReader(f))


def read_jsonl(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="session")
def rows_of():
    """Read a CSV file as dictionaries."""
    return read_csv


@pytest.fixture(scope="session")
def lines_of():
    """Read a JSONL file as dictionaries."""
    return read_jsonl


@pytest.fixture(scope="session")
def answer():
    """Export the queue, fill it in and import it; returns what the command did."""

    def give(zoo, tmp_path, answers, suffix="csv", **columns):
        """Export the queue, fill it in, import it; answers by item id: (decision, labels) a reviewer."""
        queue = tmp_path / f"queue.{suffix}"
        zoo.ok("verdicts", "export", "zoo", str(queue))
        rows = read_csv(queue) if suffix == "csv" else read_jsonl(queue)
        filled = []
        for row in rows:
            for reviewer, (decision, labels) in answers.get(row["item_id"], {}).items():
                filled.append(
                    {**row, "reviewer": reviewer, "decision": decision, "labels": labels, **columns}
                )
        if suffix == "csv":
            with queue.open("w", newline="") as f:
                writer = csv.DictWriter(f, list(rows[0]))
                writer.writeheader()
                writer.writerows(filled)
        else:
            queue.write_text("".join(json.dumps(r) + "\n" for r in filled))
        return zoo.call("verdicts", "import", "zoo", str(queue))

    return give
