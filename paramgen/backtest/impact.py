"""What an update does to the positions that stand: who can be liquidated, and what is left over.

Exact integers throughout, in 1e-8 USD, as arrays of Python's own so that nothing overflows. Each
rounding is named: collateral is worth ⌊amount·price/10^decimals⌋; a position may be liquidated iff
debt·10⁴ > value·LT, without division; its collateral repays ⌊value·10⁴/(10⁴ + b)⌋ at most, so bad
debt is rounded up; the bonus is rounded up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paramgen.encode import Word, unpack
from paramgen.mirror.rate import WAD, Curve, rate_at
from paramgen.units import BPS, YEAR_365

Integers = NDArray[Any]
"""Python integers, dtype object."""

Holds = NDArray[np.bool_]


@dataclass(frozen=True)
class Snapshot:
    """Positions at one moment, (n,) each; one row an account and asset.

    Attributes
    ----------
    accounts : (n,) whose they are.
    assets : (n,) names of collateral.
    amounts : (n,) in the token's smallest unit.
    debts : (n,) in 1e-8 USD.
    """

    accounts: NDArray[Any]
    assets: NDArray[Any]
    amounts: Integers
    debts: Integers

    def of(self, asset: str) -> Snapshot:
        """The positions in one asset."""
        own = self.assets == asset
        return Snapshot(self.accounts[own], self.assets[own], self.amounts[own], self.debts[own])


@dataclass(frozen=True)
class Terms:
    """What a market's words say of a position: LT and bonus in bp, the rate curve if it has one."""

    threshold: int
    bonus: int
    curve: Curve | None

    @classmethod
    def of(cls, words: Mapping[Word, int]) -> Terms:
        """Read a market's words."""
        fields = unpack(Word.COLLATERAL, words[Word.COLLATERAL])
        rate = words[Word.RATE]
        curve = Curve.from_word(rate) if rate else None
        return cls(fields["liquidation_threshold"], fields["liquidation_bonus"], curve)


@dataclass(frozen=True)
class Change:
    """One market before and after: its terms, its price in 1e-8 USD, its token's decimals."""

    asset: str
    before: Terms
    after: Terms
    price: int
    decimals: int


@dataclass(frozen=True)
class Fall:
    """One case of the stress set: the share of its value that collateral keeps, in 1e-18."""

    name: str
    kept: int


TODAY = Fall("today", WAD)


@dataclass(frozen=True)
class Side:
    """The positions that may be liquidated under one set of terms; amounts in 1e-8 USD.

    Attributes
    ----------
    count : positions. debt, value : theirs.
    bad_debt : debt that their collateral does not repay once the bonus is paid.
    bonus : what liquidators gain where all of them are liquidated whole.
    """

    count: int
    debt: int
    value: int
    bad_debt: int
    bonus: int


@dataclass(frozen=True)
class Impact:
    """One market in one case.

    Attributes
    ----------
    newly : those that may be liquidated after and could not before.
    accounts : whose positions those are, each once, in the snapshot's order.
    """

    asset: str
    fall: Fall
    before: Side
    after: Side
    newly: Side
    accounts: tuple[str, ...]


@dataclass(frozen=True)
class Rates:
    """One market at one utilisation: rates a year, and what its borrowers pay a year in USD."""

    asset: str
    utilisation: float
    borrow: tuple[float, float]
    supply: tuple[float, float]
    paid: tuple[float, float]


def impacts(
    snapshot: Snapshot, changes: Sequence[Change], falls: Mapping[str, Sequence[Fall]]
) -> Iterator[Impact]:
    """Every market in every case of its stress set, today first.

    Parameters
    ----------
    falls : by asset, the cases beside today.
    """
    for change in changes:
        positions = snapshot.of(change.asset)
        worth = worth_of(positions.amounts, change.price, change.decimals)
        for fall in (TODAY, *falls.get(change.asset, ())):
            yield _impact(change, fall, positions, worth * fall.kept // WAD)


def by_case(found: Sequence[Impact]) -> tuple[Impact, ...]:
    """The markets' sum in each case, in the order of the cases; a case concerns its own markets."""
    cases = dict.fromkeys(each.fall.name for each in found)
    return tuple(_summed([each for each in found if each.fall.name == case]) for case in cases)


def _summed(same: Sequence[Impact]) -> Impact:
    before, after, newly = (
        Side(*(sum(amounts) for amounts in zip(*(astuple(side) for side in sides), strict=True)))
        for sides in zip(*((each.before, each.after, each.newly) for each in same), strict=True)
    )
    accounts = dict.fromkeys(account for each in same for account in each.accounts)
    markets = "in 1 market" if len(same) == 1 else f"in {len(same)} markets"
    return Impact(markets, same[0].fall, before, after, newly, tuple(accounts))


def worth_of(amounts: Integers, price: int, decimals: int) -> Integers:
    """Worth of (n,) amounts in 1e-8 USD, rounded down."""
    return np.asarray(amounts * price // 10**decimals, dtype=object)


def may_be_liquidated(worth: Integers, debts: Integers, threshold: int) -> Holds:
    """Whether each of (n,) positions may be liquidated at LT in bp."""
    return np.asarray(debts * BPS > worth * threshold, dtype=np.bool_)


def repaid(worth: Integers, debts: Integers, bonus: int) -> Integers:
    """What the collateral of (n,) positions repays at a bonus in bp, rounded down."""
    return np.asarray(np.minimum(debts, worth * BPS // (BPS + bonus)), dtype=object)


def rates(
    snapshot: Snapshot, changes: Sequence[Change], utilisation: float, reserve_factor: float
) -> Iterator[Rates]:
    """What borrowers pay and lenders earn in every market at one utilisation, fractions a year."""
    used = round(utilisation * WAD)
    for change in changes:
        owed = int(snapshot.of(change.asset).debts.sum()) / 1e8
        borrow = (_yearly(change.before.curve, used), _yearly(change.after.curve, used))
        earned = utilisation * (1.0 - reserve_factor)
        yield Rates(
            change.asset,
            utilisation,
            borrow,
            (borrow[0] * earned, borrow[1] * earned),
            (borrow[0] * owed, borrow[1] * owed),
        )


def _yearly(curve: Curve | None, used: int) -> float:
    return 0.0 if curve is None else float(rate_at(curve, used) * YEAR_365.seconds / WAD)


def _impact(change: Change, fall: Fall, positions: Snapshot, worth: Integers) -> Impact:
    terms = (change.before, change.after)
    before, after = (may_be_liquidated(worth, positions.debts, t.threshold) for t in terms)
    newly = after & ~before
    return Impact(
        change.asset,
        fall,
        _side(worth, positions.debts, before, change.before.bonus),
        _side(worth, positions.debts, after, change.after.bonus),
        _side(worth, positions.debts, newly, change.after.bonus),
        tuple(dict.fromkeys(positions.accounts[newly])),
    )


def _side(worth: Integers, debts: Integers, holds: Holds, bonus: int) -> Side:
    value, debt = worth[holds], debts[holds]
    paid = repaid(value, debt, bonus)
    return Side(
        count=int(np.count_nonzero(holds)),
        debt=int(debt.sum()),
        value=int(value.sum()),
        bad_debt=int((debt - paid).sum()),
        bonus=int((-(-paid * bonus // BPS)).sum()),
    )
