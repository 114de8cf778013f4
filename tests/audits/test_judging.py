import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from audits import contracts, judging
from audits.errors import AuditError, InputError
from audits.expectations import judge_items
from audits.judging import Rule, judge

# `judge` itself refuses a verdict of Great Expectations that its Arrow expression cannot back with a row;
# the counts below are worked out a third time, in plain Python.


def items(*rows):
    return pa.Table.from_pylist(
        [{"item_id": i, "label": n, "given_label": g, "content_hash": ""} for i, n, g in rows],
        contracts.ITEMS,
    )


def test_a_failure_names_table_column_count_and_the_first_few():
    judged = judge_items(items(*((f"i{n}", None, "x" * 500) for n in range(9)), ("ok", 1, "b")))
    assert not judged.passed
    text = str(judged)
    assert text.startswith(
        "items: column 'given_label': 9 of 10 rows: the label is missing or not in the class"
    )
    assert "item_id i4" in text
    assert "item_id i5" not in text
    assert " and 4 more); 1 that no class has: 'xxx" in text
    assert text.endswith("x' x 9")
    assert len(text) < 1600
    with pytest.raises(InputError) as e:
        judged.require()
    assert str(e.value) == text


def test_ids_that_would_break_a_line_or_steer_a_terminal_are_escaped():
    text = str(judge_items(items(("a\nb", None, "\x1b[31m"), ("c", 0, "x"))))
    assert text.endswith(r"(item_id 'a\nb': '\x1b[31m')")


def test_a_sound_table_passes_and_says_so():
    judged = judge_items(items(("a", 0, "x"), ("b", 1, "y")))
    judged.require()
    assert str(judged) == "items: passed"
    assert judged.rules == 5


def test_a_rule_that_contradicts_its_arrow_expression_is_a_defect_and_told_as_one():
    never = Rule(
        "ExpectColumnValuesToNotBeNull", {"column": "item_id"},
        lambda t: pa.array(np.zeros(t.num_rows, bool)), "x", "item_id",
    )  # fmt: skip
    with pytest.raises(
        AuditError, match="things: ExpectColumnValuesToNotBeNull on 'item_id' failed, but no row"
    ):
        judge(pa.table({"item_id": ["a", None]}), [never], "things")


def test_an_expectation_that_cannot_be_evaluated_is_a_defect_and_told_as_one():
    rule = Rule("ExpectColumnValuesToNotBeNull", {"column": "z"}, lambda t: pc.is_null(t["z"]), "x", "z")
    with pytest.raises(
        AuditError, match="things: expect_column_values_to_not_be_null could not be evaluated"
    ):
        judge(pa.table({"item_id": ["a"]}), [rule], "things")


def test_no_analytics_are_sent():
    import os

    judging._great_expectations()
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
