"""Files are written whole or not at all, and what cannot be written is said."""

from __future__ import annotations

import os

import pytest

from paramgen.edge.files import whole_file, write_whole
from paramgen.errors import ParamgenError


def test_a_file_holds_what_was_written_and_nothing_lies_beside_it(tmp_path):
    path = tmp_path / "new" / "file"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_half_way_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def half() -> None:
        with whole_file(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["file/inside", "folder", "x" * 300])
def test_what_cannot_be_written_is_named_with_the_reason(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(ParamgenError, match="cannot be written: "):
        write_whole(tmp_path / name, b"content")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ParamgenError, match="is no file"):
        write_whole(pipe, b"content")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
