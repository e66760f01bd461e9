"""What a simulated book came to: moment by moment, in total, and who is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paramgen.backtest.positions import Positions
from paramgen.backtest.served import Tape
from paramgen.model.arrays import Float, as_float


@dataclass(frozen=True)
class Series:
    """What happened at each moment, (m,) each; flows of that moment alone, stocks after it.

    Parameters
    ----------
    debt, collateral, cash : stocks, USD, tokens, USD.
    utilisation : debt over debt and cash. rate : per second of the interest just accrued.
    interest, drawn, repaid, written_off : USD. deposited, seized : tokens.
    proceeds : USD that liquidators got for the seized collateral.
    shortfall : stock, USD that remaining collateral does not cover at the bonus.
    waiting : stock, USD of debt that the oracle gave up and depth or bonus did not suffice for.
    """

    debt: Float
    collateral: Float
    cash: Float
    utilisation: Float
    rate: Float
    interest: Float
    drawn: Float
    deposited: Float
    repaid: Float
    seized: Float
    proceeds: Float
    written_off: Float
    shortfall: Float
    waiting: Float

    @property
    def bad_debt(self) -> Float:
        """(m,) USD lost so far: written off, and the shortfall of what remains."""
        return as_float(np.cumsum(self.written_off) + self.shortfall)


@dataclass(frozen=True)
class Totals:
    """The whole of a run, USD.

    Parameters
    ----------
    bad_debt, peak_bad_debt : at the end, and the most at any moment.
    written_off : part of `bad_debt` that is final.
    liquidated : debt repaid by liquidators.
    liquidation_loss : what borrowers lost by it, collateral at the true price less debt repaid.
    slippage : part of it that the sales lost to the pool's price and fee.
    overdrawn : borrowed against an overstated price.
    peak_waiting : most debt that could be liquidated and was not.
    """

    bad_debt: float
    peak_bad_debt: float
    written_off: float
    liquidated: float
    liquidation_loss: float
    slippage: float
    overdrawn: float
    peak_waiting: float


@dataclass(frozen=True)
class Outcome:
    """A run: its tape, what happened, and who is left, in the order given, overdrawers last."""

    tape: Tape
    series: Series
    left: Positions

    @property
    def totals(self) -> Totals:
        """Sums and extremes of the series."""
        series, seized_value = self.series, float(self.series.seized @ self.tape.price)
        repaid = float(series.repaid.sum())
        return Totals(
            bad_debt=float(series.bad_debt[-1]),
            peak_bad_debt=float(series.bad_debt.max()),
            written_off=float(series.written_off.sum()),
            liquidated=repaid,
            liquidation_loss=seized_value - repaid,
            slippage=seized_value - float(series.proceeds.sum()),
            overdrawn=float(series.drawn.sum()),
            peak_waiting=float(series.waiting.max()),
        )
