"""Curves with their data for Aave's strategy, as the Solidity tests on the venue's code read them.

`python -m tests.support.aave` writes the table anew.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from paramgen.mirror.aave_rates import aave_rates, largest_excess
from paramgen.mirror.rate import Curve
from paramgen.units import BPS, RAY, WAD, YEAR_365, Annum, Rounding

TABLE = Path(__file__).parents[1] / "aave" / "rates.json"
# Base, slope 1 and slope 2 in basis points a year; kink as a fraction.
YEARLY = {
    "whole basis points": ("0", "500", "6000", "0.8"),
    "fractions everywhere": ("123.45678", "432.1", "7555.5555", "0.85004999"),
    "flat": ("1000", "0", "0", "0.5"),
    "latest kink, steep": ("0", "333.333", "90000", "0.99"),
    "kink just under a whole basis point, steep": ("0", "400", "30000", "0.98999999"),
    "earliest kink": ("0", "10", "5000", "0.01"),
    "highest rate but one": ("0", "49999", "50000", "0.9"),
}


def encoded(base: str, slope_1: str, slope_2: str, kink: str) -> Curve:
    """The curve in the contracts' units, rates rounded up."""
    rates = [
        Annum(Fraction(rate) / BPS, YEAR_365).per_second(WAD, Rounding.UP)
        for rate in (base, slope_1, slope_2)
    ]
    return Curve(*rates, kink=int(Fraction(kink) * WAD))


def table() -> str:
    """Every curve with its data and the most by which they exceed it, 1e-27 a year, at least 0."""
    rows = []
    for name, yearly in YEARLY.items():
        curve = encoded(*yearly)
        rates = aave_rates(curve)
        excess = max(0, math.ceil(largest_excess(curve, rates) * RAY / BPS))
        numbers = {**asdict(curve), **asdict(rates), "largest_excess": excess}
        # As text: JSON numbers are exact only below 2^53.
        rows.append({"name": name} | {field: str(value) for field, value in numbers.items()})
    return json.dumps({"curves": rows}, indent=2) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
