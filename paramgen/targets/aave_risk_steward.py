"""Aave's RiskSteward: the engine's structs, called by the risk council within bounds.

updateCollateralSide, updateRates (the engine calls it updateRateStrategies), updateCaps and
updateEModeCategories; no category is created. A cap, LTV, LT, bonus or ceiling of zero is refused,
the liquidation protocol fee has to be kept. For each parameter the steward has a `minDelay` since
its last change and a `maxPercentChange`, in basis points of the old value for caps and ceilings, in
absolute basis points elsewhere; what is kept is not judged. `objects` asks the steward for them and
repeats its judgement; `steps` says how far each change gets, and when. A steward that refuses a
value equal to the current one (some versions do) wants it kept: a proposal that was made with a
node keeps it, or else the book's `keep`.

Source: aave-v3-risk-stewards, RiskSteward.sol and IRiskSteward.sol, with and without e-mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paramgen.book.venues import AaveRiskSteward
from paramgen.targets import aave
from paramgen.targets.calls import ProposalError
from paramgen.targets.present import (
    Ask,
    Key,
    Objection,
    Present,
    Scene,
    address_at,
    key_of,
    stands,
    told,
)
from paramgen.targets.setters import Setter, Setting
from paramgen.targets.venue import (
    Expressed,
    Parameters,
    Refusal,
    Venue,
    alone,
    codec,
    signatures_of,
)
from paramgen.units import BPS, YEAR_365
from paramgen.wording import moment

RATES = Setter(f"updateRates{aave.RATE_ROW}", ("asset",), aave.RATES, rows=True)
SETTERS = (aave.EMODES, aave.COLLATERALS, RATES, aave.CAP_UPDATES)
RELATIVE = frozenset({"supplyCap", "borrowCap", "debtCeiling"})


_CONFIGS = (
    (*aave.COLLATERAL[:4], *aave.EMODE[:3], *aave.RATES[1:], aave.RATES[0], *aave.CAPS, "", "", ""),
    (*aave.COLLATERAL[:3], *aave.CAPS, "debtCeiling", *aave.RATES[1:], aave.RATES[0], "", ""),
)
"""What getRiskConfig answers, of stewards with e-mode and of those before; price caps unnamed."""

_TIMELOCK = (
    *aave.CAPS, "ltv", "liqBonus", "liqThreshold", "debtCeiling",
    *aave.RATES[1:], aave.RATES[0], "",
)  # fmt: skip
_EMODE_TIMELOCK = ("eMode.ltv", "eMode.liqBonus", "eMode.liqThreshold")
_SHOWN = 3
MAX_STEPS = 1_000


@dataclass(frozen=True)
class Limit:
    """What the steward allows of one parameter: seconds between changes, size of a change."""

    min_delay: int
    max_percent_change: int


@dataclass(frozen=True)
class Current:
    """One parameter on chain, in the engine's units, and when the steward last changed it."""

    value: int
    last_updated: int


@dataclass(frozen=True)
class Step:
    """A value that the steward takes, and the Unix time from which it does."""

    value: int
    at: int


def reach(name: str, value: int, limit: Limit) -> int:
    """By how much a value may change at once."""
    relative = value * limit.max_percent_change // BPS
    return relative if name in RELATIVE else limit.max_percent_change


def steps(name: str, value: int, held: Current, limit: Limit, now: int) -> tuple[Step, ...] | None:
    """The fewest changes that lead to a value, each as soon as it is taken; None for no way.

    Each goes as far as it may: what can be reached from a value nearer to the target is never
    further from it.
    """
    found: list[Step] = []
    current, at = held.value, max(now, held.last_updated + limit.min_delay)
    while current != value:
        most = reach(name, current, limit)
        if not most or len(found) == MAX_STEPS:
            return None
        current += max(-most, min(most, value - current))
        found.append(Step(current, at))
        at += limit.min_delay
    return tuple(found)


def refusals(
    settings: Sequence[Setting],
    current: Mapping[Key, Current],
    limits: Mapping[str, Limit],
    now: int,
) -> Iterator[Objection]:
    """Every change that the steward would refuse at `now`, and when or within what it would not."""
    for each in settings:
        if isinstance(each.value, int) and each.name in limits:
            held, limit = current[key_of(each)], limits[each.name]
            why = list(_why(each.name, each.value, held, limit, now))
            if why:
                why.append(_way(steps(each.name, each.value, held, limit, now)))
                yield _objection(each, "; ".join(why))


def _why(name: str, value: int, held: Current, limit: Limit, now: int) -> Iterator[str]:
    ready = held.last_updated + limit.min_delay
    if now < ready:
        yield f"DebounceNotRespected before {moment(ready)} UTC"
    most = reach(name, held.value, limit)
    if abs(value - held.value) > most:
        low, high = max(held.value - most, 0), held.value + most
        yield f"UpdateNotInRange, {low} to {high} are, from {held.value}"


