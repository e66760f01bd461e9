"""Tables and pictures of a backtest's economic half: depth, bad debt, utilisation and rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from paramgen.backtest.lending import ASSUMED, LendingRun
from paramgen.backtest.liquidity import Comparison
from paramgen.backtest.outcome import Outcome
from paramgen.backtest.utilisation import QUANTILES, Behaviour, LendingPath
from paramgen.mirror.rate import WAD, Curve
from paramgen.model.arrays import Float
from paramgen.report.charts import BLUE, GREEN, GREY, INK, ORANGE, Paint, draw, in_days, time_axis
from paramgen.report.page import Picture, Section, Table

_DAY = 86_400
_STYLES = ("-", "--", "-.", ":")
"""Beside colour, so that lines that lie on one another are both seen."""


def slippage_table(comparison: Comparison, every: int = 1) -> Table:
    """Slippage hour by hour from active liquidity, beside what TVL would have promised."""
    rows = range(0, comparison.times.size, every)
    columns = ("UTC", "tick", "active depth", "one tick takes")
    sales = tuple(f"sale of {_money(size)}" for size in comparison.sizes)
    promised = (
        _promise("TVL, concentrated as on calm days", comparison.concentrated),
        _promise("TVL over all prices", comparison.full_range),
    )
    return Table(
        "Slippage of a sale, from active liquidity and from TVL",
        (*columns, *sales),
        (*promised, *(_slippage_row(comparison, row) for row in rows)),
    )


def _promise(name: str, slippage: Float) -> tuple[str, ...]:
    return (name, "", "", "", *(_share(value) for value in slippage))


def _slippage_row(comparison: Comparison, row: int) -> tuple[str, ...]:
    return (
        _moment(int(comparison.times[row])),
        str(int(comparison.ticks[row])),
        _money(comparison.depth[row]),
        _money(comparison.one_tick[row]),
        *(_share(value) for value in comparison.active[row]),
    )


def paint_slippage(comparison: Comparison, sale: int) -> Paint:
    """Paint depth above and the slippage of one of the sales below, on logarithmic scales."""

    def paint(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True)
        days = in_days(comparison.times)
        upper.step(days, np.maximum(comparison.depth, 1.0), where="post", color=BLUE)
        upper.set_title("Active depth, USD")
        _dollars(upper)
        lower.step(days, comparison.active[:, sale], where="post", color=BLUE)
        lower.set_title(f"Slippage of a sale of {_money(comparison.sizes[sale])} USD")
        for value, colour, name in (
            (comparison.full_range[sale], ORANGE, "promised by TVL over all prices"),
            (comparison.concentrated[sale], GREEN, "promised by TVL, concentrated as on calm days"),
        ):
            lower.axhline(value, color=colour)
            _beside(lower, value, name, colour)
        lower.set_yscale("log")
        lower.set_ylim(top=1.5)
        lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _share(value)))
        time_axis(lower)

    return paint


def bad_debt_table(outcomes: Mapping[str, Outcome]) -> Table:
    """What each oracle left behind, in USD."""
    rows = ((name, outcome.totals) for name, outcome in outcomes.items())
    return Table(
        "Bad debt and liquidations by oracle, USD",
        (
            "oracle", "bad debt at the end", "at its worst", "written off", "liquidated",
            "lost by borrowers in it", "of that to slippage", "overdrawn", "most debt waiting",
        ),
        tuple((name, *map(_money, astuple(totals))) for name, totals in rows),
    )  # fmt: skip


def paint_bad_debt(outcomes: Mapping[str, Outcome]) -> Paint:
    """Paint the true price, and under each oracle what was liquidated and the worst bad debt."""

    def paint(figure: Figure) -> None:
        price, liquidated, worst = figure.subplots(3, 1, sharex=True)
        for index, (name, outcome) in enumerate(outcomes.items()):
            style = _STYLES[index % len(_STYLES)]
            days, series = in_days(outcome.tape.times), outcome.series
            liquidated.plot(days, np.cumsum(series.repaid), style, label=name)
            worst.plot(days, np.maximum.accumulate(series.bad_debt), style)
        tape = next(iter(outcomes.values())).tape
        price.plot(in_days(tape.times), tape.price, color=INK, lw=0.9)
        price.set_title("True price, USD")
        liquidated.set_title("Debt liquidated so far, USD")
        worst.set_title("Bad debt at its worst so far, written off or not covered, USD")
        for axes in (liquidated, worst):
            axes.set_ylim(bottom=0.0)
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _money(value)))
        figure.legend(loc="outside right upper")
        time_axis(worst)

    return paint


def lending_table(markets: Mapping[str, Behaviour]) -> Table:
    """Utilisation, lenders' return beside the price of their risk, and waiting of each market."""
    levels = tuple(f"{level:.0%} of hours below".replace("%", " %") for level in QUANTILES)
    return Table(
        "Utilisation and lenders' return",
        (
            "market", *levels, "above the kink", "lenders earned", "lenders ask",
            "hours with withdrawals waiting", "most waiting, USD",
        ),
        tuple(
            (
                name,
                *map(_percent, found.quantiles),
                *map(_percent, (found.above_kink, found.lender_return, found.asked)),
                f"{found.dry_hours:g}",
                _money(found.most_waiting),
            )
            for name, found in markets.items()
        ),
    )  # fmt: skip


