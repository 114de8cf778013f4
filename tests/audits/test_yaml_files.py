import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.errors import AuditError, ConfigError
from audits.yaml_files import load_dataset, parse_config, read_class_file, read_config, read_yaml

GOOD = "items: {path: items.csv}\nclasses: [a, b]\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="pets.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_least_file_there_is(written):
    dataset = load_dataset(written(GOOD))
    assert dataset.name == "pets"
    assert dataset.classes.ids == ("a", "b")
    assert dataset.config.items.id == "item_id"
    assert load_dataset(written("\ufeff" + GOOD)) == dataset


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2\n", "line 2: the key 'a' is given twice"),
        ("x:\n  1: a\n  1: b\n", "line 3: the key 1 is given twice"),
        ("? [a]\n: 1\n", "line 1: a key is a list"),
        ("? {a: 1}\n: 1\n", "line 1: a key is a dict"),
        ("? !!set {a}\n: 1\n", "line 1: a key is a set"),
        ("a: 2020-13-45", "not valid YAML: month must be in 1..12"),
        ("a: !!int abc", "not valid YAML"),
        ("a: !!float abc", "not valid YAML"),
        ("a: !!bool abc", "not valid YAML"),
        ("a: !!timestamp abc", "not valid YAML"),
        ("a: " + "9" * 5000, "line 1: a number of 5,000 digits"),
        ("a: !!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
        ("a: [1, 2", "not valid YAML"),
        ("a:\n\t- b", "not valid YAML"),
        ("a: \0", "line 1: holds the character #x0000"),
        ("a: *b", "undefined alias"),
        ("&a {x: *a}", "line 1: a value holds itself through an alias"),
        ("[" * 20_000, "line 1: values are nested more than 50 deep"),
        ('a: "\\ud800"', "line 1: '\\\\ud800' is no valid text"),
        (b"a: b\nc: \xff", "line 2: byte 0xff is not UTF-8"),
        ("a: b".encode("utf-16"), "is text in UTF-16; expected UTF-8"),
        ("#" * (5 << 20), "is larger than 4 MB"),
    ],
)
def test_what_is_no_sound_yaml_is_refused_with_its_place(written, text, says):
    path = written(text)
    with pytest.raises(ConfigError, match=says) as e:
        read_yaml(path)
    assert str(e.value).startswith(f"{path}: ")


def test_a_missing_file_and_a_folder_cannot_be_read(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_yaml(path)


def test_numbers_that_yaml_would_turn_into_others_stay_what_they_look_like(written):
    assert read_yaml(written("[010, 1:30, 0x1F, 1_000, +1, 0, 12, -3]")) == [
        "010", "1:30", "0x1F", "1_000", "+1", 0, 12, -3,
    ]  # fmt: skip
    dataset = load_dataset(written("items: {path: i.csv}\nclasses: [001, 010]\nreview: {seed: 010}\n"))
    assert dataset.classes.ids == ("001", "010")
    assert dataset.config.review.seed == 10


def test_anchors_and_merge_keys_work_and_do_not_count_as_a_repeated_key(written):
    text = """\
items: {path: items.csv}
classes: [a, b]
models:
  - name: x
    out_of_sample: true
    outputs: &o {kind: dense, path: x.parquet}
  - name: y
    out_of_sample: true
    outputs: {<<: *o, path: y.parquet}
"""
    models = load_dataset(written(text)).config.models
    assert [(m.outputs.kind, m.outputs.path) for m in models] == [
        ("dense", "x.parquet"),
        ("dense", "y.parquet"),
    ]


def test_anchors_that_fold_a_billion_values_are_refused_at_once(written):
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    with pytest.raises(ConfigError, match="aliases stand for more than 1,000,000 values") as e:
        read_config(written("\n".join([*lines, "description: *a29"])))
    assert len(str(e.value)) < 20_000


def test_all_problems_are_told_at_once_each_with_its_place(written):
    text = """\
itms: {path: x}
items: {path: 3, labels: x}
classes: [a, yes, {id: b, nam: c}, [d], 1.5]
models:
  - {name: m, outputs: {kind: dense, path: p.npy, row: x}}
audits: {confident_learning: {filterby: both}}
1: x
"""
    with pytest.raises(ConfigError) as e:
        read_config(written(text))
    lines = str(e.value).splitlines()
    assert lines[0].endswith(f"pets.yaml: {len(lines) - 1} problems")
    for said in (
        "itms: unknown key; the nearest known key is 'items'",
        "items.path: Input should be a valid string, got 3",
        "items.labels: unknown key; the nearest known key is 'label",
        "classes.1: is the boolean True; YAML reads bare yes/no/on/off",
        "classes.2.nam: unknown key; the nearest known key is 'name' (known: id, name, guideline)",
        "classes.3.id",
        "classes.4.id",
        "models.0.out_of_sample: is required and missing",
        "models.0.outputs.row: unknown key; the nearest known key is 'rows'",
        "audits.confident_learning.filterby: unknown key; the nearest known key is 'filter_by'",
        "1: Keys should be strings",
    ):
        assert any(line.startswith(f"  - {said}") for line in lines), said
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected a mapping of keys to values, got nothing: the file is empty"),
        ("[items]", "expected a mapping of keys to values, got list"),
        ("classes: [a, b]\n", "items: is required and missing"),
        (GOOD + "name: birds\n", "name is 'birds', but the file is named 'pets'"),
        ("items: {path: i.csv}\n", "no class list.*'labelaudit add pets --derive-classes'"),
        (GOOD + "classes_confirmed: false\n", "set 'classes_confirmed: true'"),
        ("items: {path: i.csv}\nclasses: [a]\n", "expected at least 2 classes, got 1"),
        ("items: {path: i.csv}\nclasses: []\n", "expected at least 2 classes, got 0"),
        ("items: {path: i.csv}\nclasses: [a, 1, '1']\n", r"1 ids repeat \(1\)"),
        ("items: {path: i.csv}\nclasses: [a, '']\n", "the id of class 1 is empty"),
        ("items: {path: i.csv}\nclasses_file: none.txt\n", "classes_file: .*none.txt: cannot be read"),
        ('items: {path: i.csv}\nclasses_file: "a\\0b/c"\n', "classes_file: .* is no usable path"),
    ],
)
def test_a_file_that_says_too_little_or_too_much(written, text, says):
    path = written(text)
    with pytest.raises(ConfigError, match=says) as e:
        load_dataset(path)
    assert str(path) in str(e.value)


