import importlib
import pkgutil
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import assets
import audits
import pipelines
from audits import errors
from audits.errors import collect, first_few, plain

CODE = re.compile(r"[a-z]+(-[a-z]+)*")


def test_every_kind_of_error_has_its_own_code_and_a_documented_exit_status():
    for package in (audits, assets, pipelines):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name:
                importlib.import_module(module.name)
    kinds = errors.kinds()
    assert len(kinds) > 20
    assert len({k.code for k in kinds}) == len(kinds)
    assert all(CODE.fullmatch(k.code) for k in kinds)
    assert {k.exit_status for k in kinds} == {1, 2, 3}
    assert all(issubclass(k, ValueError) for k in kinds)
    assert all(vars(k).get("code") and vars(k).get("mend") and k.__doc__ for k in kinds), "each has its own"


@given(st.lists(st.text(max_size=300)), st.integers(1, 8))
def test_first_few_stays_on_one_line_and_counts_the_rest(offenders, shown):
    text = first_few(offenders, shown)
    assert text.isprintable()
    assert len(text) <= (200 + 2) * shown + 30
    rest = len(offenders) - shown
    assert (
        text.endswith(f" and {rest} more")
        if rest > 0
        else " more" not in text or "more" in "".join(offenders)
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a b", "a b"), (3, "3"), ("a\nb", r"'a\nb'"), ("\x1b[31m", r"'\x1b[31m'"), (None, "None")],
)
def test_plain_escapes_what_would_break_a_line_or_steer_a_terminal(value, shown):
    assert plain(value) == shown


def test_plain_cuts_what_is_long_whether_or_not_it_must_be_escaped():
    assert len(plain("x" * 10**6)) == 200
    assert len(plain("\n" * 10**6)) == 200


def test_one_problem_is_one_line_and_several_are_a_list():
    assert collect("f.csv", ["a"]) == "f.csv: a"
    assert collect("f.csv", ["a", "b"]).splitlines() == ["f.csv: 2 problems", "  - a", "  - b"]
