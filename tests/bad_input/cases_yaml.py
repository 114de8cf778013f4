"""Bad input in the YAML file of a dataset, and in what it names."""

from __future__ import annotations

import shutil

from tests.bad_input.case import Accepted, Case
from tests.bad_input.spoiling import both, folder, write, yaml_and, yaml_has, yaml_is
from tests.conftest import MadeUp

_GOOD_START = "items: {path: zoo/items.parquet}\nclasses: [ant, bee, cow]\n"

#: A few lines that come to a billion values.
_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)


def _folder(zoo: MadeUp) -> None:
    zoo.yaml().unlink()
    zoo.yaml().mkdir()


def _loop(zoo: MadeUp) -> None:
    zoo.yaml().unlink()
    zoo.yaml().symlink_to(zoo.yaml().name)


def _items_loop(zoo: MadeUp) -> None:
    path = folder(zoo) / "items.parquet"
    path.unlink()
    path.symlink_to("items.parquet")


def _items_elsewhere(zoo: MadeUp) -> None:
    """The items lie beside the workspace, whose settings name other folders."""
    shutil.move(folder(zoo) / "items.parquet", zoo.root.parent / "items.parquet")
    yaml_has("zoo/items.parquet", "../../items.parquet")(zoo)
    write(zoo.root / "labelaudit.yaml", "roots: [data]\n")


def _link_out(zoo: MadeUp) -> None:
    """The items are a link in the workspace that leads out of it."""
    path = folder(zoo) / "items.parquet"
    shutil.move(path, zoo.root.parent / "items.parquet")
    path.symlink_to(zoo.root.parent / "items.parquet")
    write(zoo.root / "labelaudit.yaml", "roots: []\n")


def _class_file(text: str, name: str = "classes.txt") -> object:
    return both(
        yaml_has("classes: [ant, bee, cow]", f"classes_file: zoo/{name}"),
        lambda zoo: write(folder(zoo) / name, text),
    )


def _case(name: str, what: str, spoil: object, code: str, message: str) -> Case:
    return Case(f"yaml-{name}", "YAML", what, spoil, code, message)  # type: ignore[arg-type]


