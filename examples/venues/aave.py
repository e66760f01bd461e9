"""A reserve of the example book on Aave V3's own code: listed, configured, lent on, paused.

`python -m examples.venues aave` runs it and prints each value beside what book and mirrors say.
The book lists the asset on the pool; its configuration is the `aave-config-engine` target's,
proposed as `paramgen propose --target` does it, verified, and sent as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any

from examples.venues.aave_pool import LISTED_BORROW_CAP, USD, AavePool, set_price
from examples.venues.book import ASSET, Desk, with_input
from examples.venues.chain import Check, Local, ours
from examples.venues.market import Market
from paramgen.book.venues import AaveEngine, EMode, Loan
from paramgen.mirror.aave_rates import aave_rates
from paramgen.mirror.oracle import Status
from paramgen.targets.aave import RATES
from paramgen.targets.aave_engine import AAVE_ENGINE
from paramgen.targets.setters import Setting
from paramgen.targets.venue import parameters_of
from paramgen.units import BPS, RAY

LOAN_DECIMALS = 6
LENT = 1_000_000 * 10**LOAN_DECIMALS
PLEDGED_TOKENS = 70_000
"""Twice within the artefact's supply cap, and three times is not: 192 000 tokens."""

CENTS = 100
"""Aave keeps a debt ceiling in hundredths of a USD."""

GRACE = 3_600
HEALTHY = "HealthFactorNotBelowThreshold"
PAUSED = "ReservePaused"
IN_GRACE = "LiquidationGraceSentinelCheckFailed"
VARIABLE = 2
NOT_ADMIN = "CallerNotPoolOrEmergencyAdmin"
LABEL = "Receivables"
VOLATILITY = "2 %/y"
BASE_RATE = "1 %/y"
MOVED = ["ltv", "liqThreshold", "liqBonus", "debtCeiling", *RATES[1:3]]
"""By twice the volatility, and a base rate that takes from the rise to the kink."""

BELOW, ABOVE = "below 1", "1 or above"
_RECEIPTS = False
"""A liquidator takes the asset itself, not Aave's receipt for it."""
_ONE = 10**18
_UNIT = 10**LOAN_DECIMALS


