from __future__ import annotations

import pytest

from audits.errors import UsageError
from audits.review.accounts import Accounts, Actor
from audits.review.store import ReviewStore
from audits.web.security.start import accounts_required, checked
from audits.web.settings import RoomSettings

BY = Actor(None)


@pytest.fixture
def accounts(made_up):
    with ReviewStore(made_up.workspace.store_url) as store:
        yield Accounts(store)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.5"])
def test_this_machine_alone_asks_nobody(made_up, host):
    settings = RoomSettings(host=host)
    assert not accounts_required(made_up.workspace, settings)
    assert checked(made_up.workspace, settings) == settings


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "labels.example", ""])  # noqa: S104
def test_on_any_other_host_somebody_must_be_able_to_sign_in(made_up, accounts, host):
    settings = RoomSettings(host=host)
    with pytest.raises(
        UsageError, match=r"there is no account that may.*labelaudit users add NAME --role admin"
    ):
        checked(made_up.workspace, settings)
    accounts.add("ann", "admin", "hash", by=BY)
    found = checked(made_up.workspace, settings)
    assert (found.accounts, found.host) == (True, host)
    accounts.set_active("ann", False, by=BY)
    with pytest.raises(UsageError, match="there is no account that may"):
        checked(made_up.workspace, settings)


def test_once_there_is_an_account_people_sign_in_everywhere(made_up, accounts):
    accounts.add("ann", "admin", "hash", by=BY)
    assert checked(made_up.workspace, RoomSettings()).accounts
    accounts.set_active("ann", False, by=BY)
    with pytest.raises(UsageError, match="people must sign in here"):
        checked(made_up.workspace, RoomSettings())


def test_a_dataset_that_names_reviewers_asks_for_accounts_where_it_is_served(made_up):
    made_up.add("zoo", n=6, yaml="review: {room: {reviewers: [bob]}}\n")
    made_up.add("pets", n=6)
    with pytest.raises(UsageError, match="zoo: the YAML file names reviewers"):
        checked(made_up.workspace, RoomSettings())
    assert not checked(made_up.workspace, RoomSettings(datasets=("pets",))).accounts


def test_whoever_wants_people_to_sign_in_gets_it(made_up, accounts):
    with pytest.raises(UsageError, match="people must sign in here"):
        checked(made_up.workspace, RoomSettings(accounts=True))
    accounts.add("ann", "admin", "hash", by=BY)
    assert checked(made_up.workspace, RoomSettings(accounts=True)).accounts
