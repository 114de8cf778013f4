from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from audits.web.content.addresses import column_key, image_url, item_url

PLAIN = set(string.ascii_letters + string.digits + "_-~")


@given(st.text())
def test_the_key_of_any_column_is_one_part_of_an_address_as_it_stands(column):
    assert set(column_key(column)) <= PLAIN
    assert column_key(column)


@given(st.lists(st.text(min_size=1), unique=True, max_size=20))
def test_no_two_columns_share_one(columns):
    assert len({column_key(c) for c in columns}) == len(columns)


def test_addresses_name_the_question_and_neither_item_nor_label(shown):
    shown.items(["ant", "bee"], ["of an ant", "of a bee"])
    loaded = shown.open()
    hash_ = loaded.questions[1].hash
    assert item_url(loaded, 1) == f"/d/shown/q/{hash_}"
    assert image_url(loaded, 1, "a column") == f"/d/shown/image/{hash_}/{column_key('a column')}"
