"""Whether calibrated evidence answers what a book and its policy ask of it.

A calibration holds the settings it was made under. One that was made for another confidence, other
false alarms, another accrual or another staleness limit is no evidence for this book, however near.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paramgen.book.calibration import Calibration, Staleness
from paramgen.book.policy import Policy
from paramgen.book.prices import Feed
from paramgen.book.schema import Asset
from paramgen.params.binding import Binding
from paramgen.params.fallback import GapTail


@dataclass(frozen=True)
class Mismatch:
    """One way in which a calibration does not fit: where in the asset, and what is wrong."""

    path: str
    calibration: str
    bound: str
    hint: str


def calibrated_gaps(found: Staleness, alarms_per_year: float) -> GapTail:
    """The tail of a feed's gaps as it was calibrated."""
    quantile = None if found.quantile is None else found.quantile.value
    return GapTail(found.updates_per_year, alarms_per_year, quantile)


def mismatches(
    asset: Asset, policy: Policy, calibrations: Mapping[str, Calibration], limit: Binding | None
) -> Iterator[Mismatch]:
    """Yield every way in which the calibrations that an asset names do not answer it.

    Parameters
    ----------
    limit : T of the primary feed, over which z must have been had; None where it has a fault.
    """
    yield from _of_market(asset, policy, calibrations, limit)
    yield from _of_oracle(asset, policy, calibrations)
    feeds = {"primary": asset.oracle.primary, "secondary": asset.oracle.secondary}
    for leg, feed in feeds.items():
        if feed is not None:
            yield from _of_feed(f"oracle.{leg}.calibration", feed, policy, calibrations)
    if asset.lending.calibration is not None:
        reader = _Reader("lending.calibration", calibrations[asset.lending.calibration])
        yield from reader.lacks("outflow")
        yield from reader.differs("confidence", float(policy.confidence), "the policy's")


def _of_market(
    asset: Asset, policy: Policy, calibrations: Mapping[str, Calibration], limit: Binding | None
) -> Iterator[Mismatch]:
    name = asset.market.calibration
    if name is None:
        return
    reader = _Reader("market.calibration", calibrations[name])
    yield from reader.lacks("price")
    yield from reader.differs("confidence", float(policy.confidence), "the policy's")
    yield from reader.differs("poke_interval", float(policy.oracle.poke_interval), "the policy's")
    price = calibrations[name].price
    if price is not None and limit is not None and price.horizon != limit.value:
        yield reader.fault(
            f"has its z over {price.horizon:g} s; the primary's staleness limit is "
            f"{limit.value:g} s, by {limit.binding}.",
            f"Calibrate again with --horizon '{limit.value:g} s'.",
        )


def _of_oracle(
    asset: Asset, policy: Policy, calibrations: Mapping[str, Calibration]
) -> Iterator[Mismatch]:
    oracle = asset.oracle
    if oracle.calibration is None:
        return
    found = calibrations[oracle.calibration]
    reader = _Reader("oracle.calibration", found)
    yield from reader.lacks("breaker")
    yield from reader.differs("alarms_per_year", float(policy.oracle.false_alarms), "the policy's")
    yield from reader.differs("poke_interval", float(policy.oracle.poke_interval), "the policy's")
    yield from reader.differs("accrual", float(asset.accrual), "the asset's")
    yield from reader.differs("tick", float(oracle.tick), "the oracle's")
    if oracle.secondary is None:
        return
    if oracle.tolerance is None:
        yield from reader.lacks("tolerance")
    elif found.tolerance is not None:
        yield reader.fault(
            f"holds a tolerance, {1e4 * found.tolerance.value.value:.4g} bp, and the book states "
            f"{oracle.tolerance.written}.",
            "Leave oracle.tolerance out, or calibrate without --second.",
        )


def _of_feed(
    path: str, feed: Feed, policy: Policy, calibrations: Mapping[str, Calibration]
) -> Iterator[Mismatch]:
    if feed.calibration is None:
        return
    reader = _Reader(path, calibrations[feed.calibration])
    yield from reader.lacks("staleness")
    yield from reader.differs("alarms_per_year", float(policy.oracle.false_alarms), "the policy's")


@dataclass(frozen=True)
class _Reader:
    path: str
    found: Calibration

    def lacks(self, section: str) -> Iterator[Mismatch]:
        if getattr(self.found, section) is None:
            why = self.found.refused.get(section, "it was not asked for.")
            yield self.fault(f"holds no {section}: {why}", "Calibrate what has one, or declare it.")

    def differs(self, setting: str, wanted: float, whose: str) -> Iterator[Mismatch]:
        had = getattr(self.found.settings, setting)
        if had != wanted:
            name = setting.replace("_", " ")
            yield self.fault(
                f"was made for {name} of {had:g}; {whose} is {wanted:g}.",
                "Calibrate again with the book's policy: --policy, or --book and --asset.",
            )

    def fault(self, bound: str, hint: str) -> Mismatch:
        return Mismatch(self.path, self.found.name, bound, hint)
