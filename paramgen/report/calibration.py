"""A calibration on a page: what was found, and the pictures by which it can be judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from paramgen.book.calibration import (
    Breaker,
    Calibration,
    Decay,
    Price,
    Settings,
    Staleness,
    Tail,
    Tolerance,
)
from paramgen.calibrate.agreement import Readings
from paramgen.params.breaker import Anchors
from paramgen.params.history import (
    History,
    horizon_returns,
    update_gaps,
)
from paramgen.params.losses import Array
from paramgen.report.charts import BLUE, GREEN, GREY, ORANGE, PURPLE, draw, in_days, time_axis
from paramgen.report.page import Page, Picture, Section, Table, Warnings

_BP = 1e4
_HOUR = 3_600.0
_MOST_POINTS = 4_000


@dataclass(frozen=True)
class Shown:
    """One calibration with what its pictures are drawn from.

    Attributes
    ----------
    readings : both sources side by side; None without a second.
    rows : of the table of values, as the terminal shows them.
    warnings : as the terminal shows them.
    """

    calibration: Calibration
    history: History
    readings: Readings | None
    rows: Sequence[tuple[str, ...]]
    warnings: Sequence[str]


def calibration_page(shown: Sequence[Shown], columns: tuple[str, ...]) -> Page:
    """Return the page of one or more calibrations."""
    first = shown[0].calibration
    how = first.resampling
    return Page(
        title="Calibration of " + ", ".join(one.calibration.name for one in shown),
        summary=(
            f"Values with their {how.interval:.0%} intervals by the stationary block bootstrap, "
            f"{how.resamples} resamples. A value is worth what its tail is: see the pictures."
        ),
        facts=tuple(fact for one in shown for fact in _facts(one.calibration)),
        sections=tuple(section for one in shown for section in _sections(one, columns)),
    )


def _facts(found: Calibration) -> Iterator[tuple[str, str]]:
    for file in found.inputs:
        yield f"{found.name}: {file.role}", f"{file.file}, {file.used} rows, sha256 {file.sha256}"
    asked = found.settings.model_dump(mode="json", exclude_none=True)
    yield f"{found.name}: asked", ", ".join(f"{key} {value}" for key, value in asked.items())
    how = found.resampling
    yield f"{found.name}: seed", f"{how.seed}, mean block {how.block} updates, model {found.model}"


def _sections(one: Shown, columns: tuple[str, ...]) -> Iterator[Section]:
    found, history = one.calibration, one.history
    values = Table(f"What {found.name} gives", columns, tuple(one.rows))
    told = (Warnings(tuple(one.warnings)),) if one.warnings else ()
    yield Section(found.name, (), (values, *told))
    if found.staleness is not None:
        yield Section(f"{found.name}: gaps", (), (_gaps(history, found.staleness),))
    if found.price is not None:
        yield Section(f"{found.name}: decay", (), (_decay(found.price, found.settings.confidence),))
    for name, tail, losses in _tails(found, history):
        pictures = (_thresholds(name, tail, losses), *_quantiles(name, tail, losses))
        yield Section(f"{found.name}: tail of {name}", (), pictures)
    if found.tolerance is not None and one.readings is not None:
        yield Section(f"{found.name}: two sources", (), (_distance(one.readings, found.tolerance),))


def _tails(found: Calibration, history: History) -> Iterator[tuple[str, Tail, Array]]:
    """Every tail with the losses that it was fitted to."""
    asked, price = found.settings, found.price
    if price is not None:
        losses = -horizon_returns(history, price.horizon, price.cadence)
        yield f"the fall over T = {price.horizon:,.0f} s", price.tail, losses
    if found.breaker is not None:
        yield from _breaker_tails(found.breaker, asked, history)
    for name in ("haircut", "outflow"):
        section = getattr(found, name)
        if section is not None:
            falls = -horizon_returns(history, asked.holding, asked.poke_interval)
            yield f"the {name} over {asked.holding:,.0f} s", section.tail, falls


def _breaker_tails(
    breaker: Breaker, asked: Settings, history: History
) -> Iterator[tuple[str, Tail, Array]]:
    fast, slow = breaker.fast, breaker.slow
    anchors = Anchors(fast.window, asked.poke_interval, breaker.windows, asked.accrual)
    if slow is None:
        up, down = anchors.sides(history)
        yield "rises above the accrued anchors", fast.tails["up"], up
        yield "falls below the accrued anchors", fast.tails["down"], down
        return
    yield "moves against the anchors, over √age", fast.tails["both"], anchors.fast(history)
    within = f"moves against the anchors, and over {slow.window:,.0f} s"
    yield within, slow.tails["both"], anchors.slow(history)


# Pictures -----------------------------------------------------------------------------------------


def _gaps(history: History, found: Staleness) -> Picture:
    gaps = update_gaps(history)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.hist(gaps, bins=80, color=BLUE, log=True)
        limit = found.limit.value
        axes.axvline(limit, color=ORANGE, label=f"T = {limit:,.0f} s, by {found.binding}")
        axes.set(xlabel="gap between updates, s", ylabel="updates", title="Gaps")
        axes.legend(loc="upper center")

    return Picture(f"{gaps.size} gaps; the longest is {found.longest_gap:,.0f} s.", draw(paint))


def _decay(price: Price, confidence: float) -> Picture:
    rows = price.tangent.coverage

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        ages = np.array([row.age for row in rows]) / _HOUR
        axes.plot(ages, [row.observed for row in rows], "o", color=GREY, ms=5,
                  label=f"{1.0 - confidence:.0%} quantile of the price kept, as seen")  # fmt: skip
        for name, decay in (("tangent", price.tangent), ("chord", price.chord)):
            colour = GREEN if name == "tangent" else BLUE
            axes.plot(ages, [row.decay for row in decay.coverage], color=colour, label=name)
            _interval(axes, ages, price.horizon, decay)
        axes.set(xlabel="age of the price, h", ylabel="share of the price kept", title="Decay")
        # What is decided is decided near T: the decay steps there, and the tangent touches.
        axes.set_xscale("log")
        axes.set_xticks(ages, [f"{age:.3g}" for age in ages])
        axes.minorticks_off()
        axes.legend(loc="lower left")

    worst = min(rows, key=lambda row: row.covered)
    caption = (
        f"A decay covers where it lies below the points. The tangent's worst age is "
        f"{worst.age:,.0f} s, covered {worst.covered:.2%}. Bands: interval of step and rate."
    )
    return Picture(caption, draw(paint))


def _interval(axes: Axes, ages: Array, limit: float, decay: Decay) -> None:
    step, rate = decay.step, decay.rate
    if step.low is None or step.high is None or rate.low is None or rate.high is None:
        return
    late = ages * _HOUR - limit
    upper, lower = np.exp(-step.low - rate.low * late), np.exp(-step.high - rate.high * late)
    axes.fill_between(ages, lower, upper, color=GREY, alpha=0.2, linewidth=0)


def _thresholds(name: str, tail: Tail, losses: Array) -> Picture:
    fitted = [row for row in sorted(tail.thresholds, key=lambda row: row.level) if row.shape]

    def paint(figure: Figure) -> None:
        excess, shape, quantile = figure.subplots(1, 3)
        _mean_excess(excess, tail, losses)
        for axes in (shape, quantile):
            axes.set_xlabel("threshold, level of the losses")
            if tail.level is not None:
                axes.axvline(tail.level, color=ORANGE, linewidth=1)
        for row in fitted:
            filled = BLUE if row.refusal is None else "white"
            above = (row.shape_upper or 0.0) - (row.shape or 0.0)
            shape.errorbar(row.level, row.shape, yerr=[[above], [above]], fmt="o", color=BLUE,
                           mfc=filled, ms=5, elinewidth=0.8)  # fmt: skip
            if row.quantile is not None:
                quantile.plot(row.level, _BP * row.quantile, "o", color=BLUE, mfc=filled, ms=5)
        low, high = tail.quantile.low, tail.quantile.high
        if low is not None and high is not None:
            quantile.axhspan(_BP * low, _BP * high, color=GREEN, alpha=0.12, linewidth=0)
        quantile.axhline(_BP * tail.quantile.value, color=GREEN, linewidth=1)
        shape.set(title="Shape ξ", ylabel="ξ, 90 % interval")
        quantile.set(title="Quantile", ylabel="bp")

    caption = (
        f"{name[0].upper()}{name[1:]}, by {tail.method}: mean excess, shape and quantile by "
        "threshold. Orange: the threshold chosen; hollow: refused; green: the value, its interval."
    )
    return Picture(caption, draw(paint, height=3.2))


def _mean_excess(axes: Axes, tail: Tail, losses: Array) -> None:
    """Mean excess over a threshold; a straight line is what a generalised Pareto has."""
    thresholds = np.quantile(losses, np.linspace(0.80, 0.995, 60))
    means = [float(np.mean(losses[losses > u] - u)) for u in thresholds if np.any(losses > u)]
    axes.plot(_BP * thresholds[: len(means)], _BP * np.array(means), ".", color=GREY, ms=4)
    if tail.threshold is not None and tail.shape is not None and tail.shape.value < 1.0:
        above = thresholds[thresholds >= tail.threshold]
        slope = tail.shape.value / (1.0 - tail.shape.value)
        at = (tail.scale or 0.0) / (1.0 - tail.shape.value)
        axes.plot(_BP * above, _BP * (at + slope * (above - tail.threshold)), color=BLUE)
        axes.axvline(_BP * tail.threshold, color=ORANGE, linewidth=1)
    axes.set(title="Mean excess", xlabel="threshold, bp", ylabel="bp")


def _quantiles(name: str, tail: Tail, losses: Array) -> Iterator[Picture]:
    if tail.threshold is None or tail.shape is None or tail.scale is None:
        return
    excess = np.sort(losses[losses > tail.threshold] - tail.threshold)
    ranks = (np.arange(excess.size) + 0.5) / excess.size
    model = stats.genpareto.ppf(ranks, tail.shape.value, scale=tail.scale)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        low, high = _envelope(tail, excess.size, ranks)
        axes.fill_between(_BP * model, _BP * low, _BP * high, color=GREY, alpha=0.2, linewidth=0,
                          label="95 % of samples of the model")  # fmt: skip
        axes.plot(_BP * model, _BP * excess, "o", color=BLUE, ms=3)
        axes.axline((0.0, 0.0), slope=1.0, color=GREY, linewidth=1)
        axes.set(xlabel="excess by the model, bp", ylabel="excess seen, bp", title="QQ of the tail")
        axes.set_ylim(0.0, 1.15 * _BP * max(float(excess[-1]), float(model[-1])))
        axes.legend(loc="upper left")

    p = "not tested" if tail.anderson_darling is None else f"p = {tail.anderson_darling:.2g}"
    caption = f"{excess.size} excesses in {tail.clusters} clusters; Anderson–Darling {p}."
    yield Picture(f"{name[0].upper()}{name[1:]}. {caption}", draw(paint, width=6.0, height=3.6))


def _envelope(tail: Tail, size: int, ranks: Array) -> tuple[Array, Array]:
    """Ends of each order statistic's 95 % interval: a beta quantile, carried by the model."""
    order = np.arange(1, ranks.size + 1)
    ppf = partial(stats.genpareto.ppf, c=tail.shape.value if tail.shape else 0.0, scale=tail.scale)
    low, high = (stats.beta.ppf(end, order, size + 1 - order) for end in (0.025, 0.975))
    return np.asarray(ppf(low)), np.asarray(ppf(high))


def _distance(found: Readings, tolerance: Tolerance) -> Picture:
    distance = found.distance
    # Every point of the worst episodes, and enough of the rest to see what is ordinary.
    keep = np.argsort(distance)[-_MOST_POINTS // 2 :]
    step = max(1, distance.size // (_MOST_POINTS // 2))
    shown = np.union1d(keep, np.arange(0, distance.size, step))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(in_days(found.times[shown]), _BP * distance[shown], ".", color=BLUE, ms=3)
        axes.axhline(_BP * tolerance.value.value, color=ORANGE,
                     label=f"tolerance, {_BP * tolerance.value.value:.3g} bp")  # fmt: skip
        axes.axhline(_BP * sum(tolerance.deviations), color=PURPLE, linestyle="--",
                     label=f"δ₁ + δ₂, {_BP * sum(tolerance.deviations):.3g} bp")  # fmt: skip
        axes.set(ylabel="|ln(p₁/p₂)|, bp", title="Distance between the two sources")
        axes.legend(loc="upper left")
        time_axis(axes)

    caption = (
        f"{tolerance.readings} readings, {tolerance.left_out} left out as stale; the farthest "
        f"{_BP * tolerance.largest:.3g} bp."
    )
    return Picture(caption, draw(paint))
