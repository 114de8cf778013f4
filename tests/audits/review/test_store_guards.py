from __future__ import annotations

import pytest

from audits.review.store import ReviewStore
from audits.review.store_copy import check_store

LOST = {
    "sqlite": {
        "DROP TRIGGER verdict_no_delete": "'verdict' is append-only no more",
        "DROP INDEX ix_verdict_question_hash": "'verdict' has lost ix_verdict_question_hash",
    },
    "postgresql": {
        "ALTER TABLE verdict DISABLE TRIGGER verdict_append_only": "'verdict' is append-only no more",
        "DROP TRIGGER question_append_only ON question": "'question' is append-only no more",
        "DROP INDEX ix_verdict_question_hash": "'verdict' has lost ix_verdict_question_hash",
        "ALTER TABLE verdict DROP CONSTRAINT uq_verdict_client_id": "'verdict' has lost uq_verdict_client_id",
    },
}


def test_a_new_store_has_them_all(url):
    ReviewStore(url).close()
    assert check_store(url).faults == []


@pytest.mark.parametrize("number", range(4))
def test_each_that_is_gone_is_told(url, raw, number):
    statements = list(LOST[url.partition(":")[0]].items())
    statement, words = statements[number % len(statements)]
    ReviewStore(url).close()
    raw(url, statement)
    (found,) = check_store(url).faults
    assert words in found
