"""Benchmark curve (spec 2.1): par yields to zero rates, compounding, blending, oracle noise.

One bootstrap serves both Treasury par yields and quoted bonds: an instrument is a price and dated
cash flows, and each in turn fixes ln P at its last flow, ln P being linear between pillars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from paramgen.model.arrays import YEAR_SECONDS, Bool, Float, FloatLike, as_float, offenders

TREASURY_TENORS: Final[Mapping[str, float]] = {
    "1M": 1 / 12,
    "1.5M": 1.5 / 12,
    "2M": 2 / 12,
    "3M": 3 / 12,
    "4M": 4 / 12,
    "6M": 6 / 12,
    "1Y": 1.0,
    "2Y": 2.0,
    "3Y": 3.0,
    "5Y": 5.0,
    "7Y": 7.0,
    "10Y": 10.0,
    "20Y": 20.0,
    "30Y": 30.0,
}
"""Constant-maturity tenors the US Treasury publishes, in years. A day's list may lack some."""

SIMPLE_UP_TO: Final = 0.5
"""Years up to which a par yield is a simple rate; beyond, a semiannual bond-equivalent yield."""

COUPONS_PER_YEAR: Final = 2

REPRICING_TOLERANCE: Final = 1e-12

_LOG_DISCOUNT_BOUND: Final = 100.0


@dataclass(frozen=True)
class Instrument:
    """A priced set of dated cash flows; the last date becomes a pillar of the curve.

    Parameters
    ----------
    name : what an error calls it ("10Y", an ISIN).
    price : full (dirty) price paid at time zero, in the units of `flows`.
    times : years from now, increasing, all positive.
    flows : amounts paid at `times`.
    """

    name: str
    price: float
    times: tuple[float, ...]
    flows: tuple[float, ...]

    @property
    def maturity(self) -> float:
        """Years to the last cash flow."""
        return self.times[-1]


@dataclass(frozen=True)
class Curve:
    """Discount factors at pillars, linear in ln P between them (flat forwards).

    Parameters
    ----------
    names : one per pillar.
    times : (m,) years, increasing, positive.
    log_discount : (m,) ln P at `times`; ln P(0) = 0 is implied.

    Source: spec 2.1; log-linear discounting, Hagan and West 2006, section 3.
    """

    names: tuple[str, ...]
    times: tuple[float, ...]
    log_discount: tuple[float, ...]

    def discount(self, time: FloatLike) -> Float:
        """Discount factor P(t) for `time` in years, any shape.

        Raises
        ------
        ValueError : a time is negative or beyond the last pillar; the curve does not extrapolate.
        """
        return as_float(np.exp(self._log_discount(as_float(time))))

    def zero(self, time: FloatLike) -> Float:
        """Continuously compounded zero rate −ln P(t)/t for `time` in years, any shape.

        Before the first pillar the rate is that pillar's, t = 0 included.
        """
        t = np.where(as_float(time) == 0.0, self.times[0], as_float(time))
        return as_float(-self._log_discount(t) / t)

    def forward(self, start: FloatLike, end: FloatLike) -> Float:
        """Continuously compounded forward rate between `start` and `end`, years, start < end."""
        start, end = as_float(start), as_float(end)
        return (self._log_discount(start) - self._log_discount(end)) / (end - start)

    def _log_discount(self, time: Float) -> Float:
        outside = (time < 0.0) | (time > self.times[-1])
        if np.any(outside):
            raise ValueError(
                f"times at {offenders(outside)} lie outside the curve, 0 to "
                f"{self.times[-1]:g} years ({self.names[-1]})"
            )
        return as_float(np.interp(time, (0.0, *self.times), (0.0, *self.log_discount)))