def _way(found: Sequence[Step] | None) -> str:
    """The steps in words, the first of them and the last."""
    if found is None:
        return "no number of the steward's steps leads there: go to governance"
    named = [f"{step.value} from {moment(step.at)} UTC" for step in found]
    if len(named) > _SHOWN:
        named = [*named[: _SHOWN - 1], "…", named[-1]]
    count = "one step" if len(found) == 1 else f"{len(found)} steps"
    return f"the steward's way, {count}: {', '.join(named)}"


def _objection(setting: Setting, why: str) -> Objection:
    return Objection(f"{setting.name} of {setting.of[-1]}", AAVE_RISK_STEWARD.said(setting), why)


def express(parameters: Parameters, market: AaveRiskSteward) -> Expressed:
    """The engine's values, of the steward; zeros are refused."""
    found = aave.express(parameters, market, (market.steward,))
    if "collateral" not in market.sets or parameters["ltv"] != 0 or "ltv" in market.keep:
        return found
    bound = "is zero, which the steward refuses: keep it, or go to governance."
    return Expressed(found.settings, (*found.refusals, Refusal("ltv", 0, bound, 1)))


def present(settings: Sequence[Setting], market: AaveRiskSteward, ask: Ask) -> Present:
    """What the pool holds, which the steward's engine configures."""
    engine = address_at(ask, market.steward, "CONFIG_ENGINE()")
    return aave.present(settings, aave.Pool.of_engine(engine, ask), ask)


def objects(
    settings: Sequence[Setting], market: AaveRiskSteward, scene: Scene
) -> Iterator[Objection]:
    """What the steward would refuse of what is sent: who sends it, of what, how much, how soon.

    Raises
    ------
    ProposalError : the steward does not answer, or is of a version that is not known here.
    """
    council = address_at(scene.ask, market.steward, "RISK_COUNCIL()")
    if council.lower() not in scene.senders:
        why = f"InvalidCaller, the steward's council is {council}"
        yield Objection("the sender", " or ".join(sorted(scene.senders)), why)
    sent = [each for each in settings if each.value is not None and not stands(each, scene.present)]
    yield from _restricted(sent, market.steward, scene.ask)
    limits = _limits(market.steward, scene.ask)
    for each in sent:
        if each.name not in limits:
            yield _objection(each, "this steward has no limit for it, and so no way to change it")
        elif not isinstance(scene.present[key_of(each)], int):
            held = scene.present[key_of(each)] or "none"
            yield _objection(each, f"the steward makes no step from what stands: {held}")
    judged = [
        each for each in sent
        if each.name in limits and isinstance(scene.present[key_of(each)], int)
    ]  # fmt: skip
    current = dict(_current(judged, market.steward, scene))
    yield from refusals(judged, current, limits, scene.time)


def _limits(steward: str, ask: Ask) -> dict[str, Limit]:
    for names in _CONFIGS:
        found = ask(steward, "getRiskConfig()", ["uint40", "uint256"] * len(names))
        if found is not None:
            pairs = zip(found[::2], found[1::2], strict=True)
            return {name: Limit(*pair) for name, pair in zip(names, pairs, strict=True) if name}
    raise ProposalError(f"{steward} answers getRiskConfig() in no form that is known here")


def _current(
    settings: Sequence[Setting], steward: str, scene: Scene
) -> Iterator[tuple[Key, Current]]:
    """What stands of each, and when the steward last changed it; 0 for never."""
    for each in settings:
        in_category = each.name in aave.EMODE
        names: Sequence[str] = _EMODE_TIMELOCK if in_category else _TIMELOCK
        getter = "getEModeTimelock(uint8)" if in_category else "getTimelock(address)"
        what = int(each.of[-1]) if in_category else each.of[-1]
        clocks = told(scene.ask, steward, getter, ["uint40"] * len(names), what)
        held = scene.present[key_of(each)]
        if isinstance(held, int):
            yield key_of(each), Current(held, clocks[names.index(each.name)])


def _restricted(settings: Sequence[Setting], steward: str, ask: Ask) -> Iterator[Objection]:
    """What the steward's owner has taken out of its hands; old stewards know no categories."""
    for of, in_category in dict.fromkeys((each.of, each.name in aave.EMODE) for each in settings):
        if in_category:
            answer = ask(steward, "isEModeCategoryRestricted(uint8)", ["bool"], int(of[-1]))
        else:
            answer = told(ask, steward, "isAddressRestricted(address)", ["bool"], of[-1])
        if answer == (True,):
            yield Objection(of[-1], "changed", "restricted: the steward may not change it")


_ENCODE, _DECODE = codec(SETTERS)
AAVE_RISK_STEWARD = Venue(
    "aave-risk-steward",
    YEAR_365,
    aave.UNITS,
    express,
    _ENCODE,
    _DECODE,
    aave.readings,
    aave.curve,
    aave.resolution,
    signatures_of(SETTERS),
    alone(_DECODE),
    present,
    aave.leave,
    objects,
)
