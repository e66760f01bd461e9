"""The report's signal map (spec 2.2) as rows that run: a signal, what it moves, which way.

Each row's function takes what is moved, the signal, and the policy's weight for it. No signal, or
a signal at its benign value, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from paramgen.model.arrays import Float, FloatLike, as_float
from paramgen.model.credit import raised_log_odds
from paramgen.model.liquidity import thin_depth_discount, yield_discount
from paramgen.model.pricing import market_premium

Moved = Literal[
    "default_probability",
    "loss_given_default",
    "liquidity_discount",
    "market_premium",
    "counterparty_hazard",
]


@dataclass(frozen=True)
class SignalRow:
    """One row of the map.

    Parameters
    ----------
    signal : what is observed. moved : what it moves, always upwards.
    worse_when : the direction of the signal that is worse.
    benign : value of the signal that changes nothing.
    apply : (moved, signal, weight) to moved, elementwise.
    """

    signal: str
    moved: Moved
    worse_when: Literal["lower", "higher"]
    benign: float
    apply: Callable[[FloatLike, FloatLike, FloatLike], Float]


def raise_for_coverage(probability: FloatLike, coverage: FloatLike, weight: FloatLike) -> Float:
    """PD ↑ as custody coverage falls below 1: log-odds + weight·(1 − coverage)⁺."""
    missing = np.maximum(1.0 - as_float(coverage), 0.0)
    return raised_log_odds(probability, as_float(weight) * missing)


def raise_for_missing_proof(loss: FloatLike, share_unproven: FloatLike, weight: FloatLike) -> Float:
    """LGD ↑ as proof of collateral goes missing: recovery·(1 − weight·share unproven)."""
    kept = 1.0 - as_float(weight) * as_float(share_unproven)
    return as_float(1.0 - (1.0 - as_float(loss)) * kept)


def raise_for_thin_depth(
    discount: FloatLike, relative_depth: FloatLike, exponent: FloatLike
) -> Float:
    """Liquidity discount ↑ once depth is below 10 % of issuance: 50 bp to 300 bp."""
    return yield_discount(discount, thin_depth_discount(relative_depth, exponent))


def raise_for_deviation(premium: FloatLike, deviation: FloatLike, weight: FloatLike) -> Float:
    """Market premium ↑ with oracle deviation beyond 0.5 %."""
    extra = market_premium(deviation, 0.0, 1.0, deviation_weight=weight, staleness_weight=0.0)
    return as_float(as_float(premium) + extra)


def raise_for_delay(premium: FloatLike, age_over_limit: FloatLike, weight: FloatLike) -> Float:
    """Market premium ↑ with repeated delay beyond the staleness limit."""
    extra = market_premium(0.0, age_over_limit, 1.0, deviation_weight=0.0, staleness_weight=weight)
    return as_float(as_float(premium) + extra)


def raise_for_downgrade(hazard: FloatLike, notches: FloatLike, weight: FloatLike) -> Float:
    """Custodian's hazard ↑ with each notch lost: hazard·(1 + weight)^notches."""
    lost = np.maximum(as_float(notches), 0.0)
    return as_float(as_float(hazard) * (1.0 + as_float(weight)) ** lost)


def raise_for_exit(hazard: FloatLike, share_left: FloatLike, weight: FloatLike) -> Float:
    """Executor's hazard ↑ as market makers leave: hazard + weight·share gone, per year."""
    return as_float(as_float(hazard) + as_float(weight) * as_float(share_left))


SIGNAL_MAP: Final[tuple[SignalRow, ...]] = (
    SignalRow("custody coverage", "default_probability", "lower", 1.0, raise_for_coverage),
    SignalRow(
        "collateral proof missing", "loss_given_default", "higher", 0.0, raise_for_missing_proof
    ),
    SignalRow(
        "pool depth over issuance", "liquidity_discount", "lower", 0.10, raise_for_thin_depth
    ),
    SignalRow("oracle deviation", "market_premium", "higher", 50e-4, raise_for_deviation),
    SignalRow("oracle delay", "market_premium", "higher", 1.0, raise_for_delay),
    SignalRow("custodian downgrade", "counterparty_hazard", "higher", 0.0, raise_for_downgrade),
    SignalRow("market-maker exit", "counterparty_hazard", "higher", 0.0, raise_for_exit),
)
"""Every row of spec 2.2's map; counterparty hazards reach the price through the CVA of 2.4."""
