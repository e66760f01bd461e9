"""Walk-forward: parameters compiled from the past alone, fold by fold (spec 3.7).

The past of a fold is cut off before anything is fitted, so that what follows cannot be looked at.
What is compiled is what would land: the compiler's own fits, derivation and encoding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from paramgen.backtest.replay import Rounds
from paramgen.book.loaded import Loaded, PriceHistory
from paramgen.book.policy import Policy
from paramgen.book.prices import Feed, Market, OracleSpec
from paramgen.book.quantity import Share
from paramgen.book.resolve import replace_input
from paramgen.book.schema import Asset
from paramgen.compiler.build import CompiledAsset, compile_asset, rederive
from paramgen.compiler.fits import Fits, PriceFit
from paramgen.compiler.land import Landed, land
from paramgen.encode import ORACLE_FIELDS
from paramgen.errors import InvalidInputError
from paramgen.mirror.oracle import Configuration
from paramgen.params.binding import ParameterError
from paramgen.params.breaker import fitted_tolerance
from paramgen.params.losses import YEAR, Array, loss_quantile
from paramgen.params.tails import gaussian_z, tolerance_tail
from paramgen.units import PRICE_UNITS, quantise

_DIGITS = 6
_FEWEST_READINGS = 2
LEGS = ("primary", "secondary")


@dataclass(frozen=True)
class Walk:
    """How a history is walked through.

    Parameters
    ----------
    training : seconds of history before the first fold.
    fold : seconds of each fold; parameters are compiled anew at its start.
    window : seconds of the past that is fitted; None for all of it.
    """

    training: int
    fold: int
    window: int | None = None


@dataclass(frozen=True)
class Fold:
    """One step: fitted on [fitted_from, start), judged on [start, end); Unix seconds."""

    index: int
    fitted_from: int
    start: int
    end: int

    @property
    def years(self) -> float:
        """Length of what is judged."""
        return (self.end - self.start) / YEAR


def folds(first: float, last: float, walk: Walk) -> tuple[Fold, ...]:
    """Every fold of a history from its first to its last answer; the last may be short."""
    begin, stop = math.floor(first), math.floor(last) + 1
    starts = range(begin + walk.training, stop, walk.fold)
    return tuple(
        Fold(
            index,
            begin if walk.window is None else max(begin, start - walk.window),
            start,
            min(start + walk.fold, stop),
        )
        for index, start in enumerate(starts)
    )


def leg_history(asset: Asset, leg: str) -> str | None:
    """Id of the history that a leg of the asset is replayed from, None where it has none.

    The primary may rest on the history that the breaker or the volatility is fitted to.
    """
    feed: Feed | None = getattr(asset.oracle, leg)
    if feed is not None and feed.history is not None:
        return feed.history
    if leg != LEGS[0]:
        return None
    return asset.oracle.history or asset.market.history


@dataclass(frozen=True)
class CompileTask:
    """One asset at the start of one fold; the histories hold nothing of the fold or after it."""

    asset: str
    fold: Fold
    loaded: Loaded


@dataclass(frozen=True)
class CompiledFold:
    """What would land at the start of a fold; without configuration where nothing would.

    Attributes
    ----------
    configuration : the oracle word's integers; `gaussian` the same with a Gaussian z.
    integers : every landed parameter, for what else is simulated.
    z, gaussian_z, volatility : of the fits, per √year.
    loss : q_α over the protection horizon, log loss; `horizon` in seconds.
    kept : K over the same horizon, one less the haircut. rate_max : a year, that K discounts at.
    labels : how each was fitted. refusal : why nothing lands.
    """

    asset: str
    fold: Fold
    configuration: Configuration | None = None
    gaussian: Configuration | None = None
    integers: Mapping[str, int] | None = None
    z: float = math.nan
    gaussian_z: float = math.nan
    volatility: float = math.nan
    loss: float = math.nan
    kept: float = math.nan
    rate_max: float = math.nan
    horizon: int = 0
    labels: Mapping[str, str] | None = None
    refusal: str = ""


def compile_task(loaded: Loaded, asset: str, fold: Fold) -> CompileTask:
    """Cut the asset's histories off at the fold's start, and leave the others' out."""
    spec = loaded.book.assets[asset]
    names = {spec.market.history, spec.oracle.history, *(leg_history(spec, leg) for leg in LEGS)}
    past = {
        name: between(history, fold.fitted_from, fold.start)
        for name, history in loaded.histories.items()
        if name in names
    }
    return CompileTask(asset, fold, replace(loaded, histories=past))


def compile_fold(task: CompileTask) -> CompiledFold:
    """Compile the asset as it would have been compiled at the start of the fold."""
    loaded = _with_fitted_tolerance(_without_calibrations(task.loaded, task.asset), task.asset)
    if short := _too_short(loaded):
        return CompiledFold(task.asset, task.fold, refusal=short)
    try:
        found = compile_asset(loaded, task.asset)
    except InvalidInputError as error:
        refusal = " ".join(f"{p.field}: {p.value} {p.bound}" for p in error.problems)
        return CompiledFold(task.asset, task.fold, refusal=refusal)
    value = found.derived.value
    horizon = value("protection_horizon")
    loss = float(loss_quantile(value("z"), value("volatility"), horizon / YEAR))
    return CompiledFold(
        task.asset,
        task.fold,
        configuration=_configuration(found.landed),
        gaussian=_gaussian(loaded, task.asset, found),
        integers={name: item.integer for name, item in found.landed.parameters.items()},
        z=value("z"),
        gaussian_z=gaussian_z(float(loaded.policy.confidence)),
        volatility=value("volatility"),
        loss=float(quantise(loss, _DIGITS)),
        kept=float(quantise(value("kept"), _DIGITS)),
        rate_max=float(loaded.policy.rates.maximum),
        horizon=math.ceil(horizon),
        labels=_labels(found.fits),
    )


