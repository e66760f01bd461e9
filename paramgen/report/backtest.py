"""The page of a backtest: what every policy said, and whether what was promised held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter
from numpy.typing import NDArray

from paramgen.backtest.borrowers import CALM, BookRun, pool_fee
from paramgen.backtest.coverage import encoded_decay
from paramgen.backtest.events import Guard, Span, joined
from paramgen.backtest.judge import (
    Alarms,
    Detection,
    Promise,
    Verdict,
    promises,
    tape,
    verdicts,
)
from paramgen.backtest.liquidity import compare, naive_depth
from paramgen.backtest.policies import OURS
from paramgen.backtest.run import Backtest, Episode, ReplayedFold
from paramgen.backtest.statistics import share_interval
from paramgen.backtest.summary import cadence_name, moment
from paramgen.backtest.walk import CompiledFold, between
from paramgen.book.loaded import PriceHistory
from paramgen.params.history import History, horizon_returns
from paramgen.params.losses import Array
from paramgen.report.charts import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    YELLOW,
    draw,
    in_days,
    shade,
    time_axis,
)
from paramgen.report.market import (
    bad_debt_table,
    depth_section,
    paint_bad_debt,
    rates_section,
)
from paramgen.report.page import Page, Picture, Section, Table, Warnings, rows

Paint = Callable[[Figure], None]

_BUCKETS = 1_200
_HOUR, _DAY = 3_600, 86_400
_BEFORE, _AFTER = 12 * _HOUR, 6 * _HOUR
"""Shown around an episode."""

_POINTS = 60
_LANE = 0.3
_ROWS = 24
_SEEN = 0.003
"""Least share of a picture's width that a pause is drawn with."""


def backtest_page(found: Backtest) -> Page:
    """The whole page of a backtest."""
    judged, promised = verdicts(found), promises(found)
    sections = [_alarms_section(found, judged)]
    for asset in found.request.assets:
        sections.append(_asset_section(found, asset))
        sections += [_promise_section(found, one) for one in promised if one.asset == asset]
        sections += _book_sections(found, asset)
        rates = [one for one in found.rates if one.asset == asset]
        sections += [rates_section(rates)] if rates else []
    return Page(
        title=f"Backtest: {found.request.loaded.book.name}",
        summary=(
            "Parameters compiled on the past alone, replayed over what followed through the "
            "contracts' own integer arithmetic."
        ),
        facts=_facts(found),
        sections=(*sections, _folds_section(found)),
    )


def _facts(found: Backtest) -> tuple[tuple[str, str], ...]:
    request = found.request
    rules = request.loaded.policy.oracle
    window = "all of the past" if request.walk.window is None else _days(request.walk.window)
    reset = "never" if request.reset_after is None else f"{request.reset_after} s after a trip"
    return (
        ("confidence", f"{float(request.loaded.policy.confidence):.4g}"),
        ("false alarms stated", f"{float(rules.false_alarms):g} a year"),
        ("history before the first fold", _days(request.walk.training)),
        ("fold", _days(request.walk.fold)),
        ("fitted", window),
        ("keeper pokes every", ", ".join(cadence_name(one) for one in request.cadences)),
        ("reset", reset),
        *(
            (item.role, f"{item.file} · sha256 {item.sha256[:16]}…")
            for item in request.loaded.inputs
        ),
    )


# Alarms ------------------------------------------------------------------------------------------


_ALARMS = (
    "An alarm is a pause of the breaker, or an age beyond the staleness limit; pauses within the "
    "reach of one anchor's band are one alarm. Alarms that begin outside every labelled episode "
    "count as false, whatever the market did. Intervals are exact Poisson intervals of 95 %."
)
_PROMISES = (
    "The decayed price must lie at or below the price after every age at and beyond the staleness "
    "limit. Pairs are read at the policy's cadence and overlap; the interval is that of the pairs "
    "that do not."
)


def _alarms_section(found: Backtest, judged: Sequence[Verdict]) -> Section:
    asked = found.request
    sides = [(asset, cadence) for asset in asked.assets for cadence in asked.cadences]
    rates = Picture(
        "Breaker alarms a year with their interval; the dashed line is the rate that the policy "
        "states. Bars that do not reach it refute it.",
        draw(_paint_rates(judged), height=0.6 + 0.3 * len(judged)),
    )
    return Section(
        "Policies side by side",
        (_ALARMS,),
        (*(_side_by_side(found, judged, *side) for side in sides), rates),
    )


