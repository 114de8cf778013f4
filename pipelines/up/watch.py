"""Notice that a workspace's datasets/*.yaml were added, removed or edited."""

import time
from collections.abc import Mapping
from pathlib import Path

from audits.errors import first_few

Snapshot = Mapping[str, tuple[int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Time of the last change, in ns, and size in bytes of every YAML file of a folder, by name."""
    found = {}
    for path in folder.glob("*.yaml"):
        if path.name.startswith("."):
            continue
        try:
            stat = path.stat()
        except OSError:  # gone at this moment, or a link that leads nowhere
            continue
        found[path.name] = (stat.st_mtime_ns, stat.st_size)
    return found


class Watch:
    """The files as they were when the definitions were loaded, compared with what they are.

    Parameters
    ----------
    folder : Path
        The workspace's folder of YAML files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded = self._seen = snapshot(folder)
        self._again_at: float | None = None

    def changed(self) -> list[str]:
        """Names of files that differ from what was loaded, once they hold still between two calls.

        An editor writes a file in several steps, and a script writes several files: what is loaded in the
        middle would have to be loaded again.
        """
        before, self._seen = self._seen, snapshot(self._folder)
        if self._seen != before:
            return []
        if self._again_at is not None and time.monotonic() >= self._again_at:
            return sorted(self._seen)
        names = self._seen.keys() | self._loaded.keys()
        return sorted(n for n in names if self._seen.get(n) != self._loaded.get(n))

    def words(self, names: list[str]) -> str:
        """What became of files that `changed` named: ``ape.yaml added; zoo.yaml removed``."""
        added = [n for n in names if n not in self._loaded and n in self._seen]
        removed = [n for n in names if n not in self._seen]
        changed = [n for n in names if n in self._loaded and n in self._seen]
        kinds = {"changed": changed, "added": added, "removed": removed}
        return "; ".join(f"{first_few(files)} {kind}" for kind, files in kinds.items() if files)

    def loaded(self) -> None:
        """Take what was seen last for loaded."""
        self._loaded, self._again_at = self._seen, None

    def again(self, seconds: float) -> None:
        """Name all files as changed after a while, since loading them did not succeed."""
        self._again_at = time.monotonic() + seconds
