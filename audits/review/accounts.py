"""Who may do what in the review room: accounts and tokens for programs, with every change told in the activity."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from audits.errors import UsageError, plain
from audits.review.activity import Act, record
from audits.review.record_checks import text_problems
from audits.review.records import ACCOUNT_ROLES, AccountRole
from audits.review.schema import account, api_token
from audits.review.store import ReviewStore

#: Longest name of an account or a token, in characters.
LONGEST = 100

#: How a token for programs begins, so that people and scanners know one when they see it.
TOKEN_PREFIX = "labelaudit_"  # noqa: S105  not a secret: what comes after it is

#: Bytes of chance in a token.
_TOKEN_BYTES = 32


@dataclass(frozen=True)
class Account:
    """Who may sign in.

    Attributes
    ----------
    name : str
        Under which their verdicts are stored.
    role : {"reviewer", "adjudicator", "admin"}
    datasets : tuple of str or None
        The datasets that are granted, sorted; None: all.
    active : bool
        Whether they may sign in and use their tokens.
    epoch : int
        Sessions of another number have ended.
    created_at, changed_at : datetime
        In UTC.
    """

    name: str
    role: AccountRole
    datasets: tuple[str, ...] | None
    active: bool
    epoch: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class ApiToken:
    """A token for programs, without its secret: only a hash of that is kept."""

    id: int
    account: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Actor:
    """Who changes something.

    Attributes
    ----------
    who : str or None
    address : str or None
        Where the request came from; None on this machine's command line.
    via : str
        `web` or `command`.
    """

    who: str | None
    address: str | None = None
    via: str = "web"


class Accounts:
    """The accounts in a review store. Safe to use from several threads and processes.

    Every change is one transaction, together with its row in the activity.

    Parameters
    ----------
    store : ReviewStore
    """

    def __init__(self, store: ReviewStore) -> None:
        self._store = store

    def any(self) -> bool:
        """Whether there is an account at all, disabled ones too."""
        with self._store.reading() as connection:
            return connection.execute(select(account.c.name).limit(1)).first() is not None

    def all(self) -> list[Account]:
        """All accounts, by name."""
        with self._store.reading() as connection:
            return [_account(r) for r in connection.execute(select(account).order_by(account.c.name))]

    def get(self, name: str) -> Account | None:
        """The account of a name; None where there is none."""
        with self._store.reading() as connection:
            row = _row(connection, name)
        return None if row is None else _account(row)

    def password_hash(self, name: str) -> str | None:
        """Hash of an account's password; None where there is no such account."""
        with self._store.reading() as connection:
            row = _row(connection, name)
        return None if row is None else row.password_hash

    def add(
        self,
        name: str,
        role: AccountRole,
        password_hash: str,
        datasets: Iterable[str] | None = None,
        *,
        by: Actor,
    ) -> Account:
        """Make an account.

        Parameters
        ----------
        name : str
            As `account_name` gives it back.
        role : {"reviewer", "adjudicator", "admin"}
        password_hash : str
        datasets : iterable of str, optional
            The datasets that are granted; left out: all. An admin sees all.
        by : Actor

        Raises
        ------
        UsageError
            When there is one of that name already, in other letters too, or a part is not sound.
        """
        name, role, granted = account_name(name), _role(role), _granted(role, datasets)
        now = datetime.now(UTC)
        with self._store.writing() as connection:
            names = connection.execute(select(account.c.name)).scalars()
            if near := next((n for n in names if n.casefold() == name.casefold()), None):
                raise UsageError(f"there is an account {plain(near)!r} already")
            row = {
                "name": name,
                "role": role,
                "password_hash": password_hash,
                "datasets": granted,
                "active": True,
                "epoch": 1,
                "created_at": now,
                "changed_at": now,
            }
            connection.execute(insert(account), row)
            _tell(connection, "account added", by, now, account=name, role=role, datasets=granted)
            return _account(_known(connection, name))

    def set_password(self, name: str, password_hash: str, *, by: Actor) -> Account:
        """Give an account another password, which ends all its sessions; raises UsageError."""
        with self._store.writing() as connection:
            epoch = _known(connection, name).epoch + 1
            changed = {"password_hash": password_hash, "epoch": epoch}
            return _change(connection, name, changed, "password changed", by)

    def rehash(self, name: str, old_hash: str, new_hash: str, *, by: Actor) -> None:
        """Keep the same password under stronger parameters, unless it was changed meanwhile."""
        with self._store.writing() as connection:
            if _known(connection, name).password_hash == old_hash:
                _change(connection, name, {"password_hash": new_hash}, "password rehashed", by)

    def set_role(self, name: str, role: AccountRole, *, by: Actor) -> Account:
        """Give an account another role; an admin sees all datasets. Raises UsageError."""
        changed: dict[str, Any] = {"role": _role(role)}
        if role == "admin":
            changed["datasets"] = None
        with self._store.writing() as connection:
            return _change(connection, name, changed, "role changed", by, role=role)

    def grant(self, name: str, datasets: Iterable[str] | None, *, by: Actor) -> Account:
        """Say which datasets an account sees, None for all; raises UsageError."""
        with self._store.writing() as connection:
            granted = _granted(_known(connection, name).role, datasets)
            return _change(connection, name, {"datasets": granted}, "datasets granted", by, datasets=granted)

    def set_active(self, name: str, active: bool, *, by: Actor) -> Account:
        """Let an account in, or shut it out at once, with its sessions and tokens; raises UsageError."""
        with self._store.writing() as connection:
            epoch = _known(connection, name).epoch + (not active)
            what = "account enabled" if active else "account disabled"
            return _change(connection, name, {"active": active, "epoch": epoch}, what, by)

    def end_sessions(self, name: str, *, by: Actor) -> Account:
        """End all sessions of an account, wherever they are; raises UsageError."""
        with self._store.writing() as connection:
            epoch = _known(connection, name).epoch + 1
            return _change(connection, name, {"epoch": epoch}, "logged out", by)

    def tell(self, action: str, *, by: Actor, **detail: object) -> None:
        """Add a row to the activity about something that changes no account: somebody logged in, or failed to."""
        with self._store.writing() as connection:
            _tell(connection, action, by, datetime.now(UTC), **detail)

    def add_token(self, name: str, label: str, *, by: Actor) -> tuple[ApiToken, str]:
        """Make a token for programs.

        Returns
        -------
        tuple of ApiToken and str
            The second is the token itself, which is nowhere else from now on.

        Raises
        ------
        UsageError
            When there is no such account, or the label is not sound.
        """
        label = _name("the name of a token", label)
        secret = TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        now = datetime.now(UTC)
        with self._store.writing() as connection:
            _known(connection, name)
            row = {"account": name, "name": label, "token_hash": token_hash(secret), "created_at": now}
            made = connection.execute(insert(api_token).returning(api_token), row).one()
            _tell(connection, "token made", by, now, account=name, token=made.id, name=label)
            return _token(made), secret

    def tokens(self, name: str | None = None) -> list[ApiToken]:
        """Tokens of one account or of all, revoked ones too, oldest first."""
        query = select(api_token).order_by(api_token.c.id)
        if name is not None:
            query = query.where(api_token.c.account == name)
        with self._store.reading() as connection:
            return [_token(r) for r in connection.execute(query)]

    def revoke(self, token: int, *, by: Actor, of: str | None = None) -> bool:
        """Make a token worthless.

        Parameters
        ----------
        token : int
            `ApiToken.id`.
        by : Actor
        of : str, optional
            Only if it is this account's.

        Returns
        -------
        bool
            False when it was revoked already.

        Raises
        ------
        UsageError
            When there is no such token.
        """
        now = datetime.now(UTC)
        with self._store.writing() as connection:
            asked = select(api_token).where(api_token.c.id == token)
            # databases refuse to compare with larger numbers, and none of them is a token's
            row = connection.execute(asked).first() if 0 < token < 2**31 else None
            if row is None or of not in (None, row.account):
                raise UsageError(f"there is no token {token}")
            if row.revoked_at is not None:
                return False
            connection.execute(update(api_token).where(api_token.c.id == token).values(revoked_at=now))
            _tell(connection, "token revoked", by, now, account=row.account, token=token, name=row.name)
        return True

    def of_token(self, secret: str) -> Account | None:
        """The active account whose token this is; None for one that is unknown or revoked."""
        query = (
            select(account)
            .join(api_token, api_token.c.account == account.c.name)
            .where(api_token.c.token_hash == token_hash(secret), api_token.c.revoked_at.is_(None))
            .where(account.c.active.is_(True))
        )
        with self._store.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _account(row)