def _side_by_side(found: Backtest, judged: Sequence[Verdict], asset: str, cadence: int) -> Table:
    """One column a policy: alarms, episodes, coverage and, at the first cadence, bad debt."""
    mine = [one for one in judged if (one.asset, one.cadence) == (asset, cadence)]
    lines: dict[str, list[object]] = {
        name: [show(one) for one in mine] for name, show in _alarm_lines(found)
    }
    for at, episode in enumerate(_episodes(found, asset)):
        for name, show in _EPISODE_LINES.items():
            lines[f"{episode.name}: {name}"] = [show(one.detections[at]) for one in mine]
    if cadence == found.request.cadences[0]:
        lines |= _debt_lines(found, asset, [one.policy for one in mine])
    return Table(
        f"{asset}, poked every {cadence_name(cadence)}",
        ("", *(one.policy for one in mine)),
        rows([(name, *cells) for name, cells in lines.items()]),
    )


def _alarm_lines(found: Backtest) -> list[tuple[str, Callable[[Verdict], str]]]:
    stated = float(found.request.loaded.policy.oracle.false_alarms)

    def line(guard: Guard, show: Callable[[Alarms], str]) -> Callable[[Verdict], str]:
        return lambda one: show(next(alarms for alarms in one.alarms if alarms.guard is guard))

    return [
        (f"false alarms, {guard.value}{what}", line(guard, show))
        for guard in Guard
        for what, show in (
            ("", lambda alarms: f"{alarms.count} in {alarms.years:.3g} y"),
            (" a year, 95 %", lambda a: f"{a.interval.low:.3g}–{a.interval.high:.3g}"),
            (f"; {stated:g} a year", lambda a: "inside" if a.within else "outside"),
            (", paused", lambda alarms: f"{alarms.paused:.2%}"),
        )
    ]


_EPISODE_LINES: Mapping[str, Callable[[Detection], object]] = {
    "first pause": lambda one: moment(one.detected) or "never",
    "delay": lambda one: None if one.delay is None else f"{one.delay / _HOUR:.2f} h",
    "price then": lambda one: None if one.price is None else f"{one.price:.6g}",
    "level crossed": lambda one: moment(one.crossed) or "never",
    "in time": lambda one: {True: "yes", False: "no", None: None}[one.in_time],
}


def _debt_lines(found: Backtest, asset: str, policies: Sequence[str]) -> dict[str, list[object]]:
    """Bad debt at its worst over all folds, by reset; a policy that never trips has one figure."""
    lines: dict[str, list[object]] = {}
    runs = [one for one in found.books if one.asset == asset]
    for reset in dict.fromkeys(one.reset_after for one in runs):
        name = "no reset" if reset is None else f"reset after {reset / _HOUR:g} h"
        lines[f"bad debt at its worst, USD, {name}"] = [
            _worst(one for one in runs if one.policy == policy and one.reset_after == reset)
            for policy in policies
        ]
    return lines


def _worst(runs: Iterable[BookRun]) -> str | None:
    peaks = [one.outcome.totals.peak_bad_debt for one in runs]
    return f"{max(peaks):,.0f}".replace(",", " ") if peaks else None


def _paint_rates(judged: Sequence[Verdict]) -> Paint:
    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for at, one in enumerate(reversed(judged)):
            (alarms,) = (found for found in one.alarms if found.guard is Guard.BREAKER)
            colour = BLUE if one.policy == OURS.name else ORANGE
            axes.hlines(at, max(alarms.interval.low, 0.0), alarms.interval.high, colour, lw=3)
            axes.plot([alarms.rate], [at], "o", color=INK, ms=4)
        names = [f"{one.asset} · {one.policy} · {cadence_name(one.cadence)}" for one in judged]
        axes.set_yticks(range(len(names)), reversed(names))
        axes.axvline(judged[0].alarms[0].stated if judged else 0.0, color=GREY, ls="--")
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_xscale("symlog", linthresh=1.0)
        axes.set_xlim(left=0.0)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel("breaker alarms a year")
        axes.grid(axis="y", visible=False)

    return paint


