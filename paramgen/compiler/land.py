"""From real values to the integers that land, and the checks on the tuple as encoded (spec 3.0)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from paramgen.compiler.ledger import Quantity
from paramgen.encode import BY_NAME, FIELDS, Encoded, EncodingError, Field, Word, pack
from paramgen.mirror.decay import WAD, decay_factor
from paramgen.mirror.validity import Refusal, collateral_refusals, coupled_refusals, rate_refusals
from paramgen.params.losses import Array
from paramgen.units import Rounding, quantise

_AGES = 257


@dataclass(frozen=True)
class Flaw:
    """A parameter that cannot land: field, value, bound, hint."""

    field: str
    value: str
    bound: str
    hint: str


@dataclass(frozen=True)
class Landed:
    """One asset's parameters as integers, and the words they make."""

    parameters: Mapping[str, Encoded]
    words: Mapping[Word, int]


def land(quantities: Mapping[str, Quantity]) -> tuple[Landed | None, tuple[Flaw, ...]]:
    """Round every parameter in its field's direction and pack the words.

    Returns
    -------
    The landed parameters, or None with the flaws that forbid them; all flaws at once.
    """
    flaws: list[Flaw] = []
    encoded: dict[str, Encoded] = {}
    words = [word for word in Word if FIELDS[word][0].name in quantities]
    for field in (field for word in words for field in FIELDS[word]):
        try:
            encoded[field.name] = _encode(field, quantities[field.name].value)
        except EncodingError as error:
            flaws.append(_unexpressible(field, quantities[field.name], error))
    if flaws:
        return None, tuple(flaws)
    settled = _settle(encoded)
    packed = {
        word: pack(word, {field.name: settled[field.name].integer for field in FIELDS[word]})
        for word in words
    }
    found = tuple(_flaws(settled, packed, quantities))
    return (None if found else Landed(settled, packed)), found


def _encode(field: Field, value: float) -> Encoded:
    wanted = quantise(value)
    declared = field.rounding is Rounding.EXACT
    return Encoded(field, wanted, field.declare(wanted) if declared else field.encode(wanted))


def _unexpressible(field: Field, quantity: Quantity, error: EncodingError) -> Flaw:
    return Flaw(field.name, f"{quantity.value:.12g}", f"{error}.", f"It is {quantity.formula}.")


def _settle(encoded: Mapping[str, Encoded]) -> dict[str, Encoded]:
    """Lower LTV to what the encoded LT and decay leave: each was rounded by itself.

    The debt ceiling follows from the cap and the LTV that land.
    """
    integers = {name: item.integer for name, item in encoded.items()}
    limit = integers["primary_staleness"]
    step, rate, floor = (integers[f"decay_{part}"] for part in ("step", "rate", "floor"))
    factor = decay_factor(step, rate, floor, staleness=limit, age=limit)
    ltv = min(integers["ltv"], integers["liquidation_threshold"] * factor // WAD)
    ceiling = min(
        integers["debt_ceiling"],
        int(integers["supply_cap"] * BY_NAME["ltv"].decode(ltv)),
    )
    return {
        **encoded,
        "ltv": Encoded(BY_NAME["ltv"], encoded["ltv"].wanted, ltv),
        "debt_ceiling": Encoded(BY_NAME["debt_ceiling"], encoded["debt_ceiling"].wanted, ceiling),
    }


def _flaws(
    landed: Mapping[str, Encoded], words: Mapping[Word, int], quantities: Mapping[str, Quantity]
) -> Iterator[Flaw]:
    """Everything the chain would refuse of the tuple, and what only the compiler can see."""
    refusals = (
        *collateral_refusals(words[Word.COLLATERAL]),
        *coupled_refusals(words[Word.COLLATERAL], words[Word.ORACLE]),
        *rate_refusals(words[Word.RATE]),
    )
    yield from (_REFUSED[refusal.error](refusal) for refusal in refusals)
    for name, floor in (("band_up", "smallest_band"), ("band_down", "smallest_band")):
        least = quantise(quantities[floor].value)
        if landed[name].landed <= least:
            yield Flaw(
                name,
                _show(landed[name].landed),
                f"as encoded must exceed {_show(least)}, its leg's own step.",
                "Widen the band, or use a feed with a finer trigger.",
            )
    if landed["maximum_age"].integer <= landed["primary_staleness"].integer:
        yield Flaw(
            "maximum_age",
            f"{landed['maximum_age'].integer} s",
            f"must exceed the staleness limit, {landed['primary_staleness'].integer} s.",
            "Raise the maximum age, or find a feed with a shorter heartbeat.",
        )


def _show(value: Fraction) -> str:
    return f"{float(value):.6g}"


def _threshold_flaw(bound: str, hint: str) -> Callable[[Refusal], Flaw]:
    def flaw(refusal: Refusal) -> Flaw:
        values = ", ".join(str(argument) for argument in refusal.arguments)
        return Flaw(refusal.error, values, bound, hint)

    return flaw


_REFUSED: Mapping[str, Callable[[Refusal], Flaw]] = {
    "LiquidationInsolvent": _threshold_flaw(
        "LT·(1 + bonus) must not exceed 1 as encoded.", "Lower LT, or find a cheaper exit."
    ),
    "LtvAboveLiquidationThreshold": _threshold_flaw(
        "LTV must not exceed LT as encoded.", "Report this: the compiler settles LTV below LT."
    ),
    "DecayLiquidates": _threshold_flaw(
        "LTV must not exceed LT·D(T⁺) as encoded.", "Report this: the compiler settles LTV."
    ),
    "BandExceedsCushion": _threshold_flaw(
        "X_down must not exceed 1 − LT·(1 + bonus) as encoded.",
        "Fit the band on a shorter window, or find a steadier feed.",
    ),
    "SlopesNotConvex": _threshold_flaw(
        "the second slope must not be below the first.", "Raise the policy's maximum rate."
    ),
}


def decay_excess(landed: Landed, compiled: Callable[[Array], Array]) -> float:
    """Largest excess of the encoded decay over the compiled one; at most 0 when it is sound.

    Parameters
    ----------
    compiled : D(τ) of ages in seconds, beyond the staleness limit.
    """
    integers = {name: item.integer for name, item in landed.parameters.items()}
    limit, last = integers["primary_staleness"], integers["maximum_age"]
    step, rate, floor = (integers[f"decay_{part}"] for part in ("step", "rate", "floor"))
    ages = np.unique(np.linspace(limit + 1, last, _AGES).astype(np.int64))
    encoded = [decay_factor(step, rate, floor, staleness=limit, age=int(age)) / WAD for age in ages]
    return float(np.max(np.asarray(encoded) - compiled(ages.astype(np.float64))))
