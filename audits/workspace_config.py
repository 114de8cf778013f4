"""A workspace's own settings, `labelaudit.yaml` in its root, as pydantic models. The file may be absent."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Self

from pydantic import Field, field_validator, model_validator

from audits.errors import WorkspaceError
from audits.strict import Strict

#: How the URL of a server begins.
_SERVER = ("postgresql://", "postgresql+psycopg://", "postgresql+psycopg2://", "postgres://")

#: Name of the file, in the root of the workspace.
FILE = "labelaudit.yaml"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: What stands between `://` and the last `@` before a path, when it has a password: `user:password`.
_PASSWORD = re.compile(r"^[^/?#]*://[^/?#:@]*:[^@]+@")


def holds_password(url: str) -> bool:
    """Whether a database URL has a password in it; also where it cannot be parsed, as far as that can be told."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    if _PASSWORD.match(url) or "password=" in url:
        return True
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        return False
    return bool(parsed.password) or any("password" in key for key in parsed.query)


class DatabaseConfig(Strict):
    """A PostgreSQL database. A URL that holds a password stands in the environment, never in a file."""

    url_env: str | None = Field(
        None,
        description="Name of the environment variable that holds the URL, with its password if it has one.",
    )
    url: str | None = Field(
        None,
        description="Instead of url_env: the URL itself, `postgresql://USER@HOST/DATABASE`, without a password.",
    )

    @field_validator("url_env")
    @classmethod
    def _is_a_variable(cls, value: str | None) -> str | None:
        if value is not None and not _VARIABLE.fullmatch(value):
            # the value is not repeated: it may be a URL with a password, put in the wrong place
            raise ValueError("expected the name of an environment variable (letters, digits, underscores)")
        return value

    @field_validator("url")
    @classmethod
    def _has_no_password(cls, value: str | None) -> str | None:
        if value is not None and holds_password(value):
            raise ValueError(
                "holds a password; put the URL into an environment variable and name it with 'url_env'"
            )
        return value

    @field_validator("url")
    @classmethod
    def _is_of_a_server(cls, value: str | None) -> str | None:
        # a file would be another one in every folder that labelaudit is called from
        if value is not None and not value.startswith(_SERVER):
            raise ValueError("expected a URL that begins with postgresql")
        return value

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("give either 'url_env' or 'url'")
        return self

    def resolved(self, environ: Mapping[str, str] = os.environ) -> str:
        """The URL.

        Raises
        ------
        WorkspaceError
            When the environment variable is not set, or holds something else.
        """
        if self.url is not None:
            return self.url
        name = str(self.url_env)
        found = environ.get(name, "").strip()
        if not found:
            raise WorkspaceError(
                f"{FILE}: the environment variable {name} is not set; it holds the database's URL"
            )
        if not found.startswith(_SERVER):
            raise WorkspaceError(
                f"{FILE}: the environment variable {name} holds no URL that begins with postgresql"
            )
        return found


class WorkspaceConfig(Strict):
    """The whole of `labelaudit.yaml`: what holds for all datasets of a workspace."""

    review_store: DatabaseConfig | None = Field(
        None, description="Where verdicts are kept. Left out: `state/review.sqlite` in the workspace."
    )
    dagster_storage: DatabaseConfig | None = Field(
        None,
        description="Where Dagster keeps runs, events and schedules; a database of its own, whose URL begins with "
        "`postgresql+psycopg2://`. Left out: SQLite files in `state/dagster`.",
    )
    roots: tuple[str, ...] | None = Field(
        None,
        description="Folders, beside the workspace itself, that files may be read from; relative to this file. Left "
        "out: a dataset's YAML may name files anywhere, and an items file only files in the workspace or beside it.",
    )