def test_a_file_name_that_is_no_dataset_name(written):
    with pytest.raises(ConfigError, match="letters, digits and underscores only"):
        read_config(written(GOOD, "my pets.yaml"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.txt", "cat\r\n\n dog \n"),
        ("c.txt", "\ufeffcat\ndog"),
        ("c.yaml", "[cat, {id: dog}]"),
        ("c.yml", "- cat\n- dog\n"),
        ("c.json", '["cat", {"id": "dog", "name": null}]'),
    ],
)
def test_a_class_list_in_its_own_file(written, name, text):
    written(text, name)
    path = written(f"items: {{path: i.csv}}\nclasses_file: {name}\n")
    assert load_dataset(path).classes.ids == ("cat", "dog")


def test_a_class_of_a_text_file_may_hold_any_sign_but_a_line_break(written):
    assert read_class_file(written("a\u2028b\nno\n010\n", "c.txt")).ids == ("a\u2028b", "no", "010")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("c.json", "{", "not valid JSON"),
        ("c.json", "[" * 100_000, "not valid JSON"),
        ("c.json", '{"a": 1}', "expected a list of classes, got dict"),
        ("c.json", '["a", true]', "is the boolean True"),
        ("c.json", '["a", "\\ud800"]', "no valid text"),
        ("c.yaml", "[a, no]", "is the boolean False"),
        ("c.yaml", "[a, {id: b, x: 1}]", "unknown key"),
        ("c.txt", "a\n", "at least 2 classes"),
        ("c.txt", "", "at least 2 classes, got 0"),
        ("c.txt", b"\xff\xfea\n", "is text in UTF-16"),
        ("c.txt", "a\nb\na\n", "1 ids repeat"),
    ],
)
def test_a_class_file_that_is_no_list_is_refused_by_name(written, name, text, says):
    path = written(text, name)
    with pytest.raises(ConfigError, match=says) as e:
        read_class_file(path)
    assert str(path) in str(e.value)


@given(st.text(max_size=60) | st.lists(st.sampled_from(["items:", "&a", "*a", "<<:", "- ", "{", "}", "[", "]", "\n",
       "classes:", "!!int ", "0", ": ", "? ", "'", '"', "path"]), max_size=12).map("".join))  # fmt: skip
def test_no_text_makes_anything_but_a_configuration_or_an_audit_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "pets.yaml"
    try:
        parse_config(path, text)
    except AuditError as e:
        assert str(e).startswith(str(path))  # noqa: PT017 - it may also not raise
