"""The price of an asset over time, and what every policy said of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paramgen.backtest.events import Guard, Span, joined
from paramgen.backtest.judge import tape
from paramgen.backtest.run import Backtest, Episode, ReplayedFold
from paramgen.backtest.summary import cadence_name
from paramgen.backtest.walk import between
from paramgen.book.loaded import PriceHistory
from paramgen.params.losses import Array
from paramgen.report.charts import (
    BLUE,
    GREY,
    ORANGE,
    YELLOW,
    Paint,
    draw,
    in_days,
    shade,
    time_axis,
)
from paramgen.report.page import Picture, Section

_BUCKETS = 1_200
_HOUR, _DAY = 3_600, 86_400
_BEFORE, _AFTER = 12 * _HOUR, 6 * _HOUR
"""Shown around an episode."""

_LANE = 0.3
_SEEN = 0.003
"""Least share of a picture's width that a pause is drawn with."""


def asset_section(found: Backtest, asset: str) -> Section:
    """An asset's price with every policy's verdicts, in all folds and around each episode."""
    cadence = found.request.cadences[0]
    whole = _picture(found, asset, cadence, None)
    zoomed = [_picture(found, asset, cadence, one) for one in found.request.episodes_of(asset)]
    text = (
        "The primary's price, and below it a lane for each policy, poked every "
        f"{cadence_name(cadence)}: orange without a price, yellow with an ageing one."
    )
    return Section(f"{asset}: price and verdicts", (text,), (whole, *zoomed))


def _picture(found: Backtest, asset: str, cadence: int, episode: Episode | None) -> Picture:
    played = [r for r in found.replayed if r.asset == asset and r.cadence == cadence]
    prices = tape(found, asset)
    if episode is None:
        begin = min((row.fold.start for row in played), default=int(prices.times[0]))
        shown = between(prices, begin, float(prices.times[-1]) + 1.0)
        name = "all folds"
    else:
        shown = between(prices, episode.start - _BEFORE, episode.end + _AFTER)
        name = f"around {episode.name}"
    levels = [episode.level] if episode is not None and episode.level is not None else []
    names = [policy.name for policy in found.request.policies]
    paint = _paint_price(shown, played, names, found.request.episodes_of(asset), levels)
    return Picture(f"{asset}, {name}.", draw(paint, height=3.0 + 0.25 * len(names)))


def _paint_price(
    shown: PriceHistory,
    played: Sequence[ReplayedFold],
    names: Sequence[str],
    episodes: Sequence[Episode],
    levels: Sequence[float],
) -> Paint:
    first, last = float(shown.times[0]), float(shown.times[-1])

    def paint(figure: Figure) -> None:
        heights = (3.0, _LANE * len(names))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        times, prices = thinned(shown.times, shown.prices)
        upper.plot(in_days(times), prices, color=BLUE, lw=1.0)
        for level in levels:
            upper.axhline(level, color=GREY, ls="--", lw=1.0)
        ours = [row for row in played if row.policy == names[0]]
        pauses = _within([span for row in ours for span in row.pauses], first, last)
        shade(upper, pauses, f"no price by {names[0]}")
        marked = [Span(one.start, one.end) for one in episodes]
        shade(upper, _within(marked, first, last), "labelled episode", GREY)
        if pauses or marked:
            upper.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
        upper.set_ylabel("price")
        _paint_lanes(lower, played, names, first, last)
        lower.set_xlim(*in_days(np.array([first, last])))
        time_axis(lower)

    return paint


def _paint_lanes(
    axes: Axes, played: Sequence[ReplayedFold], names: Sequence[str], first: float, last: float
) -> None:
    for at, name in enumerate(reversed(names)):
        mine = [row for row in played if row.policy == name]
        spans = {
            YELLOW: [span for row in mine for span in row.alarms[Guard.STALENESS]],
            ORANGE: [span for row in mine for span in row.pauses],
        }
        axes.hlines(at, *in_days(np.array([first, last])), color="#E6EAEE", lw=7)
        for colour, found in spans.items():
            for start, end in _within(found, first, last):
                axes.hlines(at, start, end, color=colour, lw=7)
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.grid(visible=False)


def _within(found: Sequence[Span], first: float, last: float) -> list[tuple[float, float]]:
    """Spans cut to what is shown, in the axis' own days; none too short to be seen."""
    least = (last - first) * _SEEN
    kept = [(max(s.start, first), s.end) for s in found if s.end > first and s.start < last]
    cut = [Span(int(a), int(min(max(b, a + least), last))) for a, b in sorted(kept)]
    return [(span.start / _DAY, span.end / _DAY) for span in joined(tuple(cut), 0)]


def thinned(times: Array, prices: Array, buckets: int = _BUCKETS) -> tuple[Array, Array]:
    """Lowest and highest of each bucket in order of time: no spike is lost to thinning."""
    if times.size <= 2 * buckets:
        return times, prices
    parts = np.array_split(np.arange(times.size), buckets)
    kept = np.unique(
        [part[at] for part in parts for at in (prices[part].argmin(), prices[part].argmax())]
    )
    return times[kept], prices[kept]