def between(history: PriceHistory, start: float, end: float) -> PriceHistory:
    """The answers in [start, end)."""
    kept = (history.times >= start) & (history.times < end)
    return PriceHistory(history.times[kept], history.prices[kept], 0)


def rounds(history: PriceHistory) -> Rounds:
    """A history as a feed with 8 decimals would have answered it."""
    return Rounds(
        history.times.astype(np.int64), np.rint(history.prices * PRICE_UNITS).astype(np.int64)
    )


def answers_at(times: Array, prices: Array, moments: Array) -> Array:
    """The last price at or before each moment; NaN before the first."""
    last = np.searchsorted(times, moments, side="right") - 1
    return np.where(last >= 0, prices[np.maximum(last, 0)], np.nan)


def _too_short(loaded: Loaded) -> str:
    empty = [name for name, found in loaded.histories.items() if found.times.size <= 1]
    return f"history {', '.join(empty)}: fewer than two answers before the fold" if empty else ""


def _configuration(landed: Landed) -> Configuration:
    return Configuration(
        **{field.name: landed.parameters[field.name].integer for field in ORACLE_FIELDS}
    )


def _gaussian(loaded: Loaded, asset: str, found: CompiledAsset) -> Configuration | None:
    """The word that the same volatility gives with a Gaussian z; None where it would not land."""
    sigma, z = found.derived.value("volatility"), gaussian_z(float(loaded.policy.confidence))
    fits = replace(found.fits, price=PriceFit(z, sigma, "Gaussian z"))
    try:
        landed, _ = land(rederive(loaded, asset, fits).quantities)
    except ParameterError:
        return None
    return None if landed is None else _configuration(landed)


def _labels(fits: Fits) -> dict[str, str]:
    found = {"z": fits.price, "band": fits.band}
    return {name: fit.label for name, fit in found.items() if fit is not None}


# Calibrations ------------------------------------------------------------------------------------

Section = TypeVar("Section", Feed, Market, OracleSpec)


def _without_calibrations(loaded: Loaded, name: str) -> Loaded:
    """The book with the past to be fitted wherever it rests on a calibration.

    Calibrated evidence may have seen the fold. A tolerance is first what the evidence says, and
    stays that where the second feed has no history of its own.
    """
    asset = loaded.book.assets[name]
    oracle, first = asset.oracle, leg_history(asset, LEGS[0])
    allowed = _stated_tolerance(loaded, oracle)
    if first is None or (oracle.secondary is not None and allowed is None):
        return loaded
    legs: dict[str, object] = {"primary": _refitted(oracle.primary, first), "tolerance": allowed}
    if oracle.secondary is not None and oracle.secondary.history is not None:
        legs["secondary"] = _refitted(oracle.secondary, oracle.secondary.history)
    updates = {
        "market": _refitted(asset.market, first),
        "oracle": _refitted(oracle, first).model_copy(update=legs),
    }
    assets = {**loaded.book.assets, name: asset.model_copy(update=updates)}
    return replace(loaded, book=loaded.book.model_copy(update={"assets": assets}))


def _refitted(section: Section, history: str) -> Section:
    if section.calibration is None:
        return section
    return section.model_copy(update={"history": section.history or history, "calibration": None})


def _stated_tolerance(loaded: Loaded, oracle: OracleSpec) -> Share | None:
    if oracle.calibration is None or oracle.tolerance is not None:
        return oracle.tolerance
    found = loaded.calibrations[oracle.calibration].tolerance
    if found is None:
        return None
    return oracle.primary.deviation.at(quantise(found.value.value, _DIGITS))


# Tolerance ---------------------------------------------------------------------------------------


def _with_fitted_tolerance(loaded: Loaded, name: str) -> Loaded:
    """The book with the tolerance that both feeds' past asks for in place of the stated one."""
    asset, rules = loaded.book.assets[name], loaded.policy.oracle
    first, second = (leg_history(asset, leg) for leg in LEGS)
    oracle = asset.oracle
    if first is None or second is None or oracle.secondary is None or oracle.tolerance is None:
        return loaded
    readings = _paired(loaded.histories[first], loaded.histories[second], asset, loaded.policy)
    if readings[0].size < _FEWEST_READINGS:
        return loaded
    tail = tolerance_tail(*readings, YEAR / float(rules.poke_interval), float(rules.false_alarms))
    deviations = float(oracle.primary.deviation), float(oracle.secondary.deviation)
    fitted = fitted_tolerance(tail, *deviations).value
    path = f"assets.{name}.oracle.tolerance"
    return replace(loaded, book=replace_input(loaded.book, path, quantise(fitted, _DIGITS)))


def _paired(
    first: PriceHistory, second: PriceHistory, asset: Asset, policy: Policy
) -> tuple[Array, Array]:
    """Both feeds' answers at the keeper's cadence, where both are fresh: as a poke compares."""
    moments = np.arange(
        max(first.times[0], second.times[0]),
        min(first.times[-1], second.times[-1]) + 1.0,
        float(policy.oracle.poke_interval),
    )
    both = np.ones(moments.size, dtype=bool)
    for history, feed in ((first, asset.oracle.primary), (second, asset.oracle.secondary)):
        limit = float(feed.heartbeat) + float(policy.oracle.margin) if feed else 0.0
        both &= moments - answers_at(history.times, history.times, moments) <= limit
    fresh = moments[both]
    return (
        answers_at(first.times, first.prices, fresh),
        answers_at(second.times, second.prices, fresh),
    )
