"""Compound V2's JumpRateModelV2: updateJumpRateModel(base, multiplier, jump, kink).

All four are in 1e18; the model divides by its own constant of blocks a year, rounding down:

    base per block       = base / blocks
    multiplier per block = multiplier · 1e18 / (blocks · kink), so `multiplier` is the rise *at* the
                           kink, though its name says a slope
    jump per block       = jump / blocks, a slope per unit of utilisation

and charges per block of the chain, however long that takes. A model that counts 2 102 400 blocks
on a chain of 12 s blocks charges 1.25 times what was voted; here the book gives both the constant
and the block time, and the years cancel. Source: compound-protocol, BaseJumpRateModelV2.sol; the
limit on the rate is CTokenInterfaces.sol's `borrowRateMaxMantissa`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from paramgen.book.venues import CompoundV2
from paramgen.mirror.rate import WAD
from paramgen.targets.present import (
    Ask,
    Objection,
    Present,
    Scene,
    calls_left_out,
    integer_at,
)
from paramgen.targets.setters import Setter, Setting, Unit
from paramgen.targets.venue import (
    Expressed,
    Parameters,
    Polyline,
    Reading,
    Refusal,
    Resolution,
    Venue,
    alone,
    ceil_divide,
    codec,
    picked,
    signatures_of,
)

MAX_RATE_PER_BLOCK = 5 * 10**12
"""A cToken refuses to accrue above it."""
MILLISECONDS = 1_000
NAMES = ("baseRatePerYear", "multiplierPerYear", "jumpMultiplierPerYear", "kink")
GETTERS = ("baseRatePerBlock()", "multiplierPerBlock()", "jumpMultiplierPerBlock()", "kink()")
SETTERS = (Setter("updateJumpRateModel(uint256,uint256,uint256,uint256)", (), NAMES),)
UNITS = {name: Unit("1e-18", Fraction(WAD), "% in the model's blocks") for name in NAMES[:3]} | {
    "kink": Unit("1e-18", Fraction(WAD), "%")
}


def express(parameters: Parameters, market: CompoundV2) -> Expressed:
    """The curve per block, no part of it below the compiled one."""
    curve, time, blocks = parameters.curve, market.block_time, market.blocks_per_year
    base = ceil_divide(curve.base_rate * time, MILLISECONDS)
    multiplier = ceil_divide(curve.slope_1 * time * WAD, MILLISECONDS * curve.kink)
    jump = ceil_divide(curve.slope_2 * time * WAD, MILLISECONDS * (WAD - curve.kink))
    yearly = _yearly((base, multiplier, jump, curve.kink), blocks)
    of = (market.model,)
    settings = tuple(Setting(of, name, value) for name, value in zip(NAMES, yearly, strict=True))
    return Expressed(settings, tuple(_refusals(parameters, market, settings)))


def _yearly(stored: Sequence[int], blocks: int) -> tuple[int, ...]:
    """What has to be given for a model to store these, each divided down as it divides."""
    base, multiplier, jump, kink = stored
    return base * blocks, ceil_divide(multiplier * blocks * kink, WAD), jump * blocks, kink


def _refusals(
    parameters: Parameters, market: CompoundV2, settings: Sequence[Setting]
) -> Iterator[Refusal]:
    base, multiplier, jump, kink = per_block(settings, market)
    highest = base + multiplier * kink // WAD + jump * (WAD - kink) // WAD
    over = highest - MAX_RATE_PER_BLOCK
    if over > 0:
        less = ceil_divide((over + 3) * MILLISECONDS, market.block_time)
        field = max(("base_rate", "slope_1", "slope_2"), key=lambda name: parameters[name])
        yield Refusal(
            field,
            parameters[field],
            f"makes {highest} a block at full utilisation, above a cToken's {MAX_RATE_PER_BLOCK}.",
            max(0, parameters[field] - less),
        )


def per_block(settings: Sequence[Setting], market: CompoundV2) -> list[int]:
    """What the model stores: base, multiplier and jump per block, and the kink."""
    found = picked(settings, *NAMES)
    if found is None:
        return []
    base, multiplier, jump, kink = found
    blocks = market.blocks_per_year
    return [base // blocks, multiplier * WAD // (blocks * kink), jump // blocks, kink]


def readings(settings: Sequence[Setting], market: CompoundV2) -> tuple[Reading, ...]:
    """The model's getters."""
    stored = per_block(settings, market)
    return tuple(
        Reading(market.model, getter, value)
        for getter, value in zip(GETTERS, stored, strict=bool(stored))
    )


def curve(settings: Sequence[Setting], market: CompoundV2) -> Polyline | None:
    """The stored slopes per second of the chain's blocks."""
    stored = per_block(settings, market)
    if not stored:
        return None
    base, multiplier, jump, kink = stored
    unit = Fraction(MILLISECONDS, WAD * market.block_time)
    at = Fraction(kink, WAD)
    vertex = base + multiplier * at
    return Polyline.kinked(at, base * unit, vertex * unit, (vertex + jump * (1 - at)) * unit)


def resolution(market: CompoundV2) -> Resolution:
    """Less than one unit of 1e-18 a block for each of three numbers."""
    return Resolution(Fraction(3 * MILLISECONDS, WAD * market.block_time))


def present(settings: Sequence[Setting], market: CompoundV2, ask: Ask) -> Present:
    """What would have to be given for the model to store what it does."""
    del settings
    stored = [integer_at(ask, market.model, getter) for getter in GETTERS]
    yearly = _yearly(stored, market.blocks_per_year)
    return {((market.model,), name): value for name, value in zip(NAMES, yearly, strict=True)}


def objects(settings: Sequence[Setting], market: CompoundV2, scene: Scene) -> Iterator[Objection]:
    """Another constant of blocks a year than the book's: every rate would be charged otherwise."""
    del settings
    blocks = scene.ask(market.model, "blocksPerYear()", ["uint256"])
    if blocks is not None and blocks[0] != market.blocks_per_year:
        why = f"the model divides by {blocks[0]}: correct the book"
        yield Objection(f"blocks_per_year of {market.model}", str(market.blocks_per_year), why)


_ENCODE, _DECODE = codec(SETTERS)
COMPOUND_V2 = Venue(
    "compound-v2",
    None,
    UNITS,
    express,
    _ENCODE,
    _DECODE,
    readings,
    curve,
    resolution,
    signatures_of(SETTERS),
    alone(_DECODE),
    present,
    calls_left_out((NAMES,)),
    objects,
)