def par_instrument(name: str, maturity: float, par_yield: float) -> Instrument:
    """Instrument that a par (constant-maturity) yield prices at 1.

    Up to six months P = 1/(1 + yT); longer, 1 = (y/2)ΣP(tᵢ) + P(T), semiannual.

    Raises
    ------
    ValueError : beyond six months the maturity is not a whole number of half years.

    Source: US Treasury, par yield curve methodology (bond-equivalent yields); spec 2.1.
    """
    if maturity <= SIMPLE_UP_TO:
        return Instrument(name, 1.0, (maturity,), (1.0 + par_yield * maturity,))
    periods = maturity * COUPONS_PER_YEAR
    if periods != round(periods):
        raise ValueError(
            f"{name}: a par yield of {maturity:g} years is not a whole number of half years"
        )
    return bond(name, maturity, par_yield, 1.0, face=1.0)


def bond(
    name: str, maturity: float, coupon_rate: float, price: float, face: float = 100.0
) -> Instrument:
    """Bond with semiannual coupons counted back from maturity, or a bill if `coupon_rate` is 0.

    Parameters
    ----------
    maturity : years. coupon_rate : per year, fraction of face. price : full price.
    """
    if coupon_rate == 0.0:
        return Instrument(name, price, (maturity,), (face,))
    count = int(np.ceil(maturity * COUPONS_PER_YEAR))
    times = tuple(maturity - (count - 1 - i) / COUPONS_PER_YEAR for i in range(count))
    coupon = coupon_rate * face / COUPONS_PER_YEAR
    return Instrument(name, price, times, (*(coupon,) * (count - 1), coupon + face))


def bootstrap(instruments: Sequence[Instrument]) -> Curve:
    """Curve that reprices every instrument, in order of maturity.

    Raises
    ------
    ValueError : no instrument, two with one maturity, a price no discount factor can give, a
        repricing error above 1e-12 of price, or a negative forward rate (the pillars are named).

    Source: Hull, Options, Futures and Other Derivatives, section 4.7 (bootstrap method).
    """
    if not instruments:
        raise ValueError("a curve needs at least one instrument")
    ordered = sorted(instruments, key=lambda item: item.maturity)
    times, logs = [0.0], [0.0]
    for instrument in ordered:
        if instrument.maturity <= times[-1]:
            raise ValueError(f"{instrument.name}: maturity is not after the pillar before it")
        logs.append(_solve_pillar(instrument, times, logs))
        times.append(instrument.maturity)
    names = ("today", *(item.name for item in ordered))
    _refuse_negative_forwards(names, logs)
    return Curve(names[1:], tuple(times[1:]), tuple(logs[1:]))


def _solve_pillar(instrument: Instrument, times: list[float], logs: list[float]) -> float:
    flows, dates = as_float(instrument.flows), as_float(instrument.times)

    def mispricing(last: float) -> float:
        log_discount = np.interp(dates, [*times, instrument.maturity], [*logs, last])
        return float(flows @ np.exp(log_discount)) / instrument.price - 1.0

    try:
        solution = float(
            brentq(mispricing, -_LOG_DISCOUNT_BOUND, _LOG_DISCOUNT_BOUND, xtol=1e-15, maxiter=500)
        )
    except ValueError as failure:
        raise ValueError(
            f"{instrument.name}: no discount factor gives the price {instrument.price:g}"
        ) from failure
    if abs(mispricing(solution)) > REPRICING_TOLERANCE:
        raise ValueError(f"{instrument.name}: repricing error {mispricing(solution):.1e}")
    return solution


def _refuse_negative_forwards(names: Sequence[str], logs: Sequence[float]) -> None:
    # A price of exactly 1 may solve to ln P of a few units in the last place above zero.
    rising = np.flatnonzero(np.diff(logs) > REPRICING_TOLERANCE)
    if rising.size:
        spans = ", ".join(f"{names[i]} to {names[i + 1]}" for i in rising)
        raise ValueError(f"negative forward rate from {spans}")


