from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from audits.review.schema import UtcDateTime

DIALECT = sqlite.dialect()


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones()))
def test_a_moment_stays_the_same_moment(moment):
    kept = UtcDateTime().process_bind_param(moment, DIALECT)
    assert kept is not None
    back = UtcDateTime().process_result_value(kept.replace(tzinfo=None), DIALECT)  # as SQLite returns it
    assert back == moment.astimezone(UTC)
    assert back.utcoffset() == timedelta(0)


def test_what_comes_with_a_time_zone_is_turned_into_utc():
    moment = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    back = UtcDateTime().process_result_value(moment, DIALECT)
    assert (back, back and back.hour) == (moment, 9)


def test_no_moment_and_no_time_zone():
    assert UtcDateTime().process_bind_param(None, DIALECT) is None
    assert UtcDateTime().process_result_value(None, DIALECT) is None
    with pytest.raises(TypeError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2024, 1, 1), DIALECT)
