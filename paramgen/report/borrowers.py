"""Books of borrowers run in a backtest, and the depth that they were sold into."""

from __future__ import annotations

from collections.abc import Sequence

from paramgen.backtest.borrowers import CALM, BookRun, pool_fee
from paramgen.backtest.liquidity import compare, naive_depth
from paramgen.backtest.policies import OURS
from paramgen.backtest.run import Backtest
from paramgen.backtest.summary import moment
from paramgen.report.charts import draw
from paramgen.report.market import bad_debt_table, depth_section, paint_bad_debt
from paramgen.report.page import Picture, Section

_ROWS = 24

_BOOK = (
    "Borrowers up to the landed debt ceiling at the landed LTV, liquidated at the landed LT and "
    "bonus into the pool's depth as it was that hour; under tvl-depth, into the depth that TVL "
    "promised of the calm before. Borrowers only wait; sizes and use of the limit are assumed."
)


def book_sections(found: Backtest, asset: str) -> list[Section]:
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
