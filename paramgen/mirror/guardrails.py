"""What one parameter may do: its envelope, step, cooldown and leaking budget, in a packed word.

Mirrors `contracts/libraries/Guardrails.sol` to the last bit, in the contract's own integers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from paramgen.encode import Field, Loosens
from paramgen.mirror.words import Layout
from paramgen.units import BPS

FULL_BUDGET = (1 << 16) - 1
"""A whole budget as a ledger share."""

RAMPED = frozenset(
    {
        "primary_staleness",
        "secondary_staleness",
        "decay_step",
        "decay_rate",
        "decay_floor",
        "base_rate",
        "slope_1",
        "slope_2",
        "kink",
        "liquidation_threshold",
    }
)
"""Fields whose tightening can itself liquidate, by price, threshold or charge: it is slowed too."""

GUARDRAIL = Layout.of(
    "guardrail",
    {
        "minimum": 64,
        "maximum": 64,
        "step_up": 32,
        "step_down": 32,
        "cooldown": 24,
        "window": 24,
        "budget_steps": 8,
        "relative": 1,
        "loosens_up": 1,
        "loosens_down": 1,
        "ramped": 1,
    },
)
_FLAGS = ("relative", "loosens_up", "loosens_down", "ramped")


@dataclass(frozen=True)
class Guardrail:
    """What one parameter may do, in its own encoded unit.

    Attributes
    ----------
    minimum, maximum : the absolute envelope, for the governor too.
    step_up, step_down : the steward's largest move; of the current value in bp if `relative`.
    cooldown : seconds between metered moves of a domain.
    window : seconds over which a spent budget leaks to nothing.
    budget_steps : steps that a full budget holds.
    loosens_up, loosens_down : directions that spend budget and respect locks and pauses.
    ramped : a tightening waits for the cooldown too (its speed alone could liquidate).
    """

    minimum: int
    maximum: int
    step_up: int
    step_down: int
    cooldown: int
    window: int
    budget_steps: int
    relative: bool
    loosens_up: bool
    loosens_down: bool
    ramped: bool

    def pack(self) -> int:
        """Join the word that `setGuardrails` takes.

        Raises
        ------
        ValueError
            When a value does not fit its bits, or the contract would refuse the word.
        """
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} lies above maximum {self.maximum}")
        metered = self.loosens_up or self.loosens_down
        if metered and not (self.window and self.budget_steps):
            raise ValueError("a direction that loosens needs a window and a budget")
        return GUARDRAIL.pack({name: int(value) for name, value in asdict(self).items()})

    @classmethod
    def unpack(cls, word: int) -> Guardrail:
        """Split a guardrail word as the chain holds it."""
        values: dict[str, Any] = dict(GUARDRAIL.unpack(word))
        flags = {name: bool(values.pop(name)) for name in _FLAGS}
        return cls(**values, **flags)

    @classmethod
    def of(
        cls,
        field: Field,
        *,
        envelope: tuple[int, int],
        steps: tuple[int, int],
        cooldown: int,
        window: int,
        budget_steps: int,
        relative: bool,
    ) -> Guardrail:
        """A field's guardrail, its directions taken from the field table.

        Parameters
        ----------
        envelope : minimum and maximum.
        steps : largest move up and down.
        """
        return cls(
            *envelope,
            *steps,
            cooldown=cooldown,
            window=window,
            budget_steps=budget_steps,
            relative=relative,
            loosens_up=field.loosens is not Loosens.DOWN,
            loosens_down=field.loosens is not Loosens.UP,
            ramped=field.name in RAMPED,
        )

    def loosens(self, current: int, target: int) -> bool:
        """Whether the move goes in a direction called loosening."""
        return self.loosens_up if target > current else self.loosens_down

    def scaled(self, current: int, target: int) -> tuple[int, int]:
        """Move and allowed step on one scale; the step holds iff move ≤ allowed."""
        step = self.step_up if target > current else self.step_down
        move = abs(target - current)
        return (move * BPS, step * current) if self.relative else (move, step)

    def reach(self, current: int) -> tuple[int, int]:
        """The least and the greatest value that the step allows: those with move ≤ allowed."""
        down, up = (
            step * current // BPS if self.relative else step
            for step in (self.step_down, self.step_up)
        )
        return current - down, current + up

    def cost(self, current: int, target: int) -> int:
        """Share of a full budget that a legal move spends, rounded up; beyond full if none."""
        move, allowed = self.scaled(current, target)
        budget = allowed * self.budget_steps
        return -(-move * FULL_BUDGET // budget) if budget else FULL_BUDGET + 1

    def leaked(self, spent: int, elapsed: int) -> int:
        """The share still spent after linear leaking, the leak rounded down."""
        if elapsed >= self.window:
            return 0
        return max(0, spent - FULL_BUDGET * elapsed // self.window)
