"""The rules between parameters that every tuple which lands must keep, whoever sends it.

Mirrors `contracts/libraries/Validity.sol` to the last bit, in the contract's own integers.
"""

from __future__ import annotations

from dataclasses import dataclass

from paramgen.encode import Word, unpack
from paramgen.mirror.decay import WAD, decay_factor
from paramgen.units import BPS

BAND_UNITS = 10**5


@dataclass(frozen=True)
class Refusal:
    """An error of the contract: its name and its arguments after the asset."""

    error: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.error}({', '.join(map(str, self.arguments))})"


def collateral_refusals(collateral: int) -> tuple[Refusal, ...]:
    """LT·(1 + b) ≤ 1 and LTV ≤ LT, in basis points."""
    ltv, threshold, bonus = _thresholds(collateral)
    refusals = []
    if threshold * (BPS + bonus) > BPS * BPS:
        refusals.append(Refusal("LiquidationInsolvent", (threshold, bonus)))
    if ltv > threshold:
        refusals.append(Refusal("LtvAboveLiquidationThreshold", (ltv, threshold)))
    return tuple(refusals)


def coupled_refusals(collateral: int, configuration: int) -> tuple[Refusal, ...]:
    """LTV ≤ LT·D(T⁺) and X_down ≤ 1 − LT·(1 + b), by cross multiplication.

    D(T⁺), the limit from above, is the decay factor with no time past T.
    """
    if not collateral:
        return ()
    ltv, threshold, bonus = _thresholds(collateral)
    oracle = unpack(Word.ORACLE, configuration)
    staleness = oracle["primary_staleness"]
    decay = (oracle["decay_step"], oracle["decay_rate"], oracle["decay_floor"])
    factor = decay_factor(*decay, staleness=staleness, age=staleness)
    refusals = []
    if ltv * WAD > threshold * factor:
        refusals.append(Refusal("DecayLiquidates", (ltv, threshold, factor)))
    band_down = oracle["band_down"]
    cushion = BPS * BPS - threshold * (BPS + bonus)
    if band_down * BPS * BPS > cushion * BAND_UNITS:
        refusals.append(Refusal("BandExceedsCushion", (band_down, cushion)))
    return tuple(refusals)


def rate_refusals(rate: int) -> tuple[Refusal, ...]:
    """s₁ ≤ s₂; the kink and the highest rate are the rate model's own to judge."""
    fields = unpack(Word.RATE, rate)
    slopes = (fields["slope_1"], fields["slope_2"])
    return (Refusal("SlopesNotConvex", slopes),) if slopes[0] > slopes[1] else ()


def dates_back(current: int, following: int) -> bool:
    """Whether a reference word is of a time before that of the one which stands.

    As `FallbackOracle._setReference` refuses it: dated back a reference lapses, and caps nothing.
    """
    times = [unpack(Word.REFERENCE, word)["reference_as_of"] for word in (current, following)]
    return times[1] < times[0]


def _thresholds(collateral: int) -> tuple[int, int, int]:
    fields = unpack(Word.COLLATERAL, collateral)
    return fields["ltv"], fields["liquidation_threshold"], fields["liquidation_bonus"]