def treasury_curve(par_yields: Mapping[str, float]) -> Curve:
    """Zero curve from one day's US Treasury par yields.

    Parameters
    ----------
    par_yields : tenor ("3M", "10Y") to yield per year, a fraction. Missing pillars, absent or
        NaN, are left out: 4M and 1.5M appear only midway through history.

    Raises
    ------
    ValueError : an unknown tenor, no yield at all, or as `bootstrap`.
    """
    unknown = sorted(set(par_yields) - set(TREASURY_TENORS))
    if unknown:
        raise ValueError(f"unknown tenors {', '.join(unknown)}")
    return bootstrap(
        [
            par_instrument(name, TREASURY_TENORS[name], value)
            for name, value in par_yields.items()
            if not np.isnan(value)
        ]
    )


def continuous_rate(rate: FloatLike, periods_per_year: FloatLike) -> Float:
    """Continuous rate equal to `rate` compounded m times a year: r_c = m·ln(1 + R/m).

    Source: Hull, section 4.4.
    """
    periods = as_float(periods_per_year)
    return as_float(periods * np.log1p(as_float(rate) / periods))


def compounded_rate(continuous: FloatLike, periods_per_year: FloatLike) -> Float:
    """Rate compounded m times a year equal to a continuous one: R = m·(e^{r_c/m} − 1)."""
    periods = as_float(periods_per_year)
    return as_float(periods * np.expm1(as_float(continuous) / periods))


def accrual(continuous: FloatLike, seconds: FloatLike) -> Float:
    """Growth over one block (or any span) of `seconds`: exp(r_c·Δ/Y) − 1, Y = 31 536 000."""
    return as_float(np.expm1(as_float(continuous) * as_float(seconds) / YEAR_SECONDS))


def blended_benchmark(
    treasury: FloatLike,
    on_chain: FloatLike,
    *,
    weight: FloatLike = 0.0,
    age: FloatLike,
    maximum_age: FloatLike,
    tolerance: FloatLike,
) -> Float:
    """Benchmark of a cash-flow asset: r = (1 − w)·UST + w·onchain.

    The on-chain rate is a check on the Treasury rate even at weight zero, so a stale or distant
    one is refused whatever its weight. NaN for `on_chain` says there is none: harmless at weight
    zero, NaN out otherwise.

    Parameters
    ----------
    treasury, on_chain : continuous, per year. weight : w in [0, 1].
    age, maximum_age : of the on-chain rate, any one unit. tolerance : largest |onchain − UST|.

    Raises
    ------
    ValueError : an on-chain rate is older than `maximum_age`, or of unknown age, or differs by
        more than `tolerance`.
    """
    treasury, on_chain, weight = as_float(treasury), as_float(on_chain), as_float(weight)
    present: Bool = ~np.isnan(on_chain)
    stale = present & ~(as_float(age) <= as_float(maximum_age))
    if np.any(stale):
        raise ValueError(f"the on-chain rate is stale at {offenders(stale)}")
    distant = present & (np.abs(on_chain - treasury) > as_float(tolerance))
    if np.any(distant):
        raise ValueError(
            f"the on-chain rate is further than the tolerance from the Treasury rate at "
            f"{offenders(distant)}"
        )
    return np.where(weight == 0.0, treasury, (1.0 - weight) * treasury + weight * on_chain)


def token_benchmark(on_chain: FloatLike, provider_premium: FloatLike) -> Float:
    """Benchmark of a token or synthetic asset: on-chain rate plus liquidity-provider premium."""
    return as_float(on_chain) + as_float(provider_premium)


def oracle_adjusted_rate(
    continuous: FloatLike, log_noise_variance: FloatLike, horizon: FloatLike
) -> Float:
    """Rate raised for the noise of the oracle: r_c* = r_c + ½·Var[ln(oracle/reference)]/Δ.

    A price that is right in the log on average overstates by the factor e^{Var/2} (Jensen);
    spread over the pricing horizon it is a rate. No noise is identity.

    Parameters
    ----------
    continuous : per year. log_noise_variance : of ln(oracle/reference), dimensionless, however
        often it was sampled. horizon : Δ, years.
    """
    return as_float(continuous) + 0.5 * as_float(log_noise_variance) / as_float(horizon)
