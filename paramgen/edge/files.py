"""Reading with a reason, and writing without halves: to a temporary name, synced, renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paramgen.errors import ParamgenError


def read(path: Path) -> bytes:
    """A file's bytes.

    Raises
    ------
    ParamgenError : it cannot be read, and why.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ParamgenError(f"{path}: {error.strerror}") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file completely or not at all, so that it survives a crash as old or new."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Lend a temporary name beside a file; what was written there becomes the file at the end.

    Raises
    ------
    ParamgenError : it cannot be written, and why.
    """
    try:
        with _beside(path) as temporary:
            yield temporary
    except OSError as error:
        raise ParamgenError(f"{path} cannot be written: {error.strerror or error}.") from None


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    # A rename would put a file in the place of a device such as /dev/null.
    if path.exists() and not path.is_file():
        raise ParamgenError(f"{path} cannot be written: it is there already, and is no file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Make a file's bytes, or a folder's renames, durable where the system lets them be."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