def paint_lending(path: LendingPath, curve: Curve, asked: float) -> Paint:
    """Paint utilisation and its kink above; below, rates and the price of lenders' risk."""

    def paint(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True)
        days = np.arange(path.utilisation.size) * (path.step / _DAY)
        upper.plot(days, path.utilisation, color=BLUE, lw=1.0)
        upper.axhline(curve.kink / WAD, color=GREY, ls="--")
        _beside(upper, curve.kink / WAD, "kink", INK)
        dry = path.waiting > 0.0
        if dry.any():
            marks = {"color": ORANGE, "ms": 4, "label": "withdrawals wait"}
            upper.plot(days[dry], path.utilisation[dry], "o", **marks)
            upper.legend(loc="upper left")
        upper.set_title("Utilisation")
        lower.plot(days, path.borrow_rate, color=ORANGE, lw=1.0, label="borrowers pay")
        lower.plot(days, path.lender_rate, color=GREEN, lw=1.0, label="lenders earn")
        lower.axhline(asked, color=INK, ls="--", label="lenders ask")
        lower.set_title("Rates a year")
        lower.set_xlabel("days")
        for axes in (upper, lower):
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100.0 * value:g} %"))
        lower.set_ylim(top=1.2 * float(path.borrow_rate.max()))
        lower.legend(loc="upper left", ncols=3)

    return paint


def rates_section(runs: Sequence[LendingRun]) -> Section:
    """The landed rate model of one asset, fold by fold, under drawn flows.

    Parameters
    ----------
    runs : at least one, all of one asset; the last is painted.
    """
    asset, last = runs[0].asset, runs[-1]
    said = (
        "Synthetic: lenders' flows are drawn so that what the kink leaves unborrowed is gone in "
        f"{ASSUMED.window / _DAY:g} days with the policy's probability, and comes back within "
        f"{ASSUMED.reversion / _DAY:g}; borrowers answer the landed rate with the book's "
        f"elasticity within {ASSUMED.response / _DAY:g} days."
    )
    return Section(
        f"Rates of {asset}",
        (said,),
        (
            lending_table({f"fold {run.fold}": run.behaviour for run in runs}),
            Picture(
                f"Utilisation and rates of {asset} in fold {last.fold}",
                draw(paint_lending(last.path, last.curve, last.asked), height=5.0),
            ),
        ),
    )


def depth_section(name: str, comparison: Comparison, every: int) -> Section:
    """What a sale cost in a pool by active liquidity, beside what TVL would have promised.

    Parameters
    ----------
    name : of the pool or asset. every : readings from one row of the table to the next.
    """
    sale = comparison.sizes.size - 1
    said = (
        "Active liquidity at the tick is taken to hold beyond it; the history holds no TVL, "
        "which is read from the ticks that the price visited in the calm before."
    )
    return Section(
        f"Depth of {name}",
        (said,),
        (
            Picture(
                f"Active depth of {name} and the slippage of a sale",
                draw(paint_slippage(comparison, sale), height=5.0),
            ),
            slippage_table(comparison, every),
        ),
    )


def _beside(axes: Axes, value: float, text: str, colour: str) -> None:
    """Name a horizontal line on itself, just above its left end."""
    axes.annotate(
        text, (0.01, value), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
        xytext=(0, 3), color=colour,
    )  # fmt: skip


def _dollars(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _money(value)))
    axes.tick_params(axis="y", which="minor", color=GREY)


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def _share(value: float) -> str:
    """A fraction in per cent with as many digits as it takes to tell small ones apart."""
    return f"{100.0 * value:.4g} %"


def _percent(value: float) -> str:
    return f"{100.0 * value:.2f} %"


def _money(value: float) -> str:
    """Dollars to three digits, with thousands apart."""
    rounded = float(f"{value:.3g}")
    decimals = 0 if abs(rounded) >= 100.0 or rounded == 0.0 else 2  # noqa: PLR2004 - three digits
    return f"{rounded:,.{decimals}f}".replace(",", " ")