# Prices and verdicts -----------------------------------------------------------------------------


def _asset_section(found: Backtest, asset: str) -> Section:
    cadence = found.request.cadences[0]
    whole = _picture(found, asset, cadence, None)
    zoomed = [_picture(found, asset, cadence, one) for one in _episodes(found, asset)]
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
    paint = _paint_price(shown, played, names, _episodes(found, asset), levels)
    return Picture(f"{asset}, {name}.", draw(paint, height=3.0 + 0.25 * len(names)))


def _episodes(found: Backtest, asset: str) -> list[Episode]:
    return [one for one in found.request.episodes if one.concerns(asset)]


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


# Promises ----------------------------------------------------------------------------------------


def _promise_section(found: Backtest, one: Promise) -> Section:
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


# Borrowers ---------------------------------------------------------------------------------------


def _book_sections(found: Backtest, asset: str) -> list[Section]:
    """A section for each fold in which a book was run."""
    runs = [one for one in found.books if one.asset == asset]
    sections = []
    for fold in dict.fromkeys(one.fold for one in runs):
        mine = [one for one in runs if one.fold == fold]
        sections += [_book_section(asset, mine), _depth_section(found, asset, mine[0])]
    return sections


def _depth_section(found: Backtest, asset: str, run: BookRun) -> Section:
    """The depth that the book was sold into, beside what TVL promised."""
    pool, times = found.request.pools[asset], run.outcome.tape.times
    start, sizes = int(times[0]), found.request.loaded.policy.liquidation
    comparison = compare(
        pool.between(start, int(times[-1]) + 1),
        naive_depth(pool.between(start - CALM, start)),
        [float(sizes.typical_size), float(sizes.size)],
        pool_fee(found.request.loaded.book.assets[asset]),
    )
    return depth_section(asset, comparison, max(1, comparison.times.size // _ROWS))


def _book_section(asset: str, runs: Sequence[BookRun]) -> Section:
    outcomes = {one.name: one.outcome for one in runs}
    ours = {one.name: one.outcome for one in runs if one.policy in (OURS.name, runs[-1].policy)}
    when = moment(float(runs[0].outcome.tape.times[0]))
    return Section(
        f"{asset}: a book of borrowers from {when}",
        (_BOOK,),
        (
            bad_debt_table(outcomes),
            Picture(
                "The true price, what was liquidated, and the worst bad debt, under our policy "
                "with its resets and under the last of the others.",
                draw(paint_bad_debt(ours), height=6.0),
            ),
        ),
    )


_BOOK = (
    "Borrowers up to the landed debt ceiling at the landed LTV, liquidated at the landed LT and "
    "bonus into the pool's depth as it was that hour; under tvl-depth, into the depth that TVL "
    "promised of the calm before. Borrowers only wait; sizes and use of the limit are assumed."
)


# Folds -------------------------------------------------------------------------------------------


def _folds_section(found: Backtest) -> Section:
    refused = tuple(
        f"{one.asset}, fold from {moment(one.fold.start)}: nothing lands. {one.refusal}"
        for one in found.compiled
        if one.refusal
    )
    table = Table(
        "What was compiled at the start of each fold",
        (
            "asset", "from", "T, s", "z", "σ a √year", "X down", "w, s", "windows", "tolerance",
            "q over H_p", "band by",
        ),
        rows([_fold_row(one) for one in found.compiled if one.configuration is not None]),
    )  # fmt: skip
    blocks = (Warnings(refused), table) if refused else (table,)
    return Section("Folds", ("Each row rests on answers before its date alone.",), blocks)


def _fold_row(one: CompiledFold) -> tuple[object, ...]:
    word = one.configuration
    if word is None:
        return ()
    return (
        one.asset, moment(one.fold.start), word.primary_staleness, f"{one.z:.4g}",
        f"{one.volatility:.4g}", f"{word.band_down / 1e5:.3%}", word.band_window,
        word.band_windows, f"{word.tolerance / 1e5:.3%}", f"{one.loss:.3%}",
        (one.labels or {}).get("band", "declared"),
    )  # fmt: skip


def _days(seconds: int) -> str:
    return f"{seconds / _DAY:g} d"
