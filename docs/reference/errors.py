"""errors.md: every kind of error, from the classes."""

import importlib
import inspect
import pkgutil

_TOP = """\
# Errors

Written by `docs/build.py` from the classes; a test keeps it true.

A command that is refused prints one message on standard error, `labelaudit: error[CODE]: MESSAGE`, and leaves with
the exit status of the code. The message says what was expected, what came, where, how many, and the first few.
Codes and exit statuses are stable: a script may rely on them. All faults that one file has are told together; when
they are of several kinds, the code is `input`. In Python every error is an `audits.errors.AuditError` (and so a
`ValueError`) with the attributes `code`, `exit_status` and `mend`.

| exit status | what it means |
| --- | --- |
| 0 | done |
| 1 | the work failed |
| 2 | the input, the call, or the place to work in (a full disk, a locked store) is wrong |
| 3 | a gate did not hold |

## All codes

| code | exit status | meaning |
| --- | --- | --- |
"""


def _load_everything() -> None:
    for name in ("audits", "assets", "pipelines"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            # migrations run under Alembic alone; __main__ would run the command
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def _meaning(kind: type) -> str:
    return inspect.getdoc(kind).split("\n\n")[0].replace("\n", " ")


def shipped_kinds() -> list[type]:
    """Every kind of error that ships, one after the kind it is a kind of."""
    from audits.errors import AuditError, kinds

    _load_everything()
    shipped = [k for k in kinds() if k.__module__.split(".")[0] in ("audits", "assets", "pipelines")]
    # those of the one page in its order, then the others: not in the order in which modules happened to be loaded
    shipped.sort(key=lambda k: "" if k.__module__ == AuditError.__module__ else k.code)

    def below(kind: type) -> list[type]:
        return [kind, *(k for child in shipped if child.__bases__[0] is kind for k in below(child))]

    return below(AuditError)


def errors_page() -> str:
    """Code, exit status, meaning and mend of every kind of error."""
    kinds = shipped_kinds()
    rows = [f"| [`{k.code}`](#{k.code}) | {k.exit_status} | {_meaning(k)} |" for k in kinds]
    parts = [_TOP + "\n".join(rows), ""]
    for k in kinds:
        base = k.__bases__[0]
        kin = f" A kind of [`{base.code}`](#{base.code})." if hasattr(base, "code") else ""
        parts += [
            f"## {k.code}",
            "",
            f"{_meaning(k)} Exit status {k.exit_status}.{kin} In Python: `{k.__module__}.{k.__name__}`.",
            "",
            f"What to do: {k.mend}",
            "",
        ]
    return "\n".join(parts).rstrip() + "\n"