class AaveReserve:
    """One isolated reserve, from its book to its last liquidation."""

    def __init__(self, desk: Desk, local: Local) -> None:
        self.local = local
        self.asset = Market(desk, local)
        self.venue = AavePool(local)
        self.pool = self.venue.pool.functions
        self.loan = local.deploy(ours("MockToken"), "Dollar", "USD", LOAN_DECIMALS)

    # --- listing and configuring ------------------------------------------------------------------

    def stand_up(self) -> Iterator[Check]:
        """The executor lists the loan, and the asset priced by our oracle."""
        venue, token = self.venue, self.asset.token
        venue.list(
            venue.listing(self.loan, set_price(self.local, USD), lent=True),
            venue.listing(token, self.asset.oracle.address, lent=False),
        )
        source = venue.prices.functions.getSourceOfAsset(token.address).call()
        yield Check("list", "the asset's price source", source, self.asset.oracle.address)
        yield Check("list", "its price, 8 decimals", self._price(), self.asset.price)
        yield Check("list", "what can be borrowed against it", self._collateral()["ltv"], 0)

    def configure(self) -> Iterator[Check]:
        """The book lists the asset on the pool; a proposal of it is verified and carried out."""
        yield from self.asset.carry_out("configure", self._entry())
        yield from self.reserve("configure")

    def reserve(self, step: str) -> Iterator[Check]:
        """What Aave's own reader gives, against the artefact and against the target's promise."""
        read = self._read()
        for name, wanted in self._wanted().items():
            yield Check(step, name, read[name], wanted)
        yield Check(step, "all that the target promises", read, self._promised(self._entry()))
        caps = self.venue.reader.functions.getReserveCaps(self.asset.token.address).call()
        yield Check(step, "borrowCap, kept", caps[0], LISTED_BORROW_CAP)
        yield Check(step, "rates at 0, the kink and 1, 1e27", *self._corners())

    def _wanted(self) -> dict[str, int]:
        """The artefact in Aave's units: basis points, whole tokens, hundredths of a USD."""
        fields = self.asset.fields
        return {
            "ltv": fields["ltv"],
            "liqThreshold": fields["liquidation_threshold"],
            "liqBonus": BPS + fields["liquidation_bonus"],
            "debtCeiling": fields["debt_ceiling"] * CENTS,
            "supplyCap": self._cap(),
            **dict(zip(RATES, astuple(aave_rates(self.asset.curve)), strict=True)),
        }

    def _read(self) -> dict[str, int]:
        reader, token = self.venue.reader.functions, self.asset.token.address
        found = self._collateral()
        data = self.venue.strategy.functions.getInterestRateDataBps(self.loan.address).call()
        return {
            "ltv": found["ltv"],
            "liqThreshold": found["liquidationThreshold"],
            "liqBonus": found["liquidationBonus"],
            "debtCeiling": reader.getDebtCeiling(token).call(),
            "supplyCap": reader.getReserveCaps(token).call()[1],
            **dict(zip(RATES, data, strict=True)),
        }

    def _cap(self) -> int:
        return self.asset.fields["supply_cap"] * USD // self.asset.price

    def _promised(self, entry: AaveEngine) -> dict[str, object]:
        readings = AAVE_ENGINE.readings(self._settings(entry), entry)
        return {reading.getter: reading.value for reading in readings}

    def _settings(self, entry: AaveEngine) -> tuple[Setting, ...]:
        return AAVE_ENGINE.settings(parameters_of(self.asset.entry), entry)

    def _entry(self, **changes: Any) -> AaveEngine:
        """As a book names the venue of an asset: an isolated reserve, or an e-mode category."""
        return AaveEngine(
            kind="aave-config-engine",
            chain_id=self.local.web3.eth.chain_id,
            collateral=self.asset.token.address,
            loan=Loan(token=self.loan.address, decimals=LOAN_DECIMALS, at_par=True),
            engine=self.venue.engine.address,
            executor=self.venue.executor.address,
            **({"isolated": True} | changes),
        )

    def _corners(self) -> tuple[list[int], list[int]]:
        """What Aave charges where its two lines end, and what its data say that it charges."""
        rates = aave_rates(self.asset.curve)
        low = rates.base_variable_borrow_rate
        top = low + rates.variable_rate_slope_1
        wanted = [low, top, top + rates.variable_rate_slope_2]
        debts = (0, rates.optimal_usage_ratio, BPS)
        return [self._charged(debt) for debt in debts], [rate * RAY // BPS for rate in wanted]

    def _charged(self, debt: int) -> int:
        """The strategy's answer for a pool of ten thousand units, `debt` of them lent."""
        asked = (0, 0, 0, debt, 0, self.loan.address, True, BPS - debt)
        strategy = self.venue.strategy.functions
        return int(strategy.calculateInterestRates(asked).call()[1])

    # --- lending ----------------------------------------------------------------------------------

    def lend(self) -> Iterator[Check]:
        """Supply up to the cap, and borrow to the LTV: the artefact's, and not a unit more."""
        local = self.local
        local.give(self.loan, local.lender, LENT, self.venue.pool.address)
        local.send(self._supply(self.loan, LENT, local.lender), local.lender)
        for who in (local.borrower, local.neighbour):
            self._pledge(who)
            local.give(self.loan, who, LENT, self.venue.pool.address)
        third = self._supply(self.asset.token, self.pledged, local.lender)
        local.give(self.asset.token, local.lender, self.pledged, self.venue.pool.address)
        refused = local.refusal(third, local.lender)
        yield Check("lend", f"supplying beyond {self._cap()}", refused, "SupplyCapExceeded")

        most = self._most()
        more = local.refusal(self._borrow(most + 1, local.borrower), local.borrower)
        yield Check("lend", "a unit beyond LTV", more, "CollateralCannotCoverNewBorrow")
        local.send(self._borrow(most, local.borrower), local.borrower)
        yield Check("lend", "borrowed at LTV", self._owes(local.borrower), most)
        local.send(self._repay(most // 20, local.borrower), local.borrower)

    def _pledge(self, who: str) -> None:
        """An isolated asset becomes collateral only when its holder says so."""
        self.pledged = PLEDGED_TOKENS * 10**self.asset.decimals
        self.local.give(self.asset.token, who, self.pledged, self.venue.pool.address)
        self.local.send(self._supply(self.asset.token, self.pledged, who), who)
        use = self.pool.setUserUseReserveAsCollateral(
            asset=self.asset.token.address, useAsCollateral=True
        )
        self.local.send(use, who)

    def _most(self) -> int:
        worth = self.pledged * self.asset.price * 10**LOAN_DECIMALS
        worth //= 10**self.asset.decimals * USD
        return int(worth * self.asset.fields["ltv"] // BPS)

    # --- silence ----------------------------------------------------------------------------------

    def fall_silent(self) -> Iterator[Check]:
        """Whoever borrowed up to LTV in the last seconds before T is not liquidated at T."""
        heard, limit = self.asset.fall_silent(), self.asset.fields["primary_staleness"]
        self.local.move_to(heard + limit - 60)
        # One unit less: Aave rounds a debt up, once interest has moved its index off one.
        most, who = self._most() - 1, self.local.neighbour
        self.local.send(self._borrow(most, who), who)
        self.local.move_to(heard + limit + 1)
        yield Check("silence", "verdict", self.asset.status(), Status.DECAYING)
        served = self.asset.decayed(self.local.now() - heard)
        yield Check("silence", "the pool's price a second past T", self._price(), served)
        yield Check("silence", "liquidation at LTV", self._why_not_liquidate(who), HEALTHY)
        self.asset.say(self.asset.price)
        yield Check("silence", "price after an answer", self._price(), self.asset.price)

    # --- the runbook ------------------------------------------------------------------------------

    def pause(self) -> Iterator[Check]:
        """Steps 1 and 2: the price is gone, and the guard pauses the reserve."""
        self.reviewed = self.asset.fall()
        yield Check("pause", "verdict", self.asset.status(), Status.TRIPPED)
        paused, who = self.asset.paused(Status.TRIPPED), self.local.borrower
        borrow = self.local.refusal(self._borrow(1, who), who)
        yield Check("pause", "borrow against the asset", borrow, paused)
        yield Check("pause", "liquidate", self._why_not_liquidate(who), paused)
        yield Check("pause", "repay", self.local.refusal(self._repay(_UNIT, who), who), "")
        self.local.send(self._set_pause(paused=True, grace=0), self.local.guard)
        stranger = self.local.refusal(self._set_pause(paused=False, grace=GRACE), who)
        yield Check("pause", "a borrower's own unpausing", stranger, NOT_ADMIN)

    def review(self) -> Iterator[Check]:
        """Steps 4 and 5; step 3 falls away: who holds an isolated asset holds no other."""
        self.local.send(self.asset.reset_to(self.reviewed))
        yield Check("review", "the pool's price", self._price(), self.reviewed)
        for who in self._holders():
            yield Check("review", "health", self._health(who), BELOW)
            yield Check("review", "liquidation", self._why_not_liquidate(who), PAUSED)
        self.local.send(self._set_pause(paused=False, grace=GRACE), self.local.guard)
        for who in self._holders():
            yield Check("review", "liquidation in grace", self._why_not_liquidate(who), IN_GRACE)
        mender = self.local.borrower
        self.local.send(self._repay(self._owes(mender) // 5, mender), mender)
        yield Check("review", "health when mended", self._health(mender), ABOVE)

    def liquidate(self) -> Iterator[Check]:
        """Step 6: after the period whoever has not mended is liquidated, and nobody else."""
        local = self.local
        local.move_to(local.now() + GRACE + 1)
        self.asset.say(self.reviewed)
        mended = self._why_not_liquidate(local.borrower)
        yield Check("liquidate", "who has mended", mended, HEALTHY)
        local.give(self.loan, local.liquidator, LENT, self.venue.pool.address)
        paid, price = 1_000 * _UNIT, self._price()
        local.send(self._liquidate(local.neighbour, paid), local.liquidator)
        seized = self.asset.token.functions.balanceOf(local.liquidator).call()
        yield Check("liquidate", "seized from who has not", seized, self._seizable(paid, price))
        yield from self.reserve("liquidate")
        told = self.asset.apply()
        yield Check("liquidate", "update_params afterwards", told["status"], "nothing to do")

    # --- a category, and the book's next edition --------------------------------------------------

    def group(self) -> Iterator[Check]:
        """An e-mode category for the asset against the loan, created by the target."""
        creation = EMode(label=LABEL, borrowables=(self.loan.address,))
        entry = self._entry(emode=creation, sets=("collateral",))
        yield from self.asset.carry_out("e-mode", entry)
        yield from self.category("e-mode")

    def update(self) -> Iterator[Check]:
        """A riskier asset and a base rate in the book: reserve and category follow, no more."""
        before = self._read()
        book = with_input(self.asset.book, f"assets.{ASSET}.market.volatility", VOLATILITY)
        told = self.asset.apply(with_input(book, f"assets.{ASSET}.lending.base_rate", BASE_RATE))
        sent = [transaction["step"] for transaction in told["transactions"]]
        yield Check("update", "sent to our own contracts", sent, ["batch"])
        yield Check("update", "Aave until its own turn", self._read(), before)
        for entry in (self._entry(), self._entry(emode=EMode(category=1), sets=("collateral",))):
            yield from self.asset.carry_out("update", entry)
        moved = [name for name, value in self._wanted().items() if before[name] != value]
        yield Check("update", "what the book moves", moved, MOVED)
        yield from self.reserve("update")
        yield from self.category("update")

    def category(self, step: str) -> Iterator[Check]:
        """The category as the pool keeps it."""
        config = tuple(self.pool.getEModeCategoryCollateralConfig(1).call())
        names = ("ltv", "liqThreshold", "liqBonus")
        yield Check(step, "the category's three", config, tuple(map(self._wanted().get, names)))
        yield Check(step, "its label", self.pool.getEModeCategoryLabel(1).call(), LABEL)
        listed = self.pool.getReservesList().call()
        for kind, token in (("Collateral", self.asset.token), ("Borrowable", self.loan)):
            bitmap = getattr(self.pool, f"getEModeCategory{kind}Bitmap")(1).call()
            yield Check(step, f"its {kind.lower()}s", bitmap, 1 << listed.index(token.address))

    def _seizable(self, paid: int, price: int) -> int:
        """Debt at its price, over the collateral's, with the artefact's bonus: down, then half up.

        Source: `LiquidationLogic._calculateAvailableCollateralToLiquidate`, `percentMul`.
        """
        base = paid * USD * 10**self.asset.decimals // (price * 10**LOAN_DECIMALS)
        return int(base * (BPS + self.asset.fields["liquidation_bonus"]) + BPS // 2) // BPS

    def _set_pause(self, *, paused: bool, grace: int) -> Any:
        setter = self.venue.configurator.get_function_by_signature(
            "setReservePause(address,bool,uint40)"
        )
        return setter(self.asset.token.address, paused, grace)

    # --- what is read and done everywhere ---------------------------------------------------------

    def _collateral(self) -> Mapping[str, int]:
        read = self.venue.reader.functions.getReserveConfigurationData(self.asset.token.address)
        names = (output["name"] for output in read.abi["outputs"])
        return dict(zip(names, read.call(), strict=True))

    def _price(self) -> int:
        return int(self.venue.prices.functions.getAssetPrice(self.asset.token.address).call())

    def _health(self, who: str) -> str:
        return BELOW if self.pool.getUserAccountData(who).call()[5] < _ONE else ABOVE

    def _owes(self, who: str) -> int:
        found = self.venue.reader.functions.getUserReserveData(self.loan.address, who).call()
        return int(found[2])

    def _holders(self) -> tuple[str, str]:
        return self.local.borrower, self.local.neighbour

    def _supply(self, token: Any, amount: int, who: str) -> Any:
        return self.pool.supply(token.address, amount, who, 0)

    def _borrow(self, amount: int, who: str) -> Any:
        return self.pool.borrow(self.loan.address, amount, VARIABLE, 0, who)

    def _repay(self, amount: int, who: str) -> Any:
        return self.pool.repay(self.loan.address, amount, VARIABLE, who)

    def _liquidate(self, who: str, amount: int) -> Any:
        assets = self.asset.token.address, self.loan.address
        return self.pool.liquidationCall(*assets, who, amount, _RECEIPTS)

    def _why_not_liquidate(self, who: str) -> str:
        return self.local.refusal(self._liquidate(who, _UNIT), self.local.liquidator)


def story(desk: Desk, local: Local) -> Iterator[Check]:
    """The whole, in order."""
    reserve = AaveReserve(desk, local)
    yield from reserve.stand_up()
    yield from reserve.configure()
    yield from reserve.lend()
    yield from reserve.fall_silent()
    yield from reserve.pause()
    yield from reserve.review()
    yield from reserve.liquidate()
    yield from reserve.group()
    yield from reserve.update()
