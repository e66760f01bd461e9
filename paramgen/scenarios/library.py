"""The stress library: what moves by how much in each scenario, and who says so.

A scenario is a state of the world: its moves go to every asset of its classes, a basket's members
included, and to the intermediaries they share. Rows are data; no asset is named. Sections are those
of the report (Pharos Research, 2024–2025 cases); where the source says what moves but not how far,
or its table is lost, the size is ours and `assumed` says so in all output.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from paramgen.book.schema import AssetClass
from paramgen.model.pricing import UNSTRESSED, RiskDrivers


class Rule(enum.StrEnum):
    """How a move sets an input; the last two leave alone what is worse already."""

    TIMES = "times"
    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True)
class Move:
    """One input of an asset, of an intermediary or of the policy, and where it goes.

    Attributes
    ----------
    path : within an asset, `*` standing for one key; `counterparties.<role>.…` for all
        intermediaries of a role; `policy.…`.
    rule, amount : what it becomes, in the input's own unit.
    of : path of the asset's input that the amount is a multiple of, its `*` being the path's;
        empty for the amount itself.
    """

    path: str
    rule: Rule
    amount: Fraction
    of: str = ""


@dataclass(frozen=True)
class Scenario:
    """One row of the library.

    Attributes
    ----------
    classes : of assets that it strikes; empty for all.
    moves : of inputs. drivers : multipliers on PD, LGD, depth, σ and time to exit.
    thin_to : depth over issuance that the exits shrink to; None leaves them.
    section, sentence : where the report says it, in translation.
    assumed : which sizes are ours; empty where the report states them all.
    """

    name: str
    classes: frozenset[AssetClass]
    section: str
    sentence: str
    moves: tuple[Move, ...] = ()
    drivers: RiskDrivers = UNSTRESSED
    thin_to: float | None = None
    assumed: str = ""

    def strikes(self, asset_class: AssetClass) -> bool:
        """Whether assets of a class are struck by it."""
        return not self.classes or asset_class in self.classes


def _percent(value: str) -> Fraction:
    return Fraction(value) / 100


def _at_least(path: str, percent: str) -> Move:
    return Move(path, Rule.AT_LEAST, _percent(percent))


def _credit(default: str, loss: str) -> tuple[Move, ...]:
    """PD at least, and LGD at least in both of its forms: a recovery loses the same share."""
    kept = 1 - _percent(loss)
    return (
        _at_least("credit.floor", default),
        _at_least("credit.lgd", loss),
        Move("credit.recovery.recoverability", Rule.AT_MOST, kept),
    )


def _discount(percent: str) -> tuple[Move, ...]:
    """A market in which every negotiated sale, now, costs at least this share of the price."""
    return (
        _at_least("liquidity.routes.*.discount", percent),
        _at_least("liquidity.routes.*.stressed", percent),
        _STRESSED_NOW,
    )


_STRESSED_NOW = Move("policy.liquidity.stress_probability", Rule.AT_LEAST, Fraction(1))
_EXTREME = (
    *(
        Move(f"liquidity.routes.*.{part}", Rule.AT_LEAST, Fraction(1), "liquidity.routes.*.extreme")
        for part in ("discount", "stressed")
    ),
    _STRESSED_NOW,
)
_DAY = 86_400
_SAFE = frozenset({AssetClass.TREASURY, AssetClass.CASH})
_EVERY: frozenset[AssetClass] = frozenset()


def _of(*classes: AssetClass) -> frozenset[AssetClass]:
    return frozenset(classes)


MULTIPLIERS: Final[Mapping[str, RiskDrivers]] = {
    "credit": RiskDrivers(2.0, 1.25, 1.0, 1.0, 1.0),
    "liquidity": RiskDrivers(1.0, 1.0, 0.25, 1.0, 2.0),
    "market": RiskDrivers(1.0, 1.0, 0.5, 2.0, 1.0),
    "all at once": RiskDrivers(2.0, 1.25, 0.25, 2.0, 2.0),
}
"""Multipliers on (PD, LGD, depth, σ, time to exit), the same for every class."""

_GENERAL = tuple(
    Scenario(
        name,
        _EVERY,
        "2.5.3",
        "Which variables the yield answers to; liquidity has the greatest effect.",
        drivers=by,
        assumed="the multipliers",
    )
    for name, by in MULTIPLIERS.items()
)

_SIGNALS = (
    Scenario(
        "thin market",
        _EVERY,
        "1, risk factors",
        "A pool too shallow to trade 10 % of the issue lifts the liquidity discount from 50 bp to "
        "200–300 bp: 200 bp.",
        thin_to=1 / 40,
    ),
    Scenario(
        "thinnest market",
        _EVERY,
        "1, risk factors",
        "A pool too shallow to trade 10 % of the issue lifts the liquidity discount from 50 bp to "
        "200–300 bp: 300 bp.",
        thin_to=1 / 60,
    ),
    Scenario(
        "custody coverage falls",
        _EVERY,
        "1, risk factors",
        "Deposits with the custodian cover less of the claims: PD is raised.",
        (Move("credit.signals.custody_coverage", Rule.AT_MOST, _percent("80")),),
        assumed="coverage of 80 %",
    ),
    Scenario(
        "proof of collateral missing",
        _EVERY,
        "1, risk factors",
        "Collateral is not verified: LGD is raised.",
        (_at_least("credit.signals.unproven_collateral", "50"),),
        assumed="half of the collateral",
    ),
    Scenario(
        "oracle astray",
        _EVERY,
        "1, risk factors",
        "The oracle is off by more than 0.5 % or late time after time: the market premium rises.",
        (
            _at_least("market.deviation", "1"),
            Move("market.delay", Rule.AT_LEAST, Fraction(3), "oracle.primary.heartbeat"),
        ),
        assumed="twice the 0.5 %, three heartbeats late",
    ),
    Scenario(
        "custodian downgraded, makers gone",
        _EVERY,
        "1, risk factors",
        "The custodian bank is downgraded, market makers leave: counterparty risk rises markedly.",
        (
            Move("credit.signals.custodian_notches", Rule.AT_LEAST, Fraction(3)),
            _at_least("credit.signals.market_makers_left", "100"),
        ),
        assumed="three notches, all makers",
    ),
    Scenario(
        "vehicle not isolated",
        _EVERY,
        "4.4.1",
        "A vehicle that cannot prove its independence is looked through; its credit risk is the "
        "platform's.",
        (
            Move("counterparties.spv.hazard", Rule.TIMES, Fraction(3)),
            Move("counterparties.spv.recovery", Rule.TIMES, Fraction(1, 2)),
        ),
        assumed="three times the hazard, half the recovery",
    ),
)

_BY_CLASS = (
    Scenario(
        "fund at the end of its range",
        _SAFE,
        "3.1.5",
        "PD below 0.01 %, LGD practically 0–2 %.",
        _credit("0.01", "2"),
    ),
    Scenario(
        "redemption held up",
        _SAFE | _of(AssetClass.FUND),
        "3.1.6",
        "Buy-back is T+0 or T+1; how long legal redemption takes depends on the custodian bank.",
        (
            Move("liquidity.routes.*.time", Rule.AT_LEAST, Fraction(7 * _DAY)),
            Move("liquidity.routes.*.capacity", Rule.TIMES, Fraction(1, 4)),
            _STRESSED_NOW,
        ),
        assumed="a week, a quarter of the capacity: the table is lost",
    ),
    Scenario(
        "property at the end of its range",
        _of(AssetClass.REAL_ESTATE),
        "3.2.5",
        "Vacancy of 15–20 %: PD 1–3 %; enforcement across borders is costly: LGD 15–35 %.",
        _credit("3", "35"),
    ),
    Scenario(
        "property in a weak registry",
        _of(AssetClass.REAL_ESTATE),
        "3.4.5",
        "Property of Latin America: PD 4–10 %, LGD 25–45 %.",
        _credit("10", "45"),
    ),
    Scenario(
        "property market under stress",
        _of(AssetClass.REAL_ESTATE),
        "3.4.6",
        "Normal discount 8–15 %; under market stress 15–25 %.",
        _discount("25"),
    ),
    Scenario(
        "small issuer at the end of its range",
        _of(AssetClass.CORPORATE_NOTE),
        "3.3",
        "Small and medium companies: PD 6–10 %, LGD 40–55 %.",
        _credit("10", "55"),
    ),
    Scenario(
        "dealer's quotes withdrawn",
        _of(AssetClass.CORPORATE_NOTE),
        "3.3",
        "There are quotes in the secondary market, but depth is limited.",
        _EXTREME,
        drivers=RiskDrivers(1.0, 1.0, 0.5, 1.0, 1.0),
        assumed="half the depth, the book's extreme discount: the table is lost",
    ),
    Scenario(
        "receivables at the end of their range",
        _of(AssetClass.RECEIVABLE),
        "2.2.2, 4.5.2",
        "LGD of receivables and trade finance is often 25–45 %; bad debt below 0.3 %, refunds "
        "1.8–2.3 %.",
        _credit("2.6", "45"),
    ),
    Scenario(
        "collections below the trigger",
        _of(AssetClass.RECEIVABLE),
        "4.4.3",
        "Triggers reallocate cash once collections fall below a threshold or overdues rise.",
        (Move("liquidity.routes.*.time", Rule.TIMES, Fraction(2)),),
        drivers=RiskDrivers(2.0, 1.0, 0.5, 1.0, 1.0),
        assumed="twice the defaults and the time, half the collections",
    ),
    Scenario(
        "commodity market under stress",
        _of(AssetClass.COMMODITY),
        "3.5.6",
        "Normally 3–7 %; under market stress 8–15 %.",
        _discount("15"),
    ),
    Scenario(
        "commodity in an extreme event",
        _of(AssetClass.COMMODITY),
        "3.5.6",
        "In an extreme event 15–25 %, prices being discontinuous.",
        _discount("25"),
    ),
    Scenario(
        "vault fails",
        _of(AssetClass.COMMODITY),
        "3.5.5",
        "LGD comes from failed custody or theft, estimated at 5–15 %.",
        (
            Move("counterparties.custodian.recovery", Rule.AT_MOST, _percent("85")),
            Move("counterparties.custodian.hazard", Rule.TIMES, Fraction(10)),
        ),
        assumed="ten times the hazard",
    ),
    Scenario(
        "mining income falls",
        _of(AssetClass.HASH_POWER),
        "landscape, FireX",
        "Income follows the bitcoin price and the cost of energy.",
        _EXTREME,
        drivers=RiskDrivers(2.0, 1.1, 0.5, 1.5, 1.0),
        assumed="all sizes",
    ),
)

_STRUCTURED = (
    Scenario(
        "enhancement at its low end",
        _EVERY,
        "4.4.3",
        "Overcollateral is commonly 3–8 %.",
        (Move("structure.overcollateral", Rule.AT_MOST, _percent("3")),),
    ),
    Scenario(
        "enhancement spent",
        _EVERY,
        "4.4.3",
        "Enhancement absorbs risk and volatility; it is no promise to pay.",
        (
            Move("structure.overcollateral", Rule.AT_MOST, Fraction(0)),
            Move("structure.reserve", Rule.AT_MOST, Fraction(0)),
        ),
        assumed="all of it",
    ),
    Scenario(
        "members fall together",
        _of(AssetClass.BASKET),
        "landscape, AlloyX",
        "Assets of different risk, such as T-bills and trade finance, are mixed into one product.",
        (_at_least("structure.correlation", "30"),),
        drivers=RiskDrivers(2.0, 1.0, 1.0, 1.0, 1.0),
        assumed="a correlation of 30 %, twice the defaults",
    ),
)

SCENARIOS: Final[Mapping[str, Scenario]] = {
    row.name: row for row in (*_GENERAL, *_SIGNALS, *_BY_CLASS, *_STRUCTURED)
}
"""Every scenario by its name, in the order in which they are shown."""
