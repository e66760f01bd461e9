// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {MarketsFixture} from "../support/MarketsFixture.sol";
import {StewardMarkets as M} from "../support/StewardMarkets.sol";
import {Collateral} from "../support/StewardWords.sol";
import {Configuration} from "../support/Words.sol";

/// The largest batch there can be: every market, all four words, every field moved, by the steward.
contract BatchBoundTest is MarketsFixture {
    /// EIP-7825: the most gas that one transaction may have.
    uint256 private constant TRANSACTION_GAS = 1 << 24;
    uint256 private constant TRANSACTION_BASE = 21_000;
    uint256 private constant BYTE = 16;
    uint256 private constant FLOOR_BYTE = 40;

    bytes private call;

    function _markets() internal pure override returns (uint256) {
        return 24;
    }

    /// @dev Silent while the other answers.
    function _secondary() internal override returns (address) {
        return address(new FaultyFeed(8));
    }

    function setUp() public override {
        super.setUp();
        assertEq(_markets(), steward.MAX_BATCH());
        pass(1 days);
        land(STEWARD_KEY, _batch(1));
        pass(1 days);
        for (uint256 i = 0; i < _markets(); ++i) oracles[i].poke();
        call = callOf(_batch(2), NO_DEADLINE);
    }

    /// Feeds that answer at once; every slot and account cold.
    function test_aFullBatchFitsATransaction() external {
        uint256 used = _applied();
        emit log_named_uint("24 markets, four words, live feeds", used);
        assertLt(used, 4_000_000);
    }

    /// Both feeds of every market burn their whole allowance in both readings of the price; the last price is held.
    function test_aFullBatchOfBurningFeedsFitsATransaction() external {
        for (uint256 i = 0; i < _markets(); ++i) {
            feeds[i].set(FaultyFeed.Fault.BurnGas, 0, 0);
            FaultyFeed(oracles[i].constants().secondary).set(FaultyFeed.Fault.BurnGas, 0, 0);
        }
        uint256 used = _applied();
        emit log_named_uint("24 markets, four words, both feeds burning 120 000 twice", used);
        assertLt(used, TRANSACTION_GAS);
    }

    /// @dev As a transaction pays it, with call data at its dearest.
    function _applied() private returns (uint256 used) {
        bytes memory data = call;
        uint256 intrinsic = TRANSACTION_BASE + BYTE * data.length;
        vm.prank(STEWARD_KEY);
        uint256 left = gasleft();
        (bool ok,) = address(steward).call(data);
        used = left - gasleft();
        assertTrue(ok);
        used += intrinsic;
        assertGt(used, TRANSACTION_BASE + FLOOR_BYTE * data.length, "above the floor of EIP-7623");
    }

    function _batch(uint256 step) private view returns (IParameterSteward.Update[] memory batch) {
        batch = new IParameterSteward.Update[](_markets());
        Collateral memory c = M.collateral();
        (c.ltv, c.liquidationThreshold, c.bonus) = (c.ltv + step, c.liquidationThreshold + step, c.bonus + step);
        (c.supplyCap, c.debtCeiling) = (c.supplyCap + step, c.debtCeiling + step);
        uint256 rate = RateCurve.pack(3e8 - step, 2e9 - step, 8e9 - step, 0.9e18 + step);
        uint256 nav = M.navReference(START).packReference() + step;
        for (uint256 i = 0; i < batch.length; ++i) {
            batch[i] = M.update(
                M.asset(i), uint8(Domains.ALL), [c.collateralWord(), rate, _configuration(step).pack(), nav]
            );
        }
    }

    function _configuration(uint256 step) private pure returns (Configuration memory o) {
        o = M.configuration();
        o.primaryStaleness += step;
        o.secondaryStaleness += step;
        o.maximumAge += step;
        o.decayStep -= step;
        o.decayRate -= step;
        o.decayFloor += step;
        o.bandUp += step;
        o.bandDown += step;
        o.bandWindow += step;
        o.accrual += step;
        o.tolerance += step;
        o.confirmDelay += step;
    }
}
