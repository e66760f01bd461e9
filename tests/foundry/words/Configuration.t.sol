// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Configuration} from "../support/Words.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// Which configuration words are accepted, each refusal by the field that is wrong, and each limit met.
contract ConfigurationTest is OracleFixture {
    FallbackOracle private alone;

    function setUp() public override {
        super.setUp();
        FallbackOracle.Deployment memory d = deployment();
        d.secondary = address(0);
        alone = new FallbackOracle(d);
        vm.startPrank(STEWARD);
    }

    function test_theAgesOfTheLegsLieWithinTheMaximumAge() external {
        Configuration memory c = configuration();
        c.primaryStaleness = 0;
        _refuses(c, "primaryStaleness");
        c.primaryStaleness = c.maximumAge + 1;
        _refuses(c, "primaryStaleness");
        c.primaryStaleness = c.maximumAge;
        _accepts(c);
        c.secondaryStaleness = c.maximumAge + 1;
        _refuses(c, "secondaryStaleness");
        c.secondaryStaleness = c.maximumAge;
        _accepts(c);
    }

    function test_theFloorIsAtMostOne() external {
        Configuration memory c = configuration();
        c.decayFloor = 10_001;
        _refuses(c, "decayFloor");
        c.decayFloor = 10_000;
        _accepts(c);
        c.decayFloor = 0;
        _accepts(c);
    }

    function test_noBandIsEmpty() external {
        Configuration memory c = configuration();
        c.bandUp = 0;
        _refuses(c, "bandUp");
        c.bandUp = 1;
        _accepts(c);
        c.bandUp = type(uint16).max;
        _accepts(c);
        c.bandDown = 0;
        _refuses(c, "bandDown");
        c.bandDown = 1;
        _accepts(c);
        c.bandDown = type(uint16).max;
        _accepts(c);
        c.bandWindows = 0;
        _refuses(c, "bandWindows");
        c.bandWindows = 1;
        _accepts(c);
        c.bandWindows = type(uint8).max;
        _accepts(c);
        c.bandWindow = 0;
        _refuses(c, "bandWindow");
        c.bandWindow = 1;
        _accepts(c);
        c.bandWindow = type(uint24).max;
        _accepts(c);
    }

    function test_aContestTakesTime() external {
        Configuration memory c = configuration();
        c.confirmDelay = 0;
        _refuses(c, "confirmDelay");
        c.confirmDelay = 1;
        _accepts(c);
    }

    function test_whatTwoLegsNeedOneDoesNot() external {
        Configuration memory c = configuration();
        c.secondaryStaleness = 0;
        _refusesWithTwo(c, "secondaryStaleness");
        alone.configure(c.pack());
        c = configuration();
        c.tolerance = 0;
        _refusesWithTwo(c, "tolerance");
        alone.configure(c.pack());
        c.tolerance = 1;
        _accepts(c);
    }

    function _accepts(Configuration memory c) private {
        oracle.configure(c.pack());
        assertEq(oracle.configuration(), c.pack());
        alone.configure(c.pack());
    }

    function _refuses(Configuration memory c, string memory what) private {
        _refusesWithTwo(c, what);
        vm.expectRevert(_invalid(c, what));
        alone.configure(c.pack());
    }

    function _refusesWithTwo(Configuration memory c, string memory what) private {
        vm.expectRevert(_invalid(c, what));
        oracle.configure(c.pack());
    }

    function _invalid(Configuration memory c, string memory what) private pure returns (bytes memory) {
        return abi.encodeWithSelector(W.ConfigurationInvalid.selector, c.pack(), what);
    }
}
