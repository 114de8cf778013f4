"""`init` and `add`."""

from typer.testing import CliRunner

from pipelines.cli import app


def test_init_makes_a_workspace_and_leaves_one_alone(tmp_path):
    root = tmp_path / "new"
    first = CliRunner().invoke(app, ["-w", str(root), "init"])
    assert first.exit_code == 0
    assert (root / "datasets").is_dir()
    (root / "example-dataset.yaml").write_text("mine")
    second = CliRunner().invoke(app, ["-w", str(root), "init"])
    assert second.exit_code == 0
    assert (root / "example-dataset.yaml").read_text() == "mine"


def test_add_derives_classes_that_must_be_confirmed(made_up, tmp_path):
    items = tmp_path / "items.csv"
    items.write_text("item_id,label\n" + "".join(f"{i:03d},{'yes' if i % 2 else 'no'}\n" for i in range(10)))
    labels = tmp_path / "m.csv"
    labels.write_text("item_id,predicted_label\n" + "".join(f"{i:03d},yes\n" for i in range(10)))
    made_up.ok("add", "poll", "--items", str(items), "--model", f"m={labels}", "--in-sample")
    refused = made_up.call("run", "poll")
    assert refused.exit_code == 2
    assert "not confirmed" in refused.stderr
    path = made_up.yaml("poll")
    path.write_text(path.read_text().replace("classes_confirmed: false", "classes_confirmed: true"))
    made_up.ok("run", "poll")
    found = made_up.json("findings", "poll")
    assert {r["item_id"] for r in found} == {f"{i:03d}" for i in range(10)}, "zeros in front of an id stay"
    assert {r["given_label"] for r in found} == {"yes", "no"}


def test_add_refuses_what_it_cannot_tell(made_up, tmp_path):
    items = tmp_path / "items.csv"
    items.write_text("item_id,label\n1,a\n2,b\n")
    assert made_up.call("add", "x").exit_code == 2
    assert made_up.call("add", "x", "--items", str(items), "--model", f"m={items}").exit_code == 2
    assert made_up.call("add", "x y", "--items", str(items)).exit_code == 2
    assert made_up.call("add", "x", "--items", str(tmp_path / "none.csv")).exit_code == 2
    assert not made_up.yaml("x").exists()
    made_up.ok("add", "x", "--items", str(items))
    assert made_up.call("add", "x", "--items", str(items)).exit_code == 2


def test_classes_can_be_derived_into_a_yaml_that_has_none(made_up):
    made_up.add()
    lines = made_up.yaml().read_text().splitlines()
    made_up.yaml().write_text("\n".join(line for line in lines if not line.startswith("classes")))
    refused = made_up.call("run", "zoo")
    assert "add zoo --derive-classes" in refused.stderr
    made_up.ok("add", "zoo", "--derive-classes")
    text = made_up.yaml().read_text()
    made_up.yaml().write_text(text.replace("classes_confirmed: false", "classes_confirmed: true"))
    made_up.ok("run", "zoo")
