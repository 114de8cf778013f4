from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.alerts.alert import MESSAGE_LIMIT, Alert, normalized
from audits.errors import AuditError


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("flag rate 0.0712 is above 0.05", "flag rate 0.0698 is above 0.05"),
        ("3 of 10,000 rows", "12 of 10,001 rows"),
        ("item zoo-037: -1.3e-05", "item zoo-112: 2"),
        ("run 0bde38e0-2389-48bd-af4e-c4bea6fa3c37 ended", "run 41e0d169-c583-4107-ad45-4622ebcab555 ended"),
        ("two  \n words", "two words"),
    ],
)
def test_the_same_fault_with_other_figures_is_the_same_fault(make_alert, one, other):
    assert make_alert(one).fault == make_alert(other).fault
    assert make_alert(one).fault == make_alert(other, run_id="run-2").fault
    assert make_alert(one).id != make_alert(one, run_id="run-2").id


@pytest.mark.parametrize(
    ("one", "other"),
    [("model resnet18 is bad", "model resnet50 is bad"), ("labels missing", "ids missing"), ("", "x")],
)
def test_other_words_are_another_fault(make_alert, one, other):
    assert make_alert(one).fault != make_alert(other).fault


def test_dataset_kind_and_subject_are_part_of_the_fault(make_alert):
    faults = {
        make_alert().fault,
        make_alert(dataset="farm").fault,
        make_alert(kind="check_failed").fault,
        make_alert(subject="findings:gate_keep_rank").fault,
        make_alert(dataset="zoof", subject="indings:gate_max_flag_rate").fault,
    }
    assert len(faults) == 5


def test_ids_are_the_same_on_every_machine(make_alert):
    assert make_alert().fault == "c417c00fec6a9737039157a4"
    assert make_alert(address="http://127.0.0.1:3000").fault == make_alert().fault


@given(st.text())
def test_normalizing_twice_changes_nothing(message):
    assert normalized(normalized(message)) == normalized(message)


def test_a_record_reads_back_as_the_alert(make_alert):
    alert = make_alert(address="http://127.0.0.1:3000/runs/run-1", message="two\nlines \ud800")
    assert Alert.from_record(alert.record()) == alert
    assert all(v is None or isinstance(v, str) for v in alert.record().values())
    with pytest.raises(KeyError):
        Alert.from_record({})


def test_fields_are_checked(make_alert):
    with pytest.raises(AuditError, match=r"'kind'.*run_failed.*got 'other'"):
        make_alert(kind="other")
    with pytest.raises(AuditError, match="time zone"):
        make_alert(at=datetime(2026, 1, 1))
    later = timezone(timedelta(hours=2))
    assert make_alert(at=datetime(2026, 1, 1, 2, tzinfo=later)).at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert len(make_alert("x" * 20_000).message) == MESSAGE_LIMIT


def test_the_title_says_what_failed(make_alert):
    assert make_alert().title == "zoo: gate does not hold: findings:gate_max_flag_rate"
    assert make_alert(kind="run_failed", subject="run").title == "zoo: run failed"
