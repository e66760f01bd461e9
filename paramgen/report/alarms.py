"""Alarms of every policy side by side: how many, in time or not, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from paramgen.backtest.borrowers import BookRun
from paramgen.backtest.events import Guard
from paramgen.backtest.judge import Alarms, Detection, Verdict
from paramgen.backtest.policies import OURS
from paramgen.backtest.run import Backtest
from paramgen.backtest.summary import cadence_name, moment
from paramgen.report.charts import BLUE, GREY, INK, ORANGE, Paint, draw
from paramgen.report.page import Picture, Section, Table, rows

_HOUR = 3_600

_ALARMS = (
    "An alarm is a pause of the breaker, or an age beyond the staleness limit; pauses within the "
    "reach of one anchor's band are one alarm. Alarms that begin outside every labelled episode "
    "count as false, whatever the market did. Intervals are exact Poisson intervals of 95 %."
)


def alarms_section(found: Backtest, judged: Sequence[Verdict]) -> Section:
    """The alarms of every policy, a table an asset and cadence, and their rates as a picture."""
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
    for at, episode in enumerate(found.request.episodes_of(asset)):
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
