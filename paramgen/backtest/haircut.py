"""The published haircut against what prices did: one exception a date on which it fell short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paramgen.backtest.liquidity import at_moments
from paramgen.model.arrays import Bool, Float, as_float

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class HaircutTest:
    """Dates on which a horizon ended within the history, (k,) each.

    Parameters
    ----------
    dates : Unix seconds. loss : fraction of the collateral lost over the horizon, debt's growth
        counted; negative for a gain. allowed : the haircut 1 − K(H) of that date.
    """

    dates: Integers
    loss: Float
    allowed: Float

    @property
    def exceptions(self) -> Bool:
        """(k,) whether the loss passed the haircut."""
        return self.loss > self.allowed


def haircut_test(
    times: Integers,
    prices: Float,
    dates: Integers,
    kept: Float,
    horizon: int,
    *,
    debt_rate: float = 0.0,
) -> HaircutTest:
    """Hold each date's K(H), compiled from what was known then, against the horizon after it.

    The loss is 1 − P_{t+H}/P_t·e^{−r·H}, as K(H) = (1−h_d)(1−h_m)(1−ε)·e^{−r_max·H} discounts. A
    history without default or overstatement leaves those two unspent, so that fewer exceptions than
    1 − α are right and not a fault; `coverage.horizon_losses` tests the market's part alone.

    Parameters
    ----------
    times, prices : (n,) history; a price holds until the next. dates : (m,) rising; leave at
        least `horizon` between them where a test needs independence. kept : (m,) K(H).
    horizon : seconds. debt_rate : r a second, at which the debt grew.

    Returns
    -------
    HaircutTest, without the dates whose horizon the history does not reach.

    Raises
    ------
    ValueError : a date lies before the first price.
    """
    whole = dates + horizon <= times[-1]
    known = dates[whole]
    ratio = at_moments(times, prices, known + horizon) / at_moments(times, prices, known)
    loss = 1.0 - ratio * np.exp(-debt_rate * horizon)
    return HaircutTest(known, as_float(loss), as_float(1.0 - kept[whole]))
