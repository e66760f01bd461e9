// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {AaveOracle} from "aave-v3/misc/AaveOracle.sol";
import {DefaultReserveInterestRateStrategyV2} from "aave-v3/misc/DefaultReserveInterestRateStrategyV2.sol";
import {ATokenInstance} from "aave-v3/instances/ATokenInstance.sol";
import {PoolConfiguratorInstance} from "aave-v3/instances/PoolConfiguratorInstance.sol";
import {PoolInstance} from "aave-v3/instances/PoolInstance.sol";
import {VariableDebtTokenInstance} from "aave-v3/instances/VariableDebtTokenInstance.sol";
import {IDefaultInterestRateStrategyV2} from "aave-v3/interfaces/IDefaultInterestRateStrategyV2.sol";
import {IPool} from "aave-v3/interfaces/IPool.sol";
import {IPoolAddressesProvider} from "aave-v3/interfaces/IPoolAddressesProvider.sol";
import {IReserveInterestRateStrategy} from "aave-v3/interfaces/IReserveInterestRateStrategy.sol";
import {ACLManager} from "aave-v3/protocol/configuration/ACLManager.sol";
import {PoolAddressesProvider} from "aave-v3/protocol/configuration/PoolAddressesProvider.sol";
import {ConfiguratorInputTypes} from "aave-v3/protocol/libraries/types/ConfiguratorInputTypes.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";

import {OracleFixture} from "../foundry/support/OracleFixture.sol";

/// @notice A price that is what it was last set to, as source and as fallback oracle.
contract SetPrice {
    int256 public latestAnswer;

    constructor(int256 price) {
        latestAnswer = price;
    }

    function set(int256 price) external {
        latestAnswer = price;
    }

    function getAssetPrice(address) external view returns (uint256) {
        return uint256(latestAnswer);
    }
}

/// @notice An Aave V3.6 pool with three reserves: `asset`, priced by our oracle; `other`, a second collateral; `cash`,
///         lent and worth 1 USD. This contract holds every role of the pool's.
abstract contract AavePool is OracleFixture {
    uint256 internal constant LT = 8_000;
    /// @dev ⌊LT·D(T⁺)⌋ = ⌊8 000·e^{−0.02}⌋ of the fixture's configuration, spec 3.2.
    uint256 internal constant LTV = 7_841;
    uint256 internal constant BONUS = 10_500;
    int256 internal constant OTHER_PRICE = 2_000e8;
    uint256 internal constant VARIABLE = 2;
    address internal constant LENDER = address(0x1E4DE2);

    MockToken internal asset;
    MockToken internal other;
    MockToken internal cash;
    SetPrice internal otherPrice;

    PoolAddressesProvider internal provider;
    ACLManager internal acl;
    AaveOracle internal prices;
    IPool internal pool;
    PoolConfiguratorInstance internal configurator;
    address private _aTokenImplementation;
    address private _debtTokenImplementation;

    function setUp() public virtual override {
        asset = new MockToken("Asset", "ASSET", 18);
        other = new MockToken("Other", "OTHER", 18);
        cash = new MockToken("Cash", "CASH", 6);
        super.setUp();
        _deployPool();

        otherPrice = new SetPrice(OTHER_PRICE);
        list(asset, address(oracle), LTV);
        list(other, address(otherPrice), 7_500);
        list(cash, address(new SetPrice(1e8)), 0);

        supply(LENDER, cash, 1_000_000e6);
    }

    function deployment() internal view virtual override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.asset = address(asset);
    }

    /// @dev Override to choose the pool's rate strategy.
    function strategy() internal virtual returns (IReserveInterestRateStrategy) {
        return new DefaultReserveInterestRateStrategyV2(address(provider));
    }

    /// @dev Override with what the strategy takes for a listing.
    function rateData(MockToken) internal view virtual returns (bytes memory) {
        return abi.encode(
            IDefaultInterestRateStrategyV2.InterestRateData({
                optimalUsageRatio: 80_00,
                baseVariableBorrowRate: 0,
                variableRateSlope1: 5_00,
                variableRateSlope2: 60_00
            })
        );
    }

    // --- what a user does ----------------------------------------------------------------------------

    function supply(address user, MockToken token, uint256 amount) internal {
        token.mint(user, amount);
        vm.startPrank(user);
        token.approve(address(pool), type(uint256).max);
        pool.supply(address(token), amount, user, 0);
        vm.stopPrank();
    }

    function borrow(address user, MockToken token, uint256 amount) internal {
        vm.prank(user);
        pool.borrow(address(token), amount, VARIABLE, 0, user);
    }

    function withdraw(address user, MockToken token, uint256 amount) internal {
        vm.prank(user);
        pool.withdraw(address(token), amount, user);
    }

    function repay(address user, MockToken token, uint256 amount) internal {
        token.mint(user, amount);
        vm.startPrank(user);
        token.approve(address(pool), amount);
        pool.repay(address(token), amount, VARIABLE, user);
        vm.stopPrank();
    }

    function liquidate(MockToken collateral, MockToken debt, address user, uint256 amount) internal {
        address liquidator = address(0x11C);
        debt.mint(liquidator, amount);
        vm.startPrank(liquidator);
        debt.approve(address(pool), amount);
        pool.liquidationCall(address(collateral), address(debt), user, amount, false);
        vm.stopPrank();
    }

    function healthFactor(address user) internal view returns (uint256 factor) {
        (,,,,, factor) = pool.getUserAccountData(user);
    }

    // --- the pool ------------------------------------------------------------------------------------

    /// @dev Listed as collateral where `ltv` is not 0; always lent.
    function list(MockToken token, address source, uint256 ltv) internal {
        address[] memory assets = new address[](1);
        address[] memory sources = new address[](1);
        (assets[0], sources[0]) = (address(token), source);
        prices.setAssetSources(assets, sources);

        ConfiguratorInputTypes.InitReserveInput[] memory input = new ConfiguratorInputTypes.InitReserveInput[](1);
        input[0].aTokenImpl = _aTokenImplementation;
        input[0].variableDebtTokenImpl = _debtTokenImplementation;
        input[0].underlyingAsset = address(token);
        input[0].interestRateData = rateData(token);
        configurator.initReserves(input);
        if (ltv != 0) configurator.configureReserveAsCollateral(address(token), ltv, LT, BONUS);
        configurator.setReserveBorrowing(address(token), true);
    }

    function _deployPool() private {
        provider = new PoolAddressesProvider("venue", address(this));
        provider.setACLAdmin(address(this));
        acl = new ACLManager(provider);
        provider.setACLManager(address(acl));
        acl.addPoolAdmin(address(this));
        address[] memory none = new address[](0);
        prices = new AaveOracle(provider, none, none, address(0), address(0), 1e8);
        provider.setPriceOracle(address(prices));
        provider.setPoolImpl(address(new PoolInstance(IPoolAddressesProvider(address(provider)), strategy())));
        pool = IPool(provider.getPool());
        provider.setPoolConfiguratorImpl(address(new PoolConfiguratorInstance()));
        configurator = PoolConfiguratorInstance(provider.getPoolConfigurator());
        _aTokenImplementation = address(new ATokenInstance(pool, address(0), address(0x7EA5)));
        _debtTokenImplementation = address(new VariableDebtTokenInstance(pool, address(0)));
    }
}
