"""Which folders files may be read from: those that a YAML file names, and those that the data name."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audits.errors import PathError, first_few


@dataclass(frozen=True)
class Roots:
    """The folders that files of a workspace may be read from.

    Attributes
    ----------
    workspace : Path
        Folder of the workspace.
    further : tuple of Path, or None
        Folders beside it, from `roots` in labelaudit.yaml; None where that is left out, so that a YAML file may
        name files anywhere. A person wrote it; files that the data name are limited all the same.
    """

    workspace: Path
    further: tuple[Path, ...] | None = None

    def configured(self, path: Path, named: str) -> Path:
        """The path of a file that a YAML file names, when it is allowed.

        Parameters
        ----------
        path : Path
        named : str
            As the YAML file names it, for the message.

        Raises
        ------
        PathError
            When it leads, through whatever links, in a circle or to none of the allowed folders.
        """
        try:
            path.stat()
        except ValueError as e:
            raise PathError(f"{named!r} is no usable path: {e}") from e
        except OSError as e:
            if e.errno == errno.ELOOP:
                raise PathError(f"{named!r}: the link {path} leads in a circle") from e
            # that it is missing is for its reader to say
        if self.further is not None:
            allowed = (self.workspace, *self.further)
            if not is_inside(path, real(allowed)):
                raise PathError(
                    f"{named!r} leads to {os.path.realpath(path)}, which is in none of the allowed folders "
                    f"({first_few(allowed)}); 'roots' in labelaudit.yaml names them"
                )
        return path

    def of_data(self, file: Path) -> tuple[Path, ...]:
        """Folders of the files that a data file may name: the workspace, its own folder, the further ones."""
        return (self.workspace, file.parent, *(self.further or ()))


def real(folders: Iterable[Path]) -> tuple[str, ...]:
    """Where folders are after all links."""
    return tuple(os.path.realpath(f) for f in folders)


def is_inside(path: Path, folders: Sequence[str]) -> bool:
    """Whether a path, after all links, is in one of some folders, as `real` gives them."""
    try:
        found = os.path.realpath(path)
    except (OSError, ValueError):
        return False
    return any(found == f or found.startswith(f.rstrip(os.sep) + os.sep) for f in folders)
