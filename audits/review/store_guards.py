"""Whether the database still has what keeps a review store right: triggers, constraints, indices."""

from __future__ import annotations

from sqlalchemy import Connection, UniqueConstraint, inspect, text

from audits.review.schema import APPEND_ONLY, metadata

_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    # 'D' is one that was switched off
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}


def lost_guards(connection: Connection) -> list[str]:
    """What is missing that the migrations made, a sentence each; empty when all is there.

    Parameters
    ----------
    connection : Connection
        To a store whose tables are the newest.
    """
    looked, lost = inspect(connection), []
    for table in metadata.sorted_tables:
        there = {c["name"] for c in looked.get_unique_constraints(table.name)}
        there |= {i["name"] for i in looked.get_indexes(table.name)}
        wanted = {c.name for c in table.constraints if isinstance(c, UniqueConstraint)}
        wanted |= {i.name for i in table.indexes}
        lost += [f"table {table.name!r} has lost {name}" for name in sorted(str(n) for n in wanted - there)]
    found = set(connection.execute(text(_TRIGGERS[connection.dialect.name])).scalars())
    for table in APPEND_ONLY:
        names = (
            {f"{table.name}_append_only"}
            if connection.dialect.name == "postgresql"
            else {f"{table.name}_no_update", f"{table.name}_no_delete"}
        )
        if names - found:
            lost.append(f"table {table.name!r} is append-only no more: the trigger is gone or switched off")
    return lost
