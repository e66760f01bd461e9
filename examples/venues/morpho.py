"""A market of the example book on Morpho Blue's own code: listed, lent on, paused, liquidated.

`python -m examples.venues morpho` runs it and prints each value beside what book and mirrors say.
Morpho Blue is npm `@morpho-org/morpho-blue`, compiled with the compiler that it pins. The book
lists the asset there; the market is created by the call of the `morpho-blue` target, proposed as
`paramgen propose --target` does it, verified, and sent as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from examples.venues.book import ASSET, Desk, with_accrual, with_input
from examples.venues.chain import Check, Local, ours, theirs
from examples.venues.market import Market
from paramgen.book.venues import Loan, Morpho
from paramgen.edge.deploy import NOBODY
from paramgen.mirror.decay import WAD
from paramgen.mirror.oracle import Status
from paramgen.mirror.rate import ceil_divide, rate_at
from paramgen.mirror.venues import (
    MORPHO_SCALE,
    PAR,
    morpho_interest,
    morpho_price,
    morpho_rate,
    morpho_scale,
)
from paramgen.targets.morpho import MORPHO, market_id
from paramgen.targets.venue import parameters_of

LOAN_DECIMALS = 6
SUPPLIED = 100_000 * 10**LOAN_DECIMALS
COLLATERAL_TOKENS = 100_000
BORROWED = Fraction("0.62")
"""Of the collateral's value: below LLTV by more than the step of decay at T."""

RUN = 10 * 86_400
BASE_RATE = "1 %/y"
NEW_BASE_RATE = 317_097_920
"""⌈0.01 · 1e18 / 31 536 000⌉ per second."""

VIRTUAL_SHARES = 10**6
HEALTHY = "position is healthy"
_EMPTY = b""
_GRID = 20


