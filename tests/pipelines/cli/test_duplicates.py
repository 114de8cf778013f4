"""`duplicates`."""

import pyarrow as pa
import pytest

import pipelines.cli.duplicates  # noqa: F401  adds the command


@pytest.fixture
def twice(made_up):
    """A dataset in two splits, in which two texts stand twice with two labels and one twice with one."""
    made_up.add(yaml="features: [{name: text, kind: text, columns: [text]}]\n")
    yaml = made_up.yaml()
    yaml.write_text(yaml.read_text().replace("items.parquet}", "items.parquet, split: part}", 1))
    table = made_up.items()
    text = table["text"].to_pylist()
    text[11], text[21], text[34] = text[10].upper(), f"{text[20]} !!", f"{text[31]}"
    table = table.set_column(table.column_names.index("text"), "text", pa.array(text))
    made_up.write_items(table.append_column("part", pa.array(["train", "test"] * 30)))
    made_up.ok("run", "zoo")
    return made_up


def test_table_and_json_agree(twice):
    ids = twice.items()["item_id"].to_pylist()
    rows = twice.json("duplicates", "zoo")
    assert [(r["item_id"], r["other_id"]) for r in rows] == [
        (ids[a], ids[b]) for a, b in ((10, 11), (20, 21), (31, 34))
    ]
    assert [r["conflict"] for r in rows] == [True, True, False]
    assert twice.json("duplicates", "zoo", "--conflicts") == rows[:2]
    assert twice.json("duplicates", "zoo", "--limit", "1") == rows[:1]
    first = rows[0]
    assert first["exact"] is True
    assert first["distance"] == 0
    assert (first["label_name"], first["other_label_name"]) == ("bee", "cow")
    assert (first["split"], first["other_split"]) == ("train", "test")
    assert first["content"]["text"].upper() == first["other_content"]["text"]
    text = twice.ok("duplicates", "zoo")
    assert (
        "3 pairs of duplicates, 3 of them exact; of 2 the labels differ, 2 of them across splits; 3 shown"
        in text
    )
    for words in (f"{ids[10]} (train)", f"{ids[11]} (test)", "TEXT OF", "exact"):
        assert words in text
    shown = twice.ok("duplicates", "zoo", "--conflicts", "--limit", "1")
    assert ids[11] in shown
    assert ids[21] not in shown


def test_where_none_were_looked_for(made_up):
    made_up.add()
    assert made_up.call("duplicates", "zoo").exit_code == 2
    made_up.ok("run", "zoo")
    refused = made_up.call("duplicates", "zoo", "--json")
    assert refused.exit_code == 2
    assert "no duplicates were looked for; that takes 'features' in the YAML" in refused.stderr
    assert made_up.call("duplicates", "nowhere").exit_code == 2


def test_where_none_were_found(made_up):
    made_up.add(yaml="features: [{name: text, kind: text, columns: [text]}]\n")
    made_up.ok("run", "zoo")
    assert made_up.json("duplicates", "zoo") == []
    assert "zoo: 0 pairs of duplicates" in made_up.ok("duplicates", "zoo")
