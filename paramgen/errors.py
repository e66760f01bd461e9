"""The vocabulary of refusal: what is wrong, where, and what to do about it.

Problems are collected and raised together, so that one run shows everything there is to mend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Place:
    """Where in a source file something stands. Line 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: place, field, offending value, bound, and a hint to act on."""

    place: Place
    field: str
    value: str = ""
    bound: str = ""
    hint: str = ""

    def __str__(self) -> str:
        shown = f' = "{_shorten(self.value)}"' if self.value else ""
        head = f"{self.place}  {self.field}{shown}"
        detail = " ".join(part for part in (self.bound, self.hint) if part)
        return f"{head}\n    {detail}" if detail else head


class ParamgenError(Exception):
    """Base of every error that is the user's to mend; anything else is a bug."""


class InvalidInputError(ParamgenError):
    """All problems found in the inputs, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(self._render())

    def __reduce__(self) -> tuple[type[InvalidInputError], tuple[tuple[Problem, ...]]]:
        """Pickle the problems and not their rendering: a worker's refusal is told as it is."""
        return type(self), (self.problems,)

    def _render(self) -> str:
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        body = "\n".join(str(problem) for problem in self.problems)
        return f"{body}\n{count} {noun}; nothing was written."


def _shorten(text: str, limit: int = 120) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
