import pyarrow as pa
import pytest

from audits.errors import ColumnsError, IdsError, InputError, PathError, UsageError
from audits.expectations import rules_of_items
from audits.ingest.faults import Faults, one_kind


def test_all_are_told_in_one_error_of_their_one_kind():
    faults = Faults("t.csv")
    faults.require()
    with faults.noted("column 'a'"):
        raise ColumnsError("t.csv: has type bool")
    assert faults
    with pytest.raises(ColumnsError, match=r"^t\.csv: column 'a': has type bool$"):
        faults.require()
    faults.add(IdsError, "1 id repeats")
    with pytest.raises(InputError) as e:
        faults.require()
    assert type(e.value) is InputError
    assert str(e.value).splitlines() == [
        "t.csv: 2 problems",
        "  - column 'a': has type bool",
        "  - 1 id repeats",
    ]


def test_what_is_no_fault_of_the_file_is_not_held_back():
    faults = Faults("t.csv")
    with pytest.raises(UsageError), faults.noted():
        raise UsageError("called wrongly")
    assert not faults


def test_the_same_fault_is_told_once_and_many_are_capped():
    faults = Faults("t.csv")
    faults.add(IdsError, *[f"fault {i}" for i in range(70)], "fault 0")
    lines = str(faults.error()).splitlines()
    assert lines[0] == "t.csv: 70 problems"
    assert lines[-1] == "  - and 20 more"
    assert len(lines) == 52


def test_rules_are_looked_at_in_the_columns_that_could_be_read():
    labels = {"label": pa.array([None, 1], pa.int32()), "given_label": pa.array(["wolf", "bee"])}
    faults = Faults("t.csv")
    faults.look({"item_id": None, **labels}, 2, rules_of_items())
    assert str(faults.error()) == (
        "t.csv: column 'given_label': 1 of 2 rows: the label is missing or not in the class list (row 1: 'wolf')"
    )
    faults = Faults("t.csv")
    faults.look({"item_id": pa.array(["a", "a"]), "label": None, "given_label": None}, 2, rules_of_items())
    assert isinstance(faults.error(), IdsError)


def test_one_kind_or_the_base_of_all():
    assert one_kind([PathError]) is PathError
    assert one_kind([PathError, IdsError]) is InputError
