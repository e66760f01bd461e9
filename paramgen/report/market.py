"""Tables and pictures of a backtest's economic half: depth, bad debt, utilisation and rates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from paramgen.backtest.liquidity import Comparison
from paramgen.model.arrays import Float
from paramgen.report.charts import BLUE, GREEN, GREY, ORANGE, in_days, time_axis
from paramgen.report.page import Table

Paint = Callable[[Figure], None]


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


def _money(value: float) -> str:
    """Dollars to three digits, with thousands apart."""
    if abs(value) < 1.0:
        return f"{value:.2f}"
    digits = max(0, int(np.floor(np.log10(abs(value)))) - 2)
    return f"{round(value / 10**digits) * 10**digits:,.0f}".replace(",", " ")
