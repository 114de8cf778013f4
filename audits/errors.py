"""One base class for all that labelaudit refuses, with a stable code and an exit status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: How many offenders a message names before it only counts them.
SHOWN = 5

#: How many problems of one file a message lists before it only counts them.
LISTED = 50

#: How much of one offender a message shows, in characters.
_SHOWN_CHARACTERS = 200


class AuditError(ValueError):
    """Base of every error labelaudit raises on purpose; by itself: the work failed, through no fault of the data.

    Attributes
    ----------
    code : str
        Stable, machine-readable name of the kind of error.
    exit_status : int
        What the `labelaudit` command exits with: 2 when what it was given is wrong or it cannot work where
        it was told to, 1 when the work failed, 3 when a gate did not hold.
    mend : str
        What to do about errors of the kind, in a sentence; the reference of codes is made of it.
    """

    code = "audit-error"
    exit_status = 1
    mend = "Run it again. If it fails again, 'labelaudit doctor' looks at the workspace."


class InputError(AuditError):
    """A file or table that came in is broken, in several ways or in one that has no code of its own."""

    code = "input"
    exit_status = 2
    mend = "Mend what the message names: each line says what, where, how many and the first few."


class FileError(InputError):
    """A data file is missing, empty, not readable, or not of the format that its ending names."""

    code = "file"
    mend = "Write the file again, whole, in the format that its ending names; text in UTF-8."


class ColumnsError(InputError):
    """A table lacks a column, has one twice, or one of a type that cannot be read."""

    code = "columns"
    mend = "Name the columns in the YAML file as the data file does, or write them as the message says."


class ShapeError(InputError):
    """An array, or the lists in a column, have another shape or type of number than the dataset."""

    code = "shape"
    mend = "Write the outputs anew: a row an item, a column a class, floating-point numbers."


class IdsError(InputError):
    """Item ids are missing, repeat, are written in another way elsewhere, or are not those of the dataset."""

    code = "ids"
    mend = "Give each item one id, and write it alike in every file: '01', '1' and 1.0 are three ids."


class LabelsError(InputError):
    """Labels are missing, or are not in the class list."""

    code = "labels"
    mend = "Write labels as the class list has them, or complete the class list in the YAML file."


class ProbabilitiesError(InputError):
    """Probabilities are not finite, not in [0, 1], or do not sum to 1: logits, or a broken row."""

    code = "probabilities"
    mend = "Give probabilities: logits through a softmax, rows as the model gave them, not rounded or cut."


class VerdictsError(InputError):
    """Rows of a file of verdicts, or verdicts, do not fit the questions or themselves."""

    code = "verdicts"
    mend = "Mend the rows that the message names and import the file again: nothing of it was stored."


class PatchError(InputError):
    """A patch is no usable patch, or does not fit the file that it is to be applied to."""

    code = "patch"
    mend = "Apply it to the file it was made for. Nothing was written."


class ConfigError(AuditError):
    """A dataset's YAML file has unknown keys, wrong types, or parts that do not fit together."""

    code = "config"
    exit_status = 2
    mend = "Mend the keys that the message names; the reference of the YAML file has every key."


class YamlError(ConfigError):
    """A file is not valid YAML (or JSON), or not safe to read as such."""

    code = "yaml"
    mend = "Mend the line that the message names; an editor with the JSON Schema shows it while you type."


class ClassesError(ConfigError):
    """The class list is missing, not confirmed, too short, or repeats an id."""

    code = "classes"
    mend = "Give each class once, in the order of the columns of the probabilities."


class PathError(ConfigError):
    """A path leads out of the allowed folders, in a circle, or cannot be a path."""

    code = "path"
    mend = "Move the file, or name its folder under 'roots' in labelaudit.yaml."


class WorkspaceError(ConfigError):
    """A folder is no workspace, or its labelaudit.yaml is not sound."""

    code = "workspace"
    mend = "Make a workspace with 'labelaudit init', name it with --workspace, or mend labelaudit.yaml."


class VersionError(ConfigError):
    """The workspace was written by a newer labelaudit."""

    code = "version"
    mend = "Upgrade labelaudit."


class UsageError(AuditError):
    """The call is wrong: an unknown dataset, item or option, or a stage that has not been run yet."""

    code = "usage"
    exit_status = 2
    mend = "Call it with --help to see what it takes."


class LockedError(UsageError):
    """Another process works on the same thing."""

    code = "locked"
    mend = "Wait for the process that the message names, or let 'run --wait SECONDS' do so."


class StoreError(AuditError):
    """The review store cannot be opened or refuses what was asked of it."""

    code = "store"
    exit_status = 2
    mend = "'labelaudit store check' and 'labelaudit doctor' say what is wrong with it."


class StoreVersionError(StoreError):
    """The review store's tables are those of a newer labelaudit, or of an older one on a server."""

    code = "store-version"
    mend = "Upgrade labelaudit, or run 'labelaudit store migrate' when everybody who uses the store has upgraded."


class DiskError(AuditError):
    """The disk does not take what is to be written, or gives back what is to be read: full, read-only, no right."""

    code = "disk"
    exit_status = 2
    mend = "Make room, or let this user write there. What was in force before still is."


class DamagedError(AuditError):
    """A file that labelaudit wrote itself was changed or lost."""

    code = "damaged"
    mend = "Restore a backup; tables are made anew by 'labelaudit run NAME --force'."


class GateError(AuditError):
    """A gate that the caller asked for did not hold."""

    code = "gate"
    exit_status = 3
    mend = "Look at the comparison: the gate says what it wanted and what came."


def kinds() -> list[type[AuditError]]:
    """All kinds of errors that are loaded, a base before those it is the base of."""
    found: list[type[AuditError]] = [AuditError]
    for kind in found:  # grows while it is walked
        found += kind.__subclasses__()
    return list(dict.fromkeys(found))


def first_few(offenders: Iterable[object], shown: int = SHOWN) -> str:
    """Name the first offenders and count the rest.

    Parameters
    ----------
    offenders : iterable
        Whatever is to be named, in the order in which it is to be named.
    shown : int
        How many to name.

    Returns
    -------
    str
        For example ``"a, b, c and 4 more"``; empty when there are none. Each is shown by `plain`.

    Examples
    --------
    >>> first_few(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    listed = list(offenders)
    text = ", ".join(plain(o) for o in listed[:shown])
    rest = len(listed) - shown
    return f"{text} and {rest} more" if rest > 0 else text


def plain(value: object) -> str:
    r"""A value on one line of a message: line breaks and control characters escaped, long text cut.

    Examples
    --------
    >>> plain("two\nlines")
    "'two\\nlines'"
    """
    text = str(value)
    if not text.isprintable():
        text = repr(text[: 2 * _SHOWN_CHARACTERS])
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."


def collect(where: str, problems: Sequence[str]) -> str:
    """Render all problems of one table or file as one message, a line each when there are several.

    Examples
    --------
    >>> print(collect("zoo.yaml", ["no items", "no classes"]))
    zoo.yaml: 2 problems
      - no items
      - no classes
    """
    if len(problems) == 1:
        return f"{where}: {problems[0]}"
    rest = len(problems) - LISTED
    more = [f"  - and {rest} more"] if rest > 0 else []
    lines = [f"  - {p}" for p in problems[:LISTED]]
    return "\n".join([f"{where}: {len(problems)} problems", *lines, *more])
