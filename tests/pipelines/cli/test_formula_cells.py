"""Ids and labels that a spreadsheet would take for formulas: harmless in every CSV file, and back as they were."""

import csv

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

#: How a formula begins.
BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")

CLASSES = ["=ant", "@bee", "'-cow"]
IDS = ["=1+1", "+x", "-y", "@z", "\tt", "\rr", "'=q", "-7", "plain", "=HYPERLINK(A1)", "''+w", "e=1"]


@pytest.fixture
def risky(made_up):
    """Models that contradict the first four labels."""
    folder = made_up.root / "datasets" / "zoo"
    folder.mkdir()
    truth = [i % 3 for i in range(len(IDS))]
    given = [(t + 1) % 3 if i < 4 else t for i, t in enumerate(truth)]
    items = {"item_id": IDS, "label": [CLASSES[g] for g in given], "text": [f"={i}" for i in IDS]}
    pq.write_table(pa.table(items), folder / "items.parquet")
    probabilities = {c: [0.9 if t == k else 0.05 for t in truth] for k, c in enumerate(CLASSES)}
    pq.write_table(pa.table({"item_id": IDS, **probabilities}), folder / "m.parquet")
    made_up.yaml().write_text(
        "items: {path: zoo/items.parquet}\n"
        """classes: ["=ant", "@bee", "'-cow"]\n"""
        "models: [{name: m, out_of_sample: true, outputs: {kind: dense, path: zoo/m.parquet}}]\n"
    )
    made_up.ok("run", "zoo")
    return (
        made_up,
        dict(zip(IDS, (CLASSES[t] for t in truth), strict=True)),
        dict(zip(IDS, given, strict=True)),
    )


def cells_of(path):
    with path.open(newline="", encoding="utf-8") as f:
        return list(csv.reader(f))


def test_they_go_out_harmless_and_come_back_as_they_were(risky, tmp_path):
    zoo, truth, _ = risky
    queue = tmp_path / "queue.csv"
    zoo.ok("verdicts", "export", "zoo", str(queue))
    header, *rows = cells_of(queue)
    assert len(rows) >= 4
    assert harmless(rows)
    with queue.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, header)
        writer.writeheader()
        for row in (dict(zip(header, r, strict=True)) for r in rows):
            # people copy the suggestion as the file shows it
            change = row["suggested_label"] and row["suggested_label"] != row["given_label"]
            answer = (
                {"decision": "relabel", "labels": row["suggested_label"]} if change else {"decision": "keep"}
            )
            writer.writerow({**row, "reviewer": "=ann()", **answer})
    assert "stored" in zoo.ok("verdicts", "import", "zoo", str(queue))
    zoo.ok("run", "zoo")

    patch, version = tmp_path / "patch.csv", tmp_path / "version.csv"
    zoo.ok("labels", "export", "zoo", str(patch), "--patch")
    assert harmless(cells_of(patch))
    told = zoo.call("labels", "export", "zoo", str(version))
    assert harmless(cells_of(version))
    assert "apostrophe" in told.stderr

    for ending in ("parquet", "csv"):
        copy, out = tmp_path / f"copy.{ending}", tmp_path / f"out.{ending}"
        table = zoo.items()
        pq.write_table(table, copy) if ending == "parquet" else pa.csv.write_csv(table, copy)
        zoo.ok("labels", "apply", str(patch), str(copy), str(out))
        read = pq.read_table(out) if ending == "parquet" else read_csv(out)
        assert dict(zip(read["item_id"].to_pylist(), read["label"].to_pylist(), strict=True)) == truth


def test_a_label_version_in_parquet_is_as_it_is(risky, tmp_path):
    zoo, _, given = risky
    path = tmp_path / "version.parquet"
    told = zoo.call("labels", "export", "zoo", str(path), "--version", "original")
    table = pq.read_table(path)
    assert table["item_id"].to_pylist() == IDS
    assert table["label"].to_pylist() == [CLASSES[given[i]] for i in IDS]
    assert told.stderr == ""


def harmless(rows):
    """Whether no cell begins as a formula; a bare number is none."""
    bad = [c for row in rows for c in row if c.startswith(BEGINS) and not c.lstrip("+-").isdecimal()]
    assert bad == []
    return True


def read_csv(path):
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    convert = pa.csv.ConvertOptions(column_types={"item_id": pa.string(), "label": pa.string()})
    return pa.csv.read_csv(path, parse_options=parse, convert_options=convert)
