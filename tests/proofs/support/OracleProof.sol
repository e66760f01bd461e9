// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {Leg} from "contracts/libraries/Leg.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {MockAggregator} from "contracts/mocks/MockAggregator.sol";

import {Configuration} from "../../foundry/support/Words.sol";
import {PlantedOracle} from "./PlantedOracle.sol";

/// @notice One oracle whose judged legs, words and clock are symbolic.
/// @dev Two things are left out, because no solver finishes on their products and quotients of unknowns: how a leg comes
///      by its two flags (`Band`), and a decay rate (here 0, so that the factor is a constant below 1). `lemmas.py` and
///      the exponential's certificate prove those.
abstract contract OracleProof is Test {
    uint256 internal constant MIN_PRICE = 1e8;
    uint256 internal constant MAX_PRICE = 1_000_000e8;
    uint256 internal constant STALENESS = 3_600;
    uint256 internal constant MAXIMUM_AGE = 86_400;
    uint256 internal constant TOLERANCE = 1_000; // 1e-5
    uint256 internal constant CONFIRM_DELAY = 600;
    address internal constant STEWARD = address(0x57E3A2D);

    /// @notice The clock, the oracle's words, and its legs as `Legs` lays them out.
    struct World {
        uint256 time;
        uint256 state;
        uint256 contest;
        Leg first;
        Leg second;
    }

    PlantedOracle internal oracle;

    function setUp() public virtual {
        vm.warp(1_790_000_000);
        oracle = new PlantedOracle(deployment());
    }

    function deployment() internal returns (FallbackOracle.Deployment memory d) {
        d.asset = address(0xA55E7);
        d.assetDecimals = 18;
        d.primary = address(new MockAggregator(8, 1));
        d.primaryDecimals = 8;
        d.secondary = address(new MockAggregator(8, 1));
        d.secondaryDecimals = 8;
        d.callGas = 120_000;
        d.minPrice = MIN_PRICE;
        d.maxPrice = MAX_PRICE;
        d.steward = STEWARD;
        d.hasReference = true;
        d.seedPrice = 100e8;
        d.seedAsOf = block.timestamp;
        d.configuration = configuration().pack();
    }

    function configuration() internal pure returns (Configuration memory) {
        return Configuration({
            primaryStaleness: STALENESS,
            secondaryStaleness: STALENESS,
            maximumAge: MAXIMUM_AGE,
            decayStep: 20_000,
            decayRate: 0,
            decayFloor: 5_000,
            bandUp: 5_000,
            bandDown: 5_000,
            bandWindows: 24,
            bandWindow: 3_600,
            accrual: 0,
            tolerance: TOLERANCE,
            confirmDelay: CONFIRM_DELAY
        });
    }

    /// @notice Any 32-bit clock, any words that the oracle can hold, any legs that it can judge.
    function enter(World memory w) internal {
        vm.assume(w.time > 0 && w.time < 1 << 32);
        vm.assume(w.state >> 252 == 0);
        vm.assume(inBounds(w.state & W.PRICE_MASK));
        vm.assume(checkpointTime(w) > 0 && checkpointTime(w) <= w.time);
        vm.assume(w.contest & W.TIME_MASK <= w.time);
        _assumeLeg(w.first, w.time);
        _assumeLeg(w.second, w.time);
        vm.warp(w.time);
        oracle.plant(w.state, w.contest, 0, w.first, w.second);
    }

    function checkpointTime(World memory w) internal pure returns (uint256) {
        return (w.state >> W.PRICE_TIME) & W.TIME_MASK;
    }

    function isContested(World memory w) internal pure returns (bool) {
        return w.state & W.CONTESTED != 0;
    }

    function isTripped(World memory w) internal pure returns (bool) {
        return w.state & W.TRIPPED != 0;
    }

    function inBounds(uint256 price) internal pure returns (bool) {
        return MIN_PRICE <= price && price <= MAX_PRICE;
    }

    /// @dev Invalid, or in bounds, not ahead, and fresh only while young: what `LegProof` shows of every leg.
    function _assumeLeg(Leg leg, uint256 time) private pure {
        if (Leg.unwrap(leg) == 0) return;
        vm.assume(Leg.unwrap(leg) >> 88 == 0);
        vm.assume(inBounds(leg.price()));
        vm.assume(leg.time() > 0 && leg.time() <= time);
        vm.assume(leg.isFresh() == (time - leg.time() <= STALENESS));
    }
}
