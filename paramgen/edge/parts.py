"""Finished parts of a job, kept beside its output until it ends whole.

A part is named by what it is of and by the hash of its bytes, under a folder named by all that the
job was made from; it is written to a temporary name and renamed. So a run that is killed leaves
whole parts alone, and one that is started again takes those which are its own. A part that is cut
short, was changed, or cannot be read is as good as none.

The hash tells damage, not malice: who may write there may write the output. What is read is
therefore data, never a program.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

import paramgen
from paramgen.edge.files import write_whole

R = TypeVar("R")

_FOLDER_DIGITS = 16
_PART_DIGITS = 32

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError)
"""What reading data that are no part of ours may raise."""


def fingerprint(told: Mapping[str, Any]) -> str:
    """Return what tells a job's parts from any other's, of other code as well.

    Parameters
    ----------
    told : JSON values: the inputs' hashes, options, versions, tasks.
    """
    whole = {"code": _code(), **told}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    """Hash of this package's sources: a part made by other code is none of ours."""
    root = Path(paramgen.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@dataclass(frozen=True)
class Parts:
    """The parts of one job.

    Attributes
    ----------
    folder : for all parts beside one output. fingerprint : of the job. suffix : of the files.
    """

    folder: Path
    fingerprint: str
    suffix: str

    @property
    def home(self) -> Path:
        """Where this job's parts are."""
        return self.folder / self.fingerprint[:_FOLDER_DIGITS]

    @cached_property
    def _before(self) -> Mapping[str, Sequence[Path]]:
        """What a run before left, by name; a part that was changed may stand beside its likes."""
        found: dict[str, list[Path]] = {}
        for path in sorted(self.home.glob(f"*{self.suffix}")):
            found.setdefault(path.name.rpartition("-")[0], []).append(path)
        return found

    def read(self, name: str, decode: Callable[[bytes], R]) -> R | None:
        """Return a part, None where there is none that is whole and can be read."""
        for path in self._before.get(name, ()):
            try:
                content = path.read_bytes()
                if path == self._path(name, content):
                    return decode(content)
            except (OSError, *UNREADABLE):
                continue
        return None

    def write(self, name: str, content: bytes) -> Path:
        """Write a part completely or not at all."""
        path = self._path(name, content)
        write_whole(path, content)
        return path

    def _path(self, name: str, content: bytes) -> Path:
        told = f"{self.fingerprint} {name} ".encode()
        digest = hashlib.sha256(told + content).hexdigest()[:_PART_DIGITS]
        return self.home / f"{name}-{digest}{self.suffix}"


def discard(folder: Path | None) -> None:
    """Remove all parts beside an output, those of runs that never ended as well."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
