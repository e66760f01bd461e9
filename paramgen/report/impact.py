"""What an update does to positions, as a page: tables, and a picture of each figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from paramgen.backtest.impact import TODAY, Impact, Rates, by_case
from paramgen.report import charts
from paramgen.report.page import Page, Picture, Section, Table, html

_UNITS = 10**8
_BAR = 0.38
_ROW = 0.34
_MILLION, _THOUSAND = 1e6, 1e3
_STRESS = (
    "Collateral falls at once by what each case takes; every position that may then be liquidated "
    "is, whole. What its collateral does not repay at the bonus is bad debt."
)
COLUMNS = (
    "market",
    "case",
    "before",
    "after",
    "newly",
    "debt of these",
    "bad debt before",
    "bad debt after",
    "bonus before",
    "bonus after",
)

RATE_COLUMNS = (
    "market",
    "borrow rate before",
    "borrow rate after",
    "supply rate before",
    "supply rate after",
    "more a year, USD",
)


def impact_page(
    found: Sequence[Impact], rates: Sequence[Rates], facts: Sequence[tuple[str, str]]
) -> str:
    """The page as HTML.

    Parameters
    ----------
    found : every market in every case. rates : of every market, at one utilisation.
    facts : inputs with their hashes, and what was chosen.
    """
    today = [each for each in found if each.fall is TODAY]
    newly = sum(each.newly.count for each in today)
    summary = (
        f"{newly} positions could be liquidated as soon as the update lands that could not before, "
        f"with {dollars(sum(each.newly.debt for each in today))} USD of debt."
    )
    sections = (
        Section(
            "Newly liquidatable, today", blocks=(_table(today), *([_newly(today)] if newly else ()))
        ),
        Section(
            "Bad debt under stress",
            (_STRESS,),
            (_table(by_case(found)), _bad_debt(found)),
        ),
        Section("What liquidators would be paid", blocks=(_bonus(found),)),
        Section("Rates", blocks=(_rates_table(rates), _rates(rates))),
    )  # fmt: skip
    return html(Page("What the update does to positions", summary, tuple(facts), sections))


def dollars(amount: int) -> str:
    """An amount of 1e-8 USD in whole dollars."""
    return f"{amount // _UNITS:,}".replace(",", " ")


def cells(each: Impact) -> tuple[str, ...]:
    """One market in one case, under `COLUMNS`."""
    before, after, newly = each.before, each.after, each.newly
    counts = (str(side.count) for side in (before, after, newly))
    amounts = (newly.debt, before.bad_debt, after.bad_debt, before.bonus, after.bonus)
    return (each.asset, each.fall.name, *counts, *map(dollars, amounts))


def rate_cells(each: Rates) -> tuple[str, ...]:
    """One market's rates, under `RATE_COLUMNS`."""
    shares = (f"{100 * rate:.3f} %" for rate in (*each.borrow, *each.supply))
    more = f"{each.paid[1] - each.paid[0]:+,.0f}".replace(",", " ")
    return (each.asset, *shares, more)


def _table(found: Sequence[Impact]) -> Table:
    return Table(
        "Positions that may be liquidated before and after; amounts in USD",
        COLUMNS,
        tuple(map(cells, found)),
    )


def _newly(today: Sequence[Impact]) -> Picture:
    names = [each.asset for each in today]
    values = [each.newly.debt / _UNITS for each in today]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.barh(names, values, color=charts.ORANGE, height=2 * _BAR)
        _ranked(axes, "debt of positions newly liquidatable, USD")

    caption = "Debt of the positions that the update alone makes liquidatable, by market."
    return _picture(caption, paint, len(names))


def _bad_debt(found: Sequence[Impact]) -> Picture:
    return _by_case(
        found,
        lambda each: (each.before.bad_debt, each.after.bad_debt),
        "bad debt of all markets, USD",
        "Bad debt of all markets in each case that leaves any, under the terms before and after.",
    )


def _bonus(found: Sequence[Impact]) -> Picture:
    return _by_case(
        found,
        lambda each: (each.before.bonus, each.after.bonus),
        "bonus of all markets, USD",
        "What borrowers would pay liquidators in each case, were all of them liquidated whole.",
    )


def _by_case(
    found: Sequence[Impact], read: Callable[[Impact], tuple[int, int]], label: str, caption: str
) -> Picture:
    cases = [each for each in by_case(found) if any(read(each))] or list(by_case(found)[:1])
    sums = [[read(each)[side] / _UNITS for each in cases] for side in (0, 1)]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        places = range(len(cases))
        above = [place - _BAR / 2 for place in places]
        below = [place + _BAR / 2 for place in places]
        axes.barh(above, sums[0], color=charts.GREY, height=_BAR, label="before")
        axes.barh(below, sums[1], color=charts.BLUE, height=_BAR, label="after")
        axes.set_yticks(list(places), [each.fall.name for each in cases])
        _ranked(axes, label)
        figure.legend(loc="outside right upper")

    return _picture(caption, paint, len(cases))


def _rates_table(rates: Sequence[Rates]) -> Table:
    at = f"{100 * rates[0].utilisation:g} %" if rates else ""
    title = f"Rates a year at a utilisation of {at}"
    return Table(title, RATE_COLUMNS, tuple(map(rate_cells, rates)))


def _rates(rates: Sequence[Rates]) -> Picture:
    names = [each.asset for each in rates]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for pairs, colour, who in (
            ([each.borrow for each in rates], charts.ORANGE, "borrowers"),
            ([each.supply for each in rates], charts.GREEN, "lenders"),
        ):
            before, after = ([100 * pair[side] for pair in pairs] for side in (0, 1))
            axes.hlines(names, before, after, color=colour, lw=2)
            axes.scatter(before, names, facecolor="white", edgecolor=colour, zorder=3,
                         label=f"{who}, before")  # fmt: skip
            axes.scatter(after, names, color=colour, zorder=4, label=f"{who}, after")
        # Half a row above the first and below the last, as bars have.
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("% a year")
        figure.legend(loc="outside right upper")

    caption = "What borrowers pay and lenders earn in each market, before and after."
    return _picture(caption, paint, len(names))


def _ranked(axes: Axes, label: str) -> None:
    axes.invert_yaxis()
    axes.set_xlim(left=0.0)
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.grid(visible=False, axis="y")


def _short(value: float) -> str:
    for size, unit in ((_MILLION, "m"), (_THOUSAND, "k")):
        if abs(value) >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def _picture(caption: str, paint: charts.Paint, lines: int) -> Picture:
    return Picture(caption, charts.draw(paint, height=max(2.4, 1.0 + _ROW * lines)))
