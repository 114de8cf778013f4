import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits import errors
from audits.errors import AuditError, collect, first_few, plain


def test_every_kind_of_error_has_its_own_code_and_a_documented_exit_status():
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, AuditError)]
    assert len({k.code for k in kinds}) == len(kinds) == 6
    assert {k.exit_status for k in kinds} == {1, 2, 3}
    assert all(issubclass(k, ValueError) for k in kinds)


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
