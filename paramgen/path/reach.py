"""One field's way from the value on chain to the artefact's, by steps that its guardrail allows.

A field never turns back: every value on the way lies between the two that governance has approved,
the one on chain and the artefact's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paramgen.mirror.guardrails import Guardrail


def first_where(choices: Sequence[int], holds: Callable[[int], bool]) -> int:
    """The index of the first choice for which a test holds that then holds for all after it.

    Their number where it holds for none.
    """
    return bisect_left(choices, 1, key=lambda choice: int(holds(choice)))


Line = list[int]
"""Values of one field, from the one on chain through those after each step."""


@dataclass(frozen=True)
class Track:
    """A field that moves.

    Attributes
    ----------
    name : the field's.
    rail : its guardrail on chain.
    start, end : encoded integers, never equal.
    """

    name: str
    rail: Guardrail
    start: int
    end: int

    @property
    def rises(self) -> bool:
        """Whether the value grows."""
        return self.end > self.start

    @property
    def length(self) -> int:
        """Units of the way."""
        return abs(self.end - self.start)

    @property
    def entry(self) -> int:
        """Units from the start at which the envelope begins; 0 for a start inside it."""
        outside = self.rail.minimum - self.start if self.rises else self.start - self.rail.maximum
        return max(0, outside)

    def at(self, units: int) -> int:
        """The value so many units from the start."""
        return self.start + units if self.rises else self.start - units

    def units(self, value: int) -> int:
        """How far from the start a value on the way lies."""
        return abs(value - self.start)

    def onward(self, value: int) -> int:
        """The furthest value that one step reaches, not beyond the end."""
        least, greatest = self.rail.reach(value)
        return min(greatest, self.end) if self.rises else max(least, self.end)

    def fewest(self) -> int | None:
        """Steps that the way takes by itself; None where it cannot be gone at all."""
        value, count = self.start, 0
        while value != self.end:
            following = self.onward(value)
            if following == value or self.units(following) < self.entry:
                return None
            value, count = following, count + 1
        return count

    def earliest(self, count: int) -> Line:
        """The way in `count` steps, each as large as it may be."""
        line = [self.start]
        for _ in range(count):
            line.append(self.onward(line[-1]))
        return line

    def latest(self, count: int) -> Line:
        """The way in `count` steps, no fewer than it takes, staying behind as long as it can.

        A start outside the envelope is left with the first step.
        """
        behind = [self.length]
        for _ in range(count - 1):
            behind.append(max(self.entry, self._before(behind[-1])))
        return [self.start, *map(self.at, reversed(behind))]

    def between(self, low: int, high: int) -> tuple[int, int]:
        """What one step reaches from the values low … high, within the envelope and the way."""
        edges = sorted((self.at(self.entry), self.end))
        return max(edges[0], self.rail.reach(low)[0]), min(edges[1], self.rail.reach(high)[1])

    def _before(self, units: int) -> int:
        """The fewest units from which one step reaches `units`: reach grows with the value."""
        return first_where(range(units), lambda n: self.units(self.onward(self.at(n))) >= units)
