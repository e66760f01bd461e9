"""What was promised of a price, decay and loss, against what came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from paramgen.backtest.coverage import encoded_decay
from paramgen.backtest.judge import Promise, tape
from paramgen.backtest.run import Backtest
from paramgen.backtest.statistics import share_interval
from paramgen.backtest.walk import CompiledFold, between
from paramgen.params.history import History, horizon_returns
from paramgen.report.charts import BLUE, GREY, ORANGE, PURPLE, Paint, draw, in_days, time_axis
from paramgen.report.page import Picture, Section, Table, rows

_HOUR = 3_600
_POINTS = 60

_PROMISES = (
    "The decayed price must lie at or below the price after every age at and beyond the staleness "
    "limit. Pairs are read at the policy's cadence and overlap; the interval is that of the pairs "
    "that do not."
)


def promise_section(found: Backtest, one: Promise) -> Section:
    """Coverage of the decay, and losses against the quantiles and haircuts promised."""
    confidence = float(found.request.loaded.policy.confidence)
    loss = one.loss
    light = (
        f"Over the protection horizon, {loss.exceptions} of {loss.observations} horizons end to "
        f"end lost more than the quantile promised with {confidence:.4g}: {loss.light.value}."
    )
    short = one.haircut
    allowed = (
        f"The published haircut fell short in {short.exceptions} of {short.observations}: "
        f"{short.light.value}. It holds default and overstatement too, which a history seldom has."
    )
    return Section(
        f"{one.asset}: what was promised of the price",
        (_PROMISES, light, allowed),
        (
            Table(
                "Coverage of the decay, age in staleness limits",
                ("age", "pairs", "compiled", "apart", "95 % interval", "Gaussian", "lowest ratio"),
                rows(_coverage_rows(one)),
            ),
            Picture(
                "Decay of every fold against the ratios that came: 1 and 50 % quantiles and the "
                "lowest, of all judged time.",
                draw(_paint_decay(found, one.asset, 1.0 - confidence)),
            ),
            Picture(
                "Loss over each protection horizon, the quantile of its fold, and the exceptions.",
                draw(_paint_losses(found, one.asset)),
            ),
        ),
    )


def _coverage_rows(one: Promise) -> list[tuple[object, ...]]:
    gaussian = {row.age: row.held / row.pairs for row in one.gaussian}
    found: list[tuple[object, ...]] = []
    for row in one.decay:
        exact = share_interval(row.apart_held, row.apart)
        found.append(
            (
                f"{row.age:g}", row.pairs, f"{row.held / row.pairs:.2%}",
                f"{row.apart_held} of {row.apart}", f"{exact.low:.2%}–{exact.high:.2%}",
                f"{gaussian[row.age]:.2%}" if row.age in gaussian else None, f"{row.lowest:.4f}",
            )
        )  # fmt: skip
    return found


def _paint_decay(found: Backtest, asset: str, tail: float) -> Paint:
    folds = [one for one in found.compiled if one.asset == asset and one.configuration is not None]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        last = folds[-1].configuration
        if last is None:
            return
        history = _judged(found, asset, folds)
        top = min(last.maximum_age, int((history.times[-1] - history.times[0]) / 4))
        ages = np.unique(np.linspace(last.primary_staleness, top, _POINTS).astype(np.int64))
        _paint_curves(axes, folds, ages)
        cadence = float(found.request.loaded.policy.oracle.poke_interval)
        ratios = [np.exp(horizon_returns(history, float(age), cadence)) for age in ages]
        for level, colour, name in ((tail, ORANGE, f"{tail:.0%} quantile"), (0.5, GREY, "median")):
            axes.plot(
                ages / _HOUR, [float(np.quantile(r, level)) for r in ratios], color=colour,
                label=f"realised, {name}",
            )  # fmt: skip
        axes.plot(
            ages / _HOUR, [float(r.min()) for r in ratios], color=ORANGE, ls=":",
            label="realised, lowest",
        )  # fmt: skip
        axes.set_xlabel("age of the price, hours")
        axes.set_ylabel("of the price")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)

    return paint


def _paint_curves(axes: Axes, folds: Sequence[CompiledFold], ages: NDArray[np.int64]) -> None:
    words = (("configuration", BLUE, "compiled"), ("gaussian", PURPLE, "Gaussian"))
    for which, colour, name in words:
        label: str | None = f"decay, {name} z"
        for fold in folds:
            word = getattr(fold, which)
            if word is None:
                continue
            curve = [encoded_decay(word, int(age)) for age in ages if age >= word.primary_staleness]
            axes.plot(
                ages[-len(curve):] / _HOUR, curve, color=colour, lw=0.9, alpha=0.7, label=label
            )  # fmt: skip
            label = None


def _judged(found: Backtest, asset: str, folds: Sequence[CompiledFold]) -> History:
    kept = between(tape(found, asset), folds[0].fold.start, folds[-1].fold.end)
    return History(kept.times, kept.prices, 0)


def _paint_losses(found: Backtest, asset: str) -> Paint:
    covered = [one for one in found.covered if one.asset == asset]
    quantiles = {one.fold: one.loss for one in found.compiled if one.asset == asset}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        names: tuple[str | None, ...] = ("loss over the horizon", "exception", "quantile")
        for one in covered:
            days, quantile = in_days(one.starts), quantiles[one.fold]
            axes.plot(days, one.losses, ".", color=GREY, ms=3, label=names[0])
            hit = one.exceptions
            axes.plot(days[hit], one.losses[hit], "o", color=ORANGE, ms=5, label=names[1])
            span = in_days(np.array([one.fold.start, one.fold.end]))
            axes.plot(span, [quantile, quantile], color=BLUE, label=names[2])
            names = (None, None, None)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylabel("log loss")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
        time_axis(axes)

    return paint
