import pytest
from fastapi import HTTPException
from starlette.datastructures import QueryParams

from audits.review.desk.records import Filters
from audits.web.filters import audits_of, filters_of, query_of
from audits.web.loaded import load
from tests.browser.rooms import Made

CLASSES = (("a", "ant"), ("b", "bee & <wasp>"), ("c", "cow"))


@pytest.fixture(scope="module")
def open_(tmp_path_factory):
    return load(Made(n=12, classes=CLASSES).write(tmp_path_factory.mktemp("open")), "zoo")


@pytest.fixture(scope="module")
def blind(tmp_path_factory):
    made = Made(n=12, classes=CLASSES, review={"room": {"blind": True}})
    return load(made.write(tmp_path_factory.mktemp("blind")), "zoo")


def refused(query, loaded):
    with pytest.raises(HTTPException) as caught:
        filters_of(QueryParams(query), loaded)
    assert caught.value.status_code == 422
    return caught.value.detail


def test_what_is_left_empty_does_not_filter(open_):
    nothing = Filters()
    assert filters_of(QueryParams(""), open_) == nothing
    assert filters_of(QueryParams("given=&suggested=+&audit=&model=&low=&high=&page=3"), open_) == nothing


def test_classes_by_id_or_name_and_all_else_as_it_is(open_):
    found = filters_of(
        QueryParams("given=ANT&suggested=bee+%26+%3Cwasp%3E&audit=x&model=m+1&low=0.25&high=1"), open_
    )
    assert found == Filters("a", "b", "x", "m 1", 0.25, 1.0)


@pytest.mark.parametrize(
    "filters", [Filters(), Filters(given="a"), Filters("a", "b", "confident learning", "m&=?#", 0.0, 0.125)]
)
def test_an_address_reads_back_as_what_it_was_made_from(open_, filters):
    assert filters_of(QueryParams(query_of(filters).removeprefix("?")), open_) == filters


def test_an_address_without_filters_has_no_query():
    assert query_of(Filters()) == ""
    assert query_of(Filters(given="a b"), ahead=1) == "?ahead=1&given=a+b"


@pytest.mark.parametrize("text", ["-0.1", "1.01", "half", "nan", "inf"])
def test_a_bound_that_is_no_probability(open_, text):
    assert refused(f"low={text}", open_) == f"'low' must be a probability from 0 to 1, got '{text}'."


def test_bounds_the_wrong_way_round(open_):
    assert refused("low=0.5&high=0.25", open_) == "The least probability, 0.5, is above the greatest, 0.25."


def test_a_class_that_there_is_not(open_):
    assert "There is no class 'dog'" in refused("given=dog", open_)


@pytest.mark.parametrize("telling", ["suggested=a", "audit=x", "model=m0", "low=0.5", "high=0.5"])
def test_a_blind_dataset_has_no_filter_that_tells_what_is_kept_back(blind, telling):
    assert filters_of(QueryParams("given=a"), blind) == Filters(given="a")
    assert "is reviewed blind" in refused(f"given=a&{telling}", blind)


def test_the_audits_that_were_run(open_):
    assert audits_of(open_) == sorted(set(open_.signals["signal"].to_pylist()))
    assert "confident_learning" in audits_of(open_)
