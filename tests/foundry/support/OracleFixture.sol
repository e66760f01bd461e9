// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {Configuration} from "./Words.sol";

/// @notice One oracle over two feeds that say, or do, what they are told.
abstract contract OracleFixture is Test {
    uint256 internal constant START = 1_790_000_000;
    uint256 internal constant PRICE = 100e8;
    uint256 internal constant CALL_GAS = 120_000;
    address internal constant ASSET = address(0xA55E7);
    address internal constant STEWARD = address(0x57E3A2D);

    FaultyFeed internal primary;
    FaultyFeed internal secondary;
    FallbackOracle internal oracle;

    function setUp() public virtual {
        vm.warp(START);
        primary = new FaultyFeed(8);
        secondary = new FaultyFeed(8);
        say(primary, PRICE);
        say(secondary, PRICE);
        oracle = new FallbackOracle(deployment());
    }

    /// @dev Override to change what is deployed.
    function deployment() internal view virtual returns (FallbackOracle.Deployment memory d) {
        d.asset = ASSET;
        d.assetDecimals = 18;
        d.primary = address(primary);
        d.primaryDecimals = 8;
        d.secondary = address(secondary);
        d.secondaryDecimals = 8;
        d.callGas = CALL_GAS;
        d.minPrice = 1e8;
        d.maxPrice = 1_000_000e8;
        d.steward = STEWARD;
        d.seedPrice = PRICE;
        d.seedAsOf = START;
        d.configuration = configuration().pack();
    }

    /// @dev An hourly feed with a 5 % band an hour, a 1 % tolerance and a maximum age of a day.
    function configuration() internal pure virtual returns (Configuration memory) {
        return Configuration({
            primaryStaleness: 3_600,
            secondaryStaleness: 3_600,
            maximumAge: 86_400,
            decayStep: 20_000,
            decayRate: 50_000_000,
            decayFloor: 5_000,
            bandUp: 5_000,
            bandDown: 5_000,
            bandWindows: 24,
            bandWindow: 3_600,
            accrual: 0,
            tolerance: 1_000,
            confirmDelay: 600
        });
    }

    /// @notice A healthy answer observed now.
    function say(FaultyFeed feed, uint256 price) internal {
        feed.set(FaultyFeed.Fault.None, int256(price), block.timestamp);
    }

    function verdict() internal view returns (IFallbackOracle.Status v) {
        (v,,,,) = oracle.status();
    }
}