CASES: tuple[Case, ...] = (
    _case(
        "empty",
        "an empty file",
        yaml_is(""),
        "config",
        ("{root}/datasets/zoo.yaml: expected a mapping of keys to values, got nothing: the file is empty"),
    ),
    _case(
        "folder",
        "a folder in the file's place",
        _folder,
        "yaml",
        "{root}/datasets/zoo.yaml: cannot be read: is a folder",
    ),
    _case(
        "link-in-a-circle",
        "a link that leads to itself",
        _loop,
        "path",
        "{root}/datasets/zoo.yaml: the link leads in a circle",
    ),
    _case(
        "utf-16",
        "UTF-16",
        yaml_is(_GOOD_START.encode("utf-16")),
        "yaml",
        "{root}/datasets/zoo.yaml: is text in UTF-16; expected UTF-8",
    ),
    _case(
        "latin-1",
        "Latin-1",
        yaml_is((_GOOD_START + "description: caf\u00e9\n").encode("latin-1")),
        "yaml",
        "{root}/datasets/zoo.yaml: line 3: byte 0xe9 is not UTF-8",
    ),
    _case(
        "nul",
        "a NUL character",
        yaml_and("description: a\0b\n"),
        "yaml",
        "{root}/datasets/zoo.yaml: line 6: holds the character #x0000, which YAML forbids",
    ),
    _case(
        "not-closed",
        "a bracket that is not closed",
        yaml_has("bee, cow]", "bee, cow"),
        "yaml",
        (
            "{root}/datasets/zoo.yaml: is not valid YAML: line 3, column 7: while parsing a flow "
            "sequence begun in line 2, expected ',' or ']', but got ':'"
        ),
    ),
    _case(
        "tab",
        "a tab in the indentation",
        yaml_and("review:\n\tseed: 1\n"),
        "yaml",
        (
            "{root}/datasets/zoo.yaml: is not valid YAML: line 7, column 1: while scanning for the "
            "next token, found character '\\t' that cannot start any token"
        ),
    ),
    _case(
        "two-documents",
        "two documents in one file",
        yaml_and("---\nmodels: []\n"),
        "yaml",
        (
            "{root}/datasets/zoo.yaml: is not valid YAML: line 6, column 1: expected a single "
            "document in the stream begun in line 1, but found another document"
        ),
    ),
    _case(
        "key-twice",
        "a key that is given twice",
        yaml_and("classes: [x, y]\n"),
        "yaml",
        "{root}/datasets/zoo.yaml: line 6: the key 'classes' is given twice",
    ),
    _case(
        "python-object",
        "a tag that would make a Python object",
        yaml_and("description: !!python/object/apply:os.system ['true']\n"),
        "yaml",
        (
            "{root}/datasets/zoo.yaml: is not valid YAML: line 6, column 14: could not determine a "
            "constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'"
        ),
    ),
    _case(
        "unknown-anchor",
        "an alias of nothing",
        yaml_and("description: *gone\n"),
        "yaml",
        ("{root}/datasets/zoo.yaml: is not valid YAML: line 6, column 14: found undefined alias 'gone'"),
    ),
    _case(
        "billion-laughs",
        "aliases of aliases that come to a billion values",
        yaml_and(_LAUGHS),
        "yaml",
        "{root}/datasets/zoo.yaml: line 11: aliases stand for more than 1,000,000 values",
    ),
    _case(
        "holds-itself",
        "a value that holds itself",
        yaml_and("review: &r {gold: *r}\n"),
        "yaml",
        "{root}/datasets/zoo.yaml: line 6: a value holds itself through an alias",
    ),
    _case(
        "nested-deeply",
        "brackets nested ten thousand deep",
        yaml_and(f"description: {'[' * 10_000}{']' * 10_000}\n"),
        "yaml",
        "{root}/datasets/zoo.yaml: line 6: values are nested more than 50 deep",
    ),
    _case(
        "too-large",
        "a file of more than 4 MB",
        yaml_and(f"# {'x' * (4 << 20)}\n"),
        "yaml",
        "{root}/datasets/zoo.yaml: is larger than 4 MB; expected a file of settings or classes",
    ),
    _case(
        "huge-number",
        "a number of 5,000 digits",
        yaml_and(f"review: {{seed: {'9' * 5000}}}\n"),
        "yaml",
        "{root}/datasets/zoo.yaml: line 6: a number of 5,000 digits; at most 100 are read",
    ),
    _case(
        "no-number",
        "`.nan` and `.inf` where a number is meant",
        yaml_and("tolerance: {sum: .nan, range: .inf}\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: 2 problems\n"
            "  - tolerance.range: Input should be less than or equal to 0.1, got inf\n"
            "  - tolerance.sum: Input should be less than or equal to 0.1, got nan"
        ),
    ),
    _case(
        "a-list",
        "a list in place of a mapping",
        yaml_is("- items\n- classes\n"),
        "config",
        "{root}/datasets/zoo.yaml: expected a mapping of keys to values, got list",
    ),
    _case(
        "unknown-keys",
        "unknown keys, at the top and further down",
        yaml_and("modles: []\nreview: {budgte: 3}\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: 2 problems\n"
            "  - review.budgte: unknown key; the nearest known key is 'budget' (known: budget, "
            "control_rate, order, exploration, reopen, seed, gold, verdicts_per_item, agree, policy, rescore, room)\n"
            "  - modles: unknown key; the nearest known key is 'models' (known: name, description, "
            "task, items, classes, classes_file, classes_confirmed, models, annotations, features, "
            "training_dynamics, reference_labels, audits, review, metrics, class_distance, uncertainty, tolerance, "
            "schedule, gates and 2 more)"
        ),
    ),
    _case(
        "wrong-types",
        "values of the wrong type",
        yaml_and("review: {seed: many, control_rate: [0.1]}\ndescription: {a: b}\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: 3 problems\n"
            "  - description: Input should be a valid string, got {'a': 'b'}\n"
            "  - review.control_rate: Input should be a valid number, got [0.1]\n"
            "  - review.seed: Input should be a valid integer, unable to parse string as an "
            "integer, got 'many'"
        ),
    ),
    _case(
        "out-of-range",
        "numbers out of range",
        yaml_and("review: {budget: -1, control_rate: 1.5, agree: 0}\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: 3 problems\n"
            "  - review.budget: Input should be greater than or equal to 0, got -1\n"
            "  - review.control_rate: Input should be less than or equal to 1, got 1.5\n"
            "  - review.agree: Input should be greater than or equal to 1, got 0"
        ),
    ),
    _case(
        "exploration-without-budget",
        "exploration that is a share of no budget",
        yaml_and("review: {exploration: 0.1}\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: review: 'exploration' is 0.1, a share of 'budget', which is not given; without "
            "a budget, 'control_rate' draws items at random"
        ),
    ),
    _case(
        "unknown-order",
        "an order of the queue, and a rule for asking again, that there are not",
        yaml_and("review: {order: random, reopen: {when: off, kept_at: 2}}\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: 3 problems\n"
            "  - review.order: Input should be 'probability', 'class-balance', 'diversity' or 'rank-impact', got "
            "'random'\n"
            "  - review.reopen.when: is the boolean False; YAML reads bare yes/no/on/off as booleans: put it in "
            "quotes\n"
            "  - review.reopen.kept_at: Input should be less than or equal to 1, got 2"
        ),
    ),
    _case(
        "boolean",
        "a bare `yes` where text is meant",
        yaml_has("[ant, bee, cow]", "[ant, yes, cow]"),
        "classes",
        (
            "{root}/datasets/zoo.yaml: classes.1: is the boolean True; YAML reads bare "
            "yes/no/on/off as booleans: put it in quotes"
        ),
    ),
    _case(
        "missing-keys",
        "keys that must be there and are not",
        yaml_is("classes: [ant, bee, cow]\nmodels: [{name: m0}]\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: 3 problems\n"
            "  - items: is required and missing\n"
            "  - models.0.outputs: is required and missing\n"
            "  - models.0.out_of_sample: is required and missing"
        ),
    ),
    _case(
        "all-at-once",
        "faults in every part of the file, classes too",
        yaml_is(
            "items: {pth: x}\nclasses: [ant, ant]\nmodels: [{name: m, out_of_sample: maybe}]\nreview: {budget: -1}\n"
        ),
        "config",
        (
            "{root}/datasets/zoo.yaml: 6 problems\n"
            "  - items.path: is required and missing\n"
            "  - items.pth: unknown key; the nearest known key is 'path' (known: path, id, label, "
            "labels_as, content, files, groups, suggestion, split)\n"
            "  - classes: 1 ids repeat (ant); ids are keys\n"
            "  - models.0.outputs: is required and missing\n"
            "  - models.0.out_of_sample: Input should be a valid boolean, unable to interpret "
            "input, got 'maybe'\n"
            "  - review.budget: Input should be greater than or equal to 0, got -1"
        ),
    ),
    _case(
        "no-classes",
        "no class list",
        yaml_has("classes: [ant, bee, cow]\n", ""),
        "classes",
        (
            "{root}/datasets/zoo.yaml: no class list. Give 'classes' with every class, also those "
            "no item has, in the order of the columns of your probabilities; 'labelaudit add zoo "
            "--derive-classes' writes one derived from the labels for you to confirm"
        ),
    ),
    _case(
        "class-twice",
        "a class that is given twice",
        yaml_has("bee, cow]", "bee, cow, ant, bee]"),
        "classes",
        "{root}/datasets/zoo.yaml: classes: 2 ids repeat (ant, bee); ids are keys",
    ),
    _case(
        "one-class",
        "one class alone",
        yaml_has("[ant, bee, cow]", "[ant]"),
        "classes",
        "{root}/datasets/zoo.yaml: classes: expected at least 2 classes, got 1",
    ),
    _case(
        "class-blank",
        "a class whose id is empty",
        yaml_has("bee, cow]", "bee, '']"),
        "classes",
        "{root}/datasets/zoo.yaml: classes: the id of class 2 is empty; ids are keys",
    ),
    _case(
        "class-long",
        "a class id of 2,000 characters",
        yaml_has("bee, cow]", f"bee, {'c' * 2000}]"),
        "classes",
        (
            "{root}/datasets/zoo.yaml: classes: 1 of 3 ids are longer than 1,000 characters or "
            "2,000 bytes in UTF-8 (the first has 2,000 characters: "
            "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc...)"
        ),
    ),
    _case(
        "classes-not-confirmed",
        "a derived class list that nobody confirmed",
        yaml_and("classes_confirmed: false\n"),
        "classes",
        (
            "{root}/datasets/zoo.yaml: the class list was derived from the labels and is not "
            "confirmed yet. Check that no class is missing and that the order is that of the "
            "columns of your probabilities, then set 'classes_confirmed: true'"
        ),
    ),
    _case(
        "class-file-missing",
        "a class file that is not there",
        yaml_has("classes: [ant, bee, cow]", "classes_file: zoo/classes.txt"),
        "yaml",
        (
            "{root}/datasets/zoo.yaml: classes_file: {root}/datasets/zoo/classes.txt: cannot be "
            "read: No such file or directory"
        ),
    ),
    _case(
        "class-file-no-list",
        "a class file that holds no list",
        _class_file('{"ant": 0}', "classes.json"),
        "classes",
        (
            "{root}/datasets/zoo.yaml: classes_file: {root}/datasets/zoo/classes.json: expected a "
            "list of classes, got dict"
        ),
    ),
    _case(
        "class-file-broken",
        "a class file that is no JSON",
        _class_file('["ant", "bee"', "classes.json"),
        "yaml",
        (
            "{root}/datasets/zoo.yaml: classes_file: {root}/datasets/zoo/classes.json: the class "
            "list is not valid JSON: Expecting ',' delimiter: line 1 column 14 (char 13)"
        ),
    ),
    _case(
        "model-twice",
        "two models of one name",
        yaml_has("name: m1", "name: m0"),
        "config",
        "{root}/datasets/zoo.yaml: models: the name 'm0' is given more than once",
    ),
    _case(
        "unknown-model",
        "an audit and a gate that name unknown models",
        yaml_and("gates: {keep_rank: [m7]}\naudits: {model_agreement: {models: [m8]}}\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: audits.model_agreement.models: no model is named 'm8'; "
            "gates.keep_rank: no model is named 'm7'"
        ),
    ),
    _case(
        "npy-without-order",
        "a `.npy` file that is not said to be in items order",
        yaml_has("zoo/m0.parquet", "zoo/m0.npy"),
        "config",
        (
            "{root}/datasets/zoo.yaml: models.0.outputs: a .npy file has no ids: say 'rows: "
            "items_order' if its rows are in items order"
        ),
    ),
    _case(
        "other-name",
        "a name that is not the file's",
        yaml_and("name: park\n"),
        "config",
        "{root}/datasets/zoo.yaml: name is 'park', but the file is named 'zoo'",
    ),
    _case(
        "unusable-path",
        "a path with a NUL character",
        yaml_has("zoo/items.parquet", '"zoo/\\0items.parquet"'),
        "path",
        "'zoo/\\x00items.parquet' is no usable path: embedded null byte",
    ),
    _case(
        "file-link-in-a-circle",
        "a data file that is a link in a circle",
        _items_loop,
        "path",
        "'zoo/items.parquet': the link {root}/datasets/zoo/items.parquet leads in a circle",
    ),
    _case(
        "outside-the-roots",
        "a data file outside the allowed folders",
        _items_elsewhere,
        "path",
        (
            "'../../items.parquet' leads to {any}/items.parquet, which is in none of the allowed "
            "folders ({root}, {root}/data); 'roots' in labelaudit.yaml names them"
        ),
    ),
    _case(
        "link-out-of-the-roots",
        "a link in the workspace that leads out of the allowed folders",
        _link_out,
        "path",
        (
            "'zoo/items.parquet' leads to {any}/items.parquet, which is in none of the allowed "
            "folders ({root}); 'roots' in labelaudit.yaml names them"
        ),
    ),
)


def _bom(zoo: MadeUp) -> None:
    zoo.yaml().write_bytes(b"\xef\xbb\xbf" + zoo.yaml().read_bytes().replace(b"\n", b"\r\n"))


def _linked(zoo: MadeUp) -> None:
    """A folder of data beside the workspace that the settings allow, through a link."""
    shutil.move(folder(zoo), zoo.root.parent / "data")
    folder(zoo).symlink_to(zoo.root.parent / "data")
    write(zoo.root / "labelaudit.yaml", "roots: [../data]\n")


ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        "yaml-byte-order-mark",
        "YAML",
        "a byte order mark, and line ends of Windows",
        "as the text it marks",
        _bom,
    ),
    Accepted(
        "yaml-anchors",
        "YAML",
        "anchors and aliases",
        "written out",
        yaml_has("classes: [ant, bee, cow]", "classes: &c [ant, bee, cow]\ndescription: &d words\nname: zoo"),
    ),
    Accepted(
        "yaml-linked-folder",
        "YAML",
        "a link to a folder that `roots` allows",
        "as the folder it leads to",
        _linked,
    ),
)