def token_hash(secret: str) -> str:
    """What is kept of a token. It is 32 bytes of chance, so a plain hash of it cannot be turned back."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def account_name(name: str) -> str:
    """A name as accounts have it: composed letters, no blanks around it.

    Raises
    ------
    UsageError
        When it is empty, too long, or holds what cannot be seen.
    """
    return _name("the name of an account", name)


def _name(what: str, given: str) -> str:
    name = unicodedata.normalize("NFC", given).strip()
    if not name:
        raise UsageError(f"{what} is empty")
    if len(name) > LONGEST:
        raise UsageError(f"{what} has {len(name)} characters; at most {LONGEST} are taken")
    if problems := text_problems([("name", name)]):
        raise UsageError(f"{what}: {problems[0]}")
    if not name.isprintable():
        raise UsageError(f"{what} holds characters that cannot be seen: {plain(name)}")
    return name


def _role(role: str) -> AccountRole:
    if role not in ACCOUNT_ROLES:
        raise UsageError(f"the role must be one of {', '.join(ACCOUNT_ROLES)}, got {plain(role)!r}")
    return role


def _granted(role: str, datasets: Iterable[str] | None) -> list[str] | None:
    if datasets is None:
        return None
    if role == "admin":
        raise UsageError("an admin sees all datasets; grant single ones to a reviewer or an adjudicator")
    return sorted(set(datasets))


def _row(connection: Connection, name: str) -> Row[Any] | None:
    if text_problems([("name", name)]):  # no database takes it, so there is no such account
        return None
    return connection.execute(select(account).where(account.c.name == name)).first()


def _known(connection: Connection, name: str) -> Row[Any]:
    if (row := _row(connection, name)) is None:
        raise UsageError(f"there is no account {plain(name)!r}")
    return row


def _change(
    connection: Connection, name: str, changed: dict[str, Any], action: str, by: Actor, **detail: object
) -> Account:
    _known(connection, name)
    now = datetime.now(UTC)
    connection.execute(update(account).where(account.c.name == name).values(**changed, changed_at=now))
    _tell(connection, action, by, now, account=name, **detail)
    return _account(_known(connection, name))


def _tell(connection: Connection, action: str, by: Actor, at: datetime, **detail: object) -> None:
    record(connection, [Act(by.who, action, address=by.address, detail={"via": by.via, **detail}, at=at)])


def _account(row: Row[Any]) -> Account:
    datasets = None if row.datasets is None else tuple(row.datasets)
    return Account(row.name, row.role, datasets, row.active, row.epoch, row.created_at, row.changed_at)


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(row.id, row.account, row.name, row.created_at, row.revoked_at)
