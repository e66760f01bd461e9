"""An Aave V3.6 pool from npm `@aave-dao/aave-v3-origin`, with its ConfigEngine and an executor.

In the order of the package's own deployment: libraries, provider, rights, oracle, pool,
configurator, token implementations, engine.
"""

from __future__ import annotations

from typing import Any

from examples.venues.chain import Code, Local, theirs
from paramgen.edge.deploy import NOBODY

PROFILE = "aave"
USD = 10**8
"""Aave's base currency and its unit."""

KEEP_CURRENT = 2**256 - 43
LISTED_BORROW_CAP = 1_000_000
"""Whole tokens; no payload sets it, so it has to stay."""

TEN_PERCENT = 10_00
NEW_CURVE = (80_00, 0, 5_00, 60_00)
"""A listing needs a curve; the payload replaces it."""

_POOL_LIBRARIES = ("FlashLoanLogic", "LiquidationLogic", "PoolLogic", "SupplyLogic")
_ENGINE_LIBRARIES = (
    "ListingEngine", "EModeEngine", "BorrowEngine", "CollateralEngine", "PriceFeedEngine",
    "RateEngine", "CapsEngine",
)  # fmt: skip
"""In the order of `EngineLibraries`."""


class AavePool:
    """The pool. Its executor holds the pool's rights, the local chain's guard its pauses."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self.executor = local.deploy(_code("Executor"))
        self._rights()
        self.prices = local.deploy(
            _code("AaveOracle"), self.provider.address, [], [], NOBODY, NOBODY, USD
        )
        local.send(self.provider.functions.setPriceOracle(self.prices.address))
        self._pool()
        self._engine()
        # The configurator asks it for suppliers before an asset becomes isolated.
        self.reader = local.deploy(_code("AaveProtocolDataProvider"), self.provider.address)
        local.send(self.provider.functions.setPoolDataProvider(self.reader.address))

    def _rights(self) -> None:
        local = self.local
        self.provider = local.deploy(_code("PoolAddressesProvider"), "local", local.deployer)
        calls = self.provider.functions
        local.send(calls.setACLAdmin(local.deployer))
        rights = local.deploy(_code("ACLManager"), self.provider.address)
        local.send(calls.setACLManager(rights.address))
        local.send(rights.functions.addPoolAdmin(self.executor.address))
        local.send(rights.functions.addEmergencyAdmin(local.guard))

    def _pool(self) -> None:
        """The provider puts each implementation behind a proxy of its own."""
        local, provider = self.local, self.provider.address
        self.strategy = local.deploy(_code("DefaultReserveInterestRateStrategyV2"), provider)
        linked = {"BorrowLogic": self._library("BorrowLogic")}
        for name in _POOL_LIBRARIES:
            linked[name] = self._library(name, **linked)
        pool = local.deploy(_code("PoolInstance", **linked), provider, self.strategy.address)
        local.send(self.provider.functions.setPoolImpl(pool.address))
        self.pool = local.at(
            self.provider.functions.getPool().call(), _code("PoolInstance", **linked)
        )

        logic = {"ConfiguratorLogic": self._library("ConfiguratorLogic")}
        code = _code("PoolConfiguratorInstance", **logic)
        local.send(self.provider.functions.setPoolConfiguratorImpl(local.deploy(code).address))
        address = self.provider.functions.getPoolConfigurator().call()
        self.configurator = local.at(address, code)

    def _engine(self) -> None:
        """Nobody is rewarded here, and what the treasury earns is the executor's."""
        local, keeper = self.local, self.executor.address
        receipt = local.deploy(_code("ATokenInstance"), self.pool.address, NOBODY, keeper)
        debt = local.deploy(_code("VariableDebtTokenInstance"), self.pool.address, NOBODY)
        constants = (
            self.pool.address, self.configurator.address, self.prices.address, keeper, keeper,
            self.strategy.address,
        )  # fmt: skip
        libraries = tuple(self._library(name) for name in _ENGINE_LIBRARIES)
        code = _code("AaveV3ConfigEngine")
        self.engine = local.deploy(code, receipt.address, debt.address, constants, libraries)

    def _library(self, name: str, **linked: str) -> str:
        return str(self.local.deploy(_code(name, **linked)).address)

    # --- listings ---------------------------------------------------------------------------------

    def listing(self, token: Any, feed: str, *, lent: bool) -> dict[str, Any]:
        """A reserve that is lent or is to be collateral; all else the payload sets."""
        names = ("optimalUsageRatio", "baseVariableBorrowRate", "variableRateSlope1",
                 "variableRateSlope2")  # fmt: skip
        return {
            "asset": token.address,
            "assetSymbol": token.functions.symbol().call(),
            "priceFeed": feed,
            "rateStrategyParams": dict(zip(names, NEW_CURVE, strict=True)),
            "enabledToBorrow": int(lent),
            "borrowableInIsolation": int(lent),
            "withSiloedBorrowing": 0,
            "flashloanable": 0,
            "ltv": 0,
            "liqThreshold": 0,
            "liqBonus": 0,
            "reserveFactor": TEN_PERCENT,
            "supplyCap": KEEP_CURRENT,
            "borrowCap": LISTED_BORROW_CAP,
            "debtCeiling": 0,
            "liqProtocolFee": 0,
        }

    def list(self, *listings: dict[str, Any]) -> None:
        """As governance does: the executor delegatecalls the engine."""
        context = {"networkName": "Local", "networkAbbreviation": "Loc"}
        data = self.engine.encode_abi("listAssets", [context, [*listings]])
        arguments = self.engine.address, 0, "", data, True
        self.local.send(self.executor.functions.executeTransaction(*arguments))


def set_price(local: Local, price: int) -> str:
    """A feed that says what it was told: the loan's, which is worth one USD here."""
    return str(local.deploy(theirs(PROFILE, "SetPrice", "AavePool"), price).address)


def _code(name: str, **libraries: str) -> Code:
    return theirs(PROFILE, name, libraries=libraries)
