"""`findings` and `show`."""

import pyarrow as pa


def test_tables_and_json_of_findings_agree(zoo):
    rows = zoo.json("findings", "zoo")
    assert len(rows) == 60
    assert [r["rank"] for r in rows] == list(range(1, 61))
    assert zoo.json("findings", "zoo", "--limit", "3") == rows[:3]
    assert zoo.json("findings", "zoo", "--flagged") == [r for r in rows if r["flagged"]]
    text = zoo.ok("findings", "zoo", "--limit", "2")
    assert "4 of 60 items flagged" in text
    assert rows[0]["item_id"] in text
    assert rows[2]["item_id"] not in text
    assert "2 of 2 models say" in rows[0]["reasons"][0]


def test_show_gathers_all_that_is_known(zoo, tmp_path, answer):
    item = zoo.flipped["zoo"][0]
    done = answer(zoo, tmp_path, {item: {"ann": ("keep", ""), "bob": ("multiple", "ant|bee")}})
    assert done.exit_code == 0, done.output
    view = zoo.json("show", "zoo", item)
    assert view["content"] == {"text": f"text of {item}"}
    assert [m["agrees"] for m in view["models"]] == [False, False]
    assert {v["reviewer"]: v["labels"] for v in view["verdicts"]} == {"ann": [], "bob": ["ant", "bee"]}
    assert view["consensus"]["outcome"] == "no_agreement"
    assert {v["version"]: v["state"] for v in view["label_versions"]} == {
        "original": "given",
        "corrected": "left_out",
        "flagged-removed": "left_out",
    }
    text = zoo.ok("show", "zoo", item)
    for words in (f"text of {item}", "queued as flagged", "no agreement", "bob", "ant, bee"):
        assert words in text


def test_data_cannot_steer_the_terminal(made_up):
    made_up.add()
    table = made_up.items()
    texts = ["\x1b[2J[bold red]gone[/] <b>x</b>"] * 60
    made_up.write_items(table.set_column(2, "text", pa.array(texts)))
    made_up.ok("run", "zoo")
    text = made_up.ok("show", "zoo", made_up.flipped["zoo"][0])
    assert "\x1b" not in text
    assert "[bold red]gone[/] <b>x</b>" in text