class MorphoMarket:
    """One isolated market, from its book to its last liquidation."""

    def __init__(self, desk: Desk, local: Local) -> None:
        self.local = local
        self.asset = Market(desk, local)

    # --- standing it up ---------------------------------------------------------------------------

    def stand_up(self) -> Iterator[Check]:
        """Apply the book, create the market on its oracle and rate model, hold both to the book."""
        self._deploy()
        told = self.asset.apply(with_accrual(self.asset.book, ASSET, self.accrual.address))
        yield Check(
            "list", "transactions for the accrual target", _steps(told), [f"listing/{ASSET}"]
        )
        yield from self._create()
        yield Check("list", "its price, 1e36", self._price(), self._at_scale(self.asset.price))
        yield from self.curve("list")

    def _deploy(self) -> None:
        local, asset = self.local, self.asset
        self.loan = local.deploy(ours("MockToken"), "Dollar", "USD", LOAN_DECIMALS)
        self.morpho = local.deploy(theirs("morpho", "Morpho"), local.deployer)
        target = self.morpho.address, asset.steward.address
        self.accrual = local.deploy(ours("MorphoAccrual"), *target)
        model = asset.contracts["rate model"], self.accrual.address
        self.irm = local.deploy(ours("MorphoRateModel"), *model)
        legs = asset.oracle.address, self.loan.address, NOBODY, True
        self.oracle = local.deploy(ours("MorphoOracle"), *legs)

    def _create(self) -> Iterator[Check]:
        """Morpho's owner enables model and LLTV; the governor lists; anyone sends the call."""
        settings = MORPHO.settings(parameters_of(self.asset.entry), self._entry())
        self.parameters = tuple(each.value for each in settings)
        self.id = bytes.fromhex(market_id(settings).removeprefix("0x"))
        self.lltv = int(Fraction(self.asset.entry["beside"]["morpho_lltv"]) * WAD)
        calls = self.morpho.functions
        self.local.send(calls.enableIrm(self.irm.address))
        self.local.send(calls.enableLltv(self.lltv))
        self.local.send(self.accrual.functions.listMarket(self.parameters))
        yield from self.asset.carry_out("list", self._entry())
        known = tuple(self.morpho.functions.idToMarketParams(self.id).call())
        promised = MORPHO.readings(settings, self._entry())
        wanted = tuple(reading.value for reading in promised)
        yield Check("list", "all that the target promises", known, wanted)
        yield Check("list", "LLTV, 1e18", known[-1], self.lltv)

    def _entry(self) -> Morpho:
        """As a book names the venue of an asset."""
        return Morpho(
            kind="morpho-blue",
            chain_id=self.local.web3.eth.chain_id,
            morpho=self.morpho.address,
            collateral=self.asset.token.address,
            oracle=self.oracle.address,
            irm=self.irm.address,
            loan=Loan(token=self.loan.address, decimals=LOAN_DECIMALS, at_par=True),
        )

    # --- lending ----------------------------------------------------------------------------------

    def lend(self) -> Iterator[Check]:
        """Supply, pledge, and borrow up to Morpho's limit and not one unit beyond it."""
        local, calls = self.local, self.morpho.functions
        for who in (local.lender, local.borrower, local.liquidator):
            local.give(self.loan, who, 2 * SUPPLIED, self.morpho.address)
        self.pledged = COLLATERAL_TOKENS * 10**self.asset.decimals
        local.give(self.asset.token, local.borrower, self.pledged, self.morpho.address)
        local.send(calls.supply(self.parameters, SUPPLIED, 0, local.lender, _EMPTY), local.lender)
        pledge = calls.supplyCollateral(self.parameters, self.pledged, local.borrower, _EMPTY)
        local.send(pledge, local.borrower)

        worth = self.pledged * self._at_scale(self.asset.price) // MORPHO_SCALE
        most = worth * self.lltv // WAD
        yield Check("lend", "the largest loan", self._why_not_borrow(most), "")
        beyond = self._why_not_borrow(most + 1)
        yield Check("lend", "one unit more", beyond, "insufficient collateral")
        debt = int(worth * BORROWED)
        local.send(self._borrow(debt), local.borrower)
        yield Check("lend", "borrowed", self._totals()["borrowed"], debt)

    def accrue(self) -> Iterator[Check]:
        """Ten days at one curve, then a new one: each period at its own rate, to the unit."""
        owed = self._owed_after(RUN)
        self.local.send(self.morpho.functions.accrueInterest(self.parameters))
        yield Check("accrue", "owed after ten days", self._totals()["borrowed"], owed())

        owed = self._owed_after(RUN)
        path = f"assets.{ASSET}.lending.base_rate"
        told = self.asset.apply(with_input(self.asset.book, path, BASE_RATE))
        yield Check("accrue", "a new base rate lands in one batch", _steps(told), ["batch"])
        yield Check("accrue", "the new base rate", self._rate_at(0), NEW_BASE_RATE)
        yield Check("accrue", "ten days more at the old rate", self._totals()["borrowed"], owed())
        yield from self.curve("accrue")

        owed = self._owed_after(RUN)
        self.local.send(self.morpho.functions.accrueInterest(self.parameters))
        yield Check("accrue", "and ten at the new", self._totals()["borrowed"], owed())

    def curve(self, step: str) -> Iterator[Check]:
        """The rate that Morpho would charge over the whole range of utilisation, bit for bit."""
        curve = self.asset.curve
        grid = sorted({WAD * n // _GRID for n in range(_GRID + 1)} | {curve.kink, curve.kink + 1})
        charged = [self._rate_at(u) for u in grid]
        yield Check(step, "rates from 0 to 100 %", charged, [rate_at(curve, u) for u in grid])

    def _owed_after(self, seconds: int) -> Callable[[], int]:
        """Let time pass with fresh feeds; what is owed once somebody accrues."""
        owed = self._owed_since(self._totals())
        self.local.move_to(self.local.now() + seconds)
        self.asset.say(self.asset.price)
        return owed

    def _owed_since(self, before: Mapping[str, int]) -> Callable[[], int]:
        """What was owed then, with interest at the rate of then up to Morpho's last accrual."""
        rate = morpho_rate(self.asset.curve, before["supplied"], before["borrowed"])

        def owed() -> int:
            elapsed = self._totals()["updated"] - before["updated"]
            return before["borrowed"] + morpho_interest(before["borrowed"], rate, elapsed)

        return owed

    def _rate_at(self, utilisation: int) -> int:
        """Morpho's question at a utilisation of our choosing; the model reads nothing else."""
        market = (WAD, WAD, utilisation, WAD, self.local.now(), 0)
        return int(self.irm.functions.borrowRateView(self.parameters, market).call())

    # --- silence, pause, review -------------------------------------------------------------------

    def fall_silent(self) -> Iterator[Check]:
        """One second past T the price steps down by D(T⁺), and nobody is liquidated."""
        heard = self.asset.fall_silent()
        for late in (1, 86_400):
            self.local.move_to(heard + self.asset.fields["primary_staleness"] + late)
            served = self.asset.decayed(self.local.now() - heard)
            yield Check("silence", f"verdict {late} s past T", self.asset.status(), Status.DECAYING)
            yield Check("silence", f"price {late} s past T", self._price(), self._at_scale(served))
            if late == 1:
                yield Check("silence", "liquidation", self._why_not_liquidate(), HEALTHY)
        self.asset.say(self.asset.price)
        yield Check("silence", "verdict after an answer", self.asset.status(), Status.LIVE)
        yield Check("silence", "price after it", self._price(), self._at_scale(self.asset.price))

    def pause(self) -> Iterator[Check]:
        """Both feeds fall beyond the band: what needs a price stops, what needs none goes on."""
        self.reviewed = self.asset.fall()
        yield Check("pause", "verdict", self.asset.status(), Status.TRIPPED)
        paused = self.asset.paused(Status.TRIPPED)
        calls, borrower = self.morpho.functions, self.local.borrower
        withdraw = calls.withdrawCollateral(self.parameters, 1, borrower, borrower)
        yield Check("pause", "borrow", self._why_not_borrow(1), paused)
        yield Check("pause", "withdrawCollateral", self.local.refusal(withdraw, borrower), paused)
        yield Check("pause", "liquidate", self._why_not_liquidate(), paused)
        unit = 10**LOAN_DECIMALS
        for call, who in (
            (calls.supply(self.parameters, unit, 0, self.local.lender, _EMPTY), self.local.lender),
            (calls.withdraw(self.parameters, unit, 0, *2 * [self.local.lender]), self.local.lender),
            (calls.repay(self.parameters, unit, 0, borrower, _EMPTY), borrower),
            (calls.accrueInterest(self.parameters), borrower),
        ):
            yield Check("pause", call.fn_name, self.local.refusal(call, who), "")

    def review(self) -> Iterator[Check]:
        """The governor restarts the oracle at the reviewed price, and only once."""
        epoch, reset = self.asset.epoch(), self.asset.reset_to(self.reviewed)
        self.local.send(reset)
        yield Check("review", "verdict", self.asset.status(), Status.LIVE)
        yield Check("review", "price", self._price(), self._at_scale(self.reviewed))
        again = f"EpochChanged(expected={epoch}, current={epoch + 1})"
        yield Check("review", "the same reset again", self.local.refusal(reset), again)
        told = self.asset.apply()
        yield Check("review", "update_params afterwards", told["status"], "nothing to do")

    def liquidate(self) -> Iterator[Check]:
        """A fifth of the collateral is sold at the reviewed price, less Morpho's own incentive."""
        before, purse = self._totals(), self._balance(self.loan)
        owed = self._owed_since(before)
        self.local.send(self._liquidate(), self.local.liquidator)
        seized = self._balance(self.asset.token)
        yield Check("liquidate", "seized", seized, self.pledged // 5)
        cost = liquidation_cost(seized * self._price(), self.lltv, owed(), before["borrow_shares"])
        yield Check("liquidate", "paid", purse - self._balance(self.loan), cost)
        yield Check("liquidate", "still owed", self._totals()["borrowed"], owed() - cost)

    # --- what is read and done everywhere ---------------------------------------------------------

    def _at_scale(self, price: int) -> int:
        scale = morpho_scale(10**self.asset.decimals, 10**LOAN_DECIMALS)
        return morpho_price(price, PAR, scale)

    def _price(self) -> int:
        return int(self.oracle.functions.price().call())

    def _totals(self) -> dict[str, int]:
        names = ("supplied", "supply_shares", "borrowed", "borrow_shares", "updated", "fee")
        return dict(zip(names, self.morpho.functions.market(self.id).call(), strict=True))

    def _borrow(self, amount: int) -> Any:
        who = self.local.borrower
        return self.morpho.functions.borrow(self.parameters, amount, 0, who, who)

    def _why_not_borrow(self, amount: int) -> str:
        return self.local.refusal(self._borrow(amount), self.local.borrower)

    def _liquidate(self) -> Any:
        who, fifth = self.local.borrower, self.pledged // 5
        return self.morpho.functions.liquidate(self.parameters, who, fifth, 0, _EMPTY)

    def _why_not_liquidate(self) -> str:
        return self.local.refusal(self._liquidate(), self.local.liquidator)

    def _balance(self, token: Any) -> int:
        """The liquidator's."""
        return int(token.functions.balanceOf(self.local.liquidator).call())


def liquidation_cost(quote: int, lltv: int, owed: int, shares: int) -> int:
    """What Morpho asks of a liquidator, in loan units, rounded up at every step.

    Parameters
    ----------
    quote : what is seized times its price, in loan units and 1e36.
    owed, shares : the market's debt with interest and its borrow shares.

    Source: `Morpho.liquidate` and `SharesMathLib`, with a virtual unit of assets and a million
    virtual shares; the incentive is min(1.15, 1/(1 − 0.3·(1 − LLTV))), rounded down.
    """
    incentive = min(115 * WAD // 100, WAD * WAD // (WAD - 3 * (WAD - lltv) // 10))
    discounted = ceil_divide(ceil_divide(quote, MORPHO_SCALE) * WAD, incentive)
    repaid = ceil_divide(discounted * (shares + VIRTUAL_SHARES), owed + 1)
    return ceil_divide(repaid * (owed + 1), shares + VIRTUAL_SHARES)


def _steps(told: Mapping[str, Any]) -> list[str]:
    return [sent["step"] for sent in told["transactions"]]


def story(desk: Desk, local: Local) -> Iterator[Check]:
    """The whole, in order."""
    market = MorphoMarket(desk, local)
    yield from market.stand_up()
    yield from market.lend()
    yield from market.accrue()
    yield from market.fall_silent()
    yield from market.pause()
    yield from market.review()
    yield from market.liquidate()
