"""Composite prices of a market: arrays against a loop over assets in QuantLib and scipy.

`run()` gives the ratio at 100 000 assets, results being equal to 1e-9, and the growth to a million
in time and memory.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from dataclasses import fields

import numpy as np
import QuantLib as ql
from scipy import special

from benchmarks.measure import Result, ratio, ratios, require, spaced, timed
from paramgen.model.curve import Curve, treasury_curve
from paramgen.model.portfolio import Appetite, Universe, price
from paramgen.model.structure import LEAST_SHORTFALL

ASSETS = 100_000
LARGE = 1_000_000
TURNS = 3
SEED = 20_260_101
SAME = 1e-9
RATIO, GROWTH, MEMORY = 100.0, 1.15, 4.0

YIELDS = {
    "1M": 0.0547, "3M": 0.0548, "6M": 0.0533, "1Y": 0.0509, "2Y": 0.0471, "3Y": 0.0452,
    "5Y": 0.0433, "7Y": 0.0433, "10Y": 0.0436,
}  # fmt: skip
APPETITE = Appetite(
    confidence=0.99,
    z=2.65,
    exit_share=0.1,
    stress_probability=0.1,
    thin_exponent=1.0,
    deviation_weight=1.0,
    delay_weight=0.02,
)


def market(count: int) -> Universe:
    """Return assets drawn over what the example book holds; half are notes, a third no pool."""
    draw = np.random.default_rng(SEED)

    def between(low: float, high: float) -> np.ndarray:
        return draw.uniform(low, high, count)

    return Universe(
        tenor=between(0.05, 9.5),
        default_probability=between(1e-4, 0.1),
        recoverability=between(0.5, 0.999),
        enforceability=between(0.6, 0.99),
        slippage=between(0.0, 0.1),
        return_time=between(0.0, 1.0),
        cost=between(0.0, 0.03),
        correlation=between(0.02, 0.4),
        attachment=np.where(draw.random(count) < 0.5, between(0.01, 0.15), 0.0),
        issuance=np.exp(between(13.0, 21.0)),
        reserve=np.where(draw.random(count) < 0.7, np.exp(between(12.0, 18.0)), 0.0),
        fee=between(1e-4, 0.01),
        stress=between(0.05, 1.0),
        redemption_fee=between(0.0, 0.005),
        redemption_time=between(0.0, 0.2),
        redemption_capacity=np.exp(between(20.0, 22.0)),
        volatility=between(0.002, 0.5),
        holding_period=between(0.1, 5.0),
        hazard=draw.uniform(1e-4, 0.02, (count, 5)),
        recovery=draw.uniform(0.3, 0.95, (count, 5)),
        deviation=between(0.0, 0.02),
        age=between(0.0, 3.0),
        staleness_limit=between(1.0, 2.0),
        legal_probability=between(0.0, 0.03),
        legal_loss=between(0.0, 0.5),
        legal_cost=between(0.0, 0.01),
    )


# The loop: an asset at a time, with QuantLib's objects and scipy's functions. ---------------------


class Loop:
    """Prices one asset after another."""

    def __init__(self, curve: Curve, appetite: Appetite) -> None:
        self.today = ql.Date(2, 1, 2026)
        ql.Settings.instance().evaluationDate = self.today
        self.days = ql.Actual365Fixed()
        dates = [self.today, *(self.today + round(365 * t) for t in curve.times)]
        self.pillars = np.array([0.0, *(self.days.yearFraction(self.today, d) for d in dates[1:])])
        self.curve, self.appetite = curve, appetite

    def price(self, row: dict[str, float], hazard: np.ndarray, recovery: np.ndarray) -> float:
        """Return the composite yield of one asset."""
        rate = self._rate(row["tenor"])
        default, loss = self._note(row, rate)
        obligor = -np.log1p(-default)
        return (
            rate
            + default * loss
            + self._liquidity(row, rate)
            + self._market(row)
            + self._counterparty(hazard, recovery, obligor)
            + row["legal_probability"] * row["legal_loss"]
            + row["legal_cost"]
        )

    def _rate(self, tenor: float) -> float:
        logs = np.interp(tenor, (0.0, *self.curve.times), (0.0, *self.curve.log_discount))
        factor = float(np.exp(logs))
        return ql.InterestRate.impliedRate(
            1.0 / factor, self.days, ql.Continuous, ql.Annual, tenor
        ).rate()

    def _note(self, row: dict[str, float], rate: float) -> tuple[float, float]:
        kept = row["recoverability"] * row["enforceability"] * (1.0 - row["slippage"])
        discount = np.exp(-rate * row["return_time"])
        loss = 1.0 - min(max(kept * discount - row["cost"], 0.0), 1.0)
        default, attachment = row["default_probability"], row["attachment"]
        if attachment <= 0.0:
            return default, loss
        rho, confidence = row["correlation"], self.appetite.confidence
        threshold = attachment / loss
        excess = self._excess(default, rho, threshold)
        expected = loss * (excess - self._excess(default, rho, 1.0 / loss)) / (1.0 - attachment)
        quantile = special.ndtr(
            (special.ndtri(default) + np.sqrt(rho) * special.ndtri(confidence)) / np.sqrt(1.0 - rho)
        )
        tail = self._excess(default, rho, max(threshold, quantile)) / (1.0 - confidence)
        worst = loss * (tail + max(quantile - threshold, 0.0)) / (1.0 - attachment)
        if worst <= LEAST_SHORTFALL:
            return 1.0 - confidence, 0.0
        return min(expected / worst, 1.0), worst

    @staticmethod
    def _excess(default: float, rho: float, threshold: float) -> float:
        if threshold >= 1.0:
            return 0.0
        joint = ql.BivariateCumulativeNormalDistributionWe04DP(-np.sqrt(1.0 - rho))
        return joint(-special.ndtri(threshold), special.ndtri(default))

    def _liquidity(self, row: dict[str, float], rate: float) -> float:
        rules = self.appetite
        size = row["issuance"] * max(rules.exit_share, 0.10)
        time = row["redemption_time"]
        waiting = row["redemption_fee"] + rate * time + rules.z * row["volatility"] * np.sqrt(time)
        exits = []
        for left in (1.0, row["stress"]):
            routes = [min(waiting, 1.0)] if row["redemption_capacity"] >= size else []
            if row["reserve"] > 0.0:
                reserve, kept = row["reserve"] * left, 1.0 - row["fee"]
                routes.append(1.0 - kept * reserve / (reserve + kept * size))
            exits.append(min(routes))
        chance = rules.stress_probability
        cost = ((1.0 - chance) * exits[0] + chance * exits[1]) / row["holding_period"]
        depth = (row["reserve"] * row["stress"] + row["redemption_capacity"]) / row["issuance"]
        thin = 0.0 if depth >= 0.1 else min(50e-4 * (0.1 / depth) ** rules.thin_exponent, 300e-4)
        return max(cost, thin)

    def _market(self, row: dict[str, float]) -> float:
        beyond = max(row["deviation"] - 50e-4, 0.0)
        late = max(row["age"] / row["staleness_limit"] - 1.0, 0.0)
        return self.appetite.deviation_weight * beyond + self.appetite.delay_weight * late

    def _counterparty(self, hazard: np.ndarray, recovery: np.ndarray, obligor: float) -> float:
        whole = ql.SimpleQuote(float(hazard.sum() + obligor))
        survival = ql.FlatHazardRate(self.today, ql.QuoteHandle(whole), self.days)
        value, before = 0.0, 1.0
        for quarter in (0.25, 0.5, 0.75, 1.0):
            after = survival.survivalProbability(quarter)
            for rate, kept in zip(hazard, recovery, strict=True):
                value += (1.0 - kept) * rate / whole.value() * (before - after)
            before = after
        return value


# What is measured. --------------------------------------------------------------------------------


def run(assets: int = ASSETS, large: int = LARGE) -> list[Result]:
    """Measure, and hold each figure to its bound."""
    curve, universe = treasury_curve(YIELDS), market(assets)
    rows, loop, looped = by_asset(universe), Loop(curve, APPETITE), []

    def one_by_one() -> None:
        looped[:] = [loop.price(*row) for row in rows]

    found = ratios(lambda: price(curve, universe, APPETITE), one_by_one, turns=TURNS)
    ours = price(curve, universe, APPETITE).parts.total
    apart = float(np.max(np.abs(ours - np.array(looped))))
    require(apart <= SAME)
    small, big = _grown(assets), _grown(large)
    growth = (big["seconds"] / large) / (small["seconds"] / assets)
    memory = big["memory"] / 2**30
    name = f"QuantLib + scipy loop over arrays, {spaced(assets)} assets, yields within {apart:.1g}"
    grown = f"time an asset at {spaced(large)} over {spaced(assets)}"
    return [
        ratio(name, found, RATIO),
        Result(grown, growth, f"≤ {GROWTH:g}", growth <= GROWTH),
        Result(f"peak memory at {spaced(large)}, GiB", memory, f"≤ {MEMORY:g}", memory <= MEMORY),
    ]


def by_asset(universe: Universe) -> list[tuple[dict[str, float], np.ndarray, np.ndarray]]:
    """The assets one by one, as `Loop.price` takes them."""
    flat = [f.name for f in fields(universe) if f.name not in ("hazard", "recovery")]
    columns = [getattr(universe, name).tolist() for name in flat]
    rows = [dict(zip(flat, values, strict=True)) for values in zip(*columns, strict=True)]
    return list(zip(rows, universe.hazard, universe.recovery, strict=True))


def _grown(count: int) -> dict[str, float]:
    """Seconds and peak memory of pricing so many assets, in a process of its own."""
    program = f"from benchmarks.pricing import measured; measured({count})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def measured(count: int) -> None:
    """Print the seconds and the peak memory of this process, in which nothing else was done."""
    curve, universe = treasury_curve(YIELDS), market(count)
    price(curve, universe, APPETITE)
    seconds = statistics.median(timed(lambda: price(curve, universe, APPETITE)) for _ in range(5))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "memory": peak}))
