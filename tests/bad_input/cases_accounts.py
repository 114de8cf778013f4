"""Accounts that cannot be, and a review app that may not be served so."""

from __future__ import annotations

from tests.bad_input.case import Case
from tests.bad_input.spoiling import Spoil, void, write, yaml_and
from tests.conftest import MadeUp


def _nothing(zoo: MadeUp) -> None:
    """The call alone is bad."""


def _secret(text: str, mode: int) -> Spoil:
    """A secret of the review app's sessions."""

    def spoil(zoo: MadeUp) -> None:
        path = zoo.root / "state" / "web" / "secret"
        write(path, text)
        void(path.chmod(mode))

    return spoil


_MAKES = "'labelaudit users add NAME --role admin' makes one"

CASES = [
    Case(
        "account-unknown-name",
        "command line",
        "an account that there is not",
        _nothing,
        "usage",
        "there is no account 'bob'; 'labelaudit users add' makes the first",
        ("users", "role", "bob", "admin"),
    ),
    Case(
        "account-empty-name",
        "command line",
        "an account without a name",
        _nothing,
        "usage",
        "the name of an account is empty",
        ("users", "add", " ", "--role", "admin"),
    ),
    Case(
        "account-name-that-cannot-be-seen",
        "command line",
        "an account whose name looks like another's",
        _nothing,
        "usage",
        "the name of an account holds characters that cannot be seen: 'ann\\u200b'",
        ("users", "add", "ann\u200b", "--role", "admin"),
    ),
    Case(
        "account-unknown-dataset",
        "command line",
        "an account that is to see a dataset that there is not",
        _nothing,
        "usage",
        "no dataset is named 'zop' in {root}/datasets; the nearest name is 'zoo'",
        ("users", "add", "bob", "--role", "reviewer", "--dataset", "zop"),
    ),
    Case(
        "account-password-without-a-terminal",
        "command line",
        "a password that nobody can be asked for",
        _nothing,
        "usage",
        "there is no terminal to ask for the password on; --password-stdin reads it from there",
        ("users", "add", "bob", "--role", "reviewer"),
    ),
    Case(
        "account-empty-password",
        "command line",
        "a password that is too short",
        _nothing,
        "usage",
        "the password has 0 characters; at least 10 are needed; a few words are easy to keep",
        ("users", "add", "bob", "--role", "reviewer", "--password-stdin"),
    ),
    Case(
        "review-for-others-without-an-account",
        "command line",
        "the review app for others, when nobody could sign in",
        _nothing,
        "usage",
        f"on '0.0.0.0' others reach this app, so people must sign in, and there is no account that may. {_MAKES}",
        ("review", "--host", "0.0.0.0"),  # noqa: S104  refused
    ),
    Case(
        "review-with-reviewers-without-an-account",
        "command line",
        "reviewers are named, and there is no account",
        yaml_and("review: {room: {reviewers: [ann]}}\n"),
        "usage",
        f"zoo: the YAML file names reviewers, so people must sign in, and there is no account that may. {_MAKES}",
        ("review", "--port", "0"),
    ),
    Case(
        "review-secret-that-others-read",
        "workspace",
        "others may read what sessions are signed with",
        _secret("ab" * 32, 0o644),
        "usage",
        "{root}/state/web/secret: others than its owner may use it (mode 644), so anybody could sign in as anybody; "
        "delete it, and a new one is made and all sessions end",
        ("review", "--port", "0"),
    ),
    Case(
        "review-secret-damaged",
        "workspace",
        "what sessions are signed with is damaged",
        _secret("half of it", 0o600),
        "damaged",
        "{root}/state/web/secret is damaged: expected 64 hexadecimal digits; delete it, all sessions end",
        ("review", "--port", "0"),
        exit_status=1,
    ),
]
