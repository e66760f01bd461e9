"""YAML as plain text: mappings, lists and the scalars exactly as they are written.

PyYAML's events are read without any resolver, so that `4.80` stays `4.80`, `no` stays `no`, and
`.nan` or `true` reach the quantity that refuses them. What makes YAML dangerous or ambiguous is
refused here: anchors and aliases, tags, merge keys, duplicate keys, further documents, nulls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import CSafeLoader

from paramgen.book.loaded import Lines
from paramgen.errors import Place, Problem

Tree = dict[str, "Tree"] | list["Tree"] | str

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 200_000

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
"""Control characters, which a terminal obeys, and those that show text in another order."""

_NULL = {"", "~", "null", "Null", "NULL"}
_NO_CONTROL = "must not hold control characters."
_WRITE_OUT = "Write the value out; anchors, aliases and merge keys are refused."


@dataclass(frozen=True)
class Document:
    """One file's tree.

    Attributes
    ----------
    root : None when the file cannot be read as one mapping.
    lines : place of every path.
    refused : paths left out of the tree, each with a problem of its own.
    """

    root: dict[str, Tree] | None
    lines: Lines
    refused: frozenset[str]
    problems: tuple[Problem, ...]


def read_document(data: bytes, file: str) -> Document:
    """Read one YAML document.

    Parameters
    ----------
    data : the file's bytes, UTF-8.
    file : its name in problems.

    Returns
    -------
    Document, with whatever was refused among its problems; nothing is raised.
    """
    if len(data) > MAX_BYTES:
        size = f"{len(data)} bytes"
        bound = f"must have at most {MAX_BYTES} bytes."
        return _unreadable(Problem(Place(file), "file", size, bound))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        bad = f"byte 0x{data[error.start]:02x}"
        return _unreadable(Problem(Place(file, line), "encoding", bad, "must be UTF-8."))
    odd = _UNPRINTABLE.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        return _unreadable(Problem(Place(file, line), "text", _code(odd), _NO_CONTROL))
    return _Reader(file).read(text)


def _code(odd: re.Match[str]) -> str:
    return f"U+{ord(odd[0]):04X}"


def _unreadable(problem: Problem) -> Document:
    return Document(None, Lines(problem.place.file), frozenset(), (problem,))


class _Stop(Exception):  # noqa: N818 - ends the reading, never leaves this module
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass
class _Reader:
    """One pass over the events; recursion is bounded by `MAX_DEPTH`."""

    file: str
    places: dict[str, Place] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0
    events: Iterator[yaml.Event] = field(default_factory=lambda: iter(()))

    def read(self, text: str) -> Document:
        self.events = yaml.parse(text, Loader=CSafeLoader)
        root: Tree | None = None
        try:
            root = self._document()
        except _Stop as stop:
            self.problems.append(stop.problem)
        except yaml.MarkedYAMLError as error:
            self.problems.append(self._syntax(error, text))
        mapping = root if isinstance(root, dict) else None
        if root is not None and mapping is None:
            self._refuse(Place(self.file, 1), "file", "", "must be a mapping of keys to values.")
        lines = Lines(self.file, self.places)
        return Document(mapping, lines, frozenset(self.refused), tuple(self.problems))

    def _document(self) -> Tree | None:
        next(self.events)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise _Stop(Problem(Place(self.file), "file", "", "is empty."))
        root = self._node(next(self.events), "", 1)
        next(self.events)
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            place = self._place(after)
            raise _Stop(Problem(place, "file", "---", "must hold one document only."))
        return root

    def _node(self, event: yaml.Event, path: str, depth: int) -> Tree | None:
        """Read the node that begins with the event; None when it is refused."""
        self._count(event, depth)
        self._refuse_reference(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        return None

    def _scalar(self, event: yaml.ScalarEvent, path: str) -> str | None:
        value: str = event.value
        if not event.style and value in _NULL:
            self._refuse(
                self._place(event), path, value, "has no value.", "Give one or remove the key."
            )
            return None
        # An escape such as "\x1b" brings in what the text itself may not hold.
        odd = _UNPRINTABLE.search(value)
        if odd is not None:
            self._refuse(self._place(event), path, _code(odd), _NO_CONTROL)
            return None
        return value

    def _sequence(self, path: str, depth: int) -> list[Tree]:
        items: list[Tree] = []
        index = 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            below = _join(path, str(index))
            self.places[below] = self._place(event)
            item = self._node(event, below, depth + 1)
            if item is None:
                self.refused.add(below)
            # A refused item keeps its place, so that the paths of those after it stay true.
            items.append("" if item is None else item)
            index += 1
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, Tree]:
        entries: dict[str, Tree] = {}
        seen: dict[str, Place] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            place = self._place(event)
            key = self._key(event, path, depth)
            if key is None or key in seen:
                if key is not None:
                    first = f"It is first set on line {seen[key].line}."
                    self._refuse(place, _join(path, key), "", "is set twice.", first)
                self._skip(depth)
                continue
            seen[key] = place
            below = _join(path, key)
            self.places[below] = place
            value = self._node(next(self.events), below, depth + 1)
            if value is None:
                self.refused.add(below)
            else:
                entries[key] = value
        return entries

    def _key(self, event: yaml.Event, path: str, depth: int) -> str | None:
        self._count(event, depth)
        self._refuse_reference(event, path)
        place = self._place(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._finish(event, depth)
            if not isinstance(event, yaml.AliasEvent):
                self._refuse(place, path or "file", "", "has a key that is not a name.")
            return None
        key: str = event.value
        if not event.style and key == "<<":
            self._refuse(place, _join(path, key), key, "is a merge key.", _WRITE_OUT)
            return None
        if not key.strip() or "\n" in key or _UNPRINTABLE.search(key):
            self._refuse(place, path or "file", key, "has a key that is not a name.")
            return None
        return key

    def _skip(self, depth: int) -> None:
        """Read a value that belongs to a refused key, without its own problems."""
        self._finish(next(self.events), depth)

    def _finish(self, event: yaml.Event, depth: int) -> None:
        level = 0
        while True:
            self._count(event, depth + 1 + level)
            level += isinstance(event, yaml.CollectionStartEvent)
            level -= isinstance(event, yaml.CollectionEndEvent)
            if level == 0:
                return
            event = next(self.events)

    def _count(self, event: yaml.Event, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            bound = f"is nested deeper than {MAX_DEPTH} levels."
            raise _Stop(Problem(self._place(event), "file", "", bound))
        if self.nodes > MAX_NODES:
            bound = f"must hold at most {MAX_NODES} values."
            raise _Stop(Problem(self._place(event), "file", "", bound))

    def _refuse_reference(self, event: yaml.Event, path: str) -> None:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(place, path or "file", f"*{event.anchor}", "is an alias.", _WRITE_OUT)
        elif isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._refuse(place, path or "file", f"&{event.anchor}", "has an anchor.", _WRITE_OUT)
        tag = getattr(event, "tag", None)
        if tag is not None:
            hint = "Remove it; the field says what type it has."
            self._refuse(place, path or "file", str(tag), "has a tag.", hint)

    def _refuse(self, place: Place, path: str, value: str, bound: str, hint: str = "") -> None:
        self.problems.append(Problem(place, path, value, bound, hint))

    def _place(self, event: yaml.Event) -> Place:
        return Place(self.file, _line(event.start_mark))

    def _syntax(self, error: yaml.MarkedYAMLError, text: str) -> Problem:
        rows = text.splitlines()
        number = min(_line(error.problem_mark) or _line(error.context_mark), len(rows))
        row = rows[number - 1] if number else ""
        began = _line(error.context_mark)
        hint = f"It begins on line {began}." if 0 < began < number else ""
        if "\t" in row[: len(row) - len(row.lstrip())]:
            hint = "Indent with spaces, not tabs."
        bound = f"is not YAML: {error.problem or error.context}."
        return Problem(Place(self.file, number), "file", row.strip(), bound, hint)


def _line(mark: Any) -> int:
    return 0 if mark is None else int(mark.line) + 1


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
