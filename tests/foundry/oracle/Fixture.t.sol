// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords} from "contracts/libraries/OracleWords.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Configuration} from "../support/Words.sol";

/// What every other test of the oracle stands on.
contract FixtureTest is OracleFixture {
    function test_aHealthyPairIsLiveAtThePrimary() external view {
        (IFallbackOracle.Status v, uint256 price, uint256 updatedAt, uint256 age,) = oracle.status();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Live));
        assertEq(price, PRICE);
        assertEq(updatedAt, START);
        assertEq(age, 0);
    }

    function test_packedFieldsDoNotOverlap() external pure {
        Configuration memory c = configuration();
        assertEq((c.pack() >> OracleWords.DECAY_RATE) & ((1 << 36) - 1), c.decayRate);
        assertEq(c.pack() >> OracleWords.CONFIRM_DELAY, c.confirmDelay);
    }
}
