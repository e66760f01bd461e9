// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {OracleWords as W} from "contracts/libraries/OracleWords.sol";

/// @notice The oracle's configuration word, spelt out; units as in `OracleWords`.
struct Configuration {
    uint256 primaryStaleness;
    uint256 secondaryStaleness;
    uint256 maximumAge;
    uint256 decayStep;
    uint256 decayRate;
    uint256 decayFloor;
    uint256 bandUp;
    uint256 bandDown;
    uint256 bandWindows;
    uint256 bandWindow;
    uint256 accrual;
    uint256 tolerance;
    uint256 confirmDelay;
}

using {pack} for Configuration global;

function pack(Configuration memory c) pure returns (uint256) {
    return c.primaryStaleness << W.PRIMARY_STALENESS | c.secondaryStaleness << W.SECONDARY_STALENESS
        | c.maximumAge << W.MAXIMUM_AGE | c.decayStep << W.DECAY_STEP | c.decayRate << W.DECAY_RATE
        | c.decayFloor << W.DECAY_FLOOR | c.bandUp << W.BAND_UP | c.bandDown << W.BAND_DOWN
        | c.bandWindows << W.BAND_WINDOWS | c.bandWindow << W.BAND_WINDOW | c.accrual << W.ACCRUAL
        | c.tolerance << W.TOLERANCE | c.confirmDelay << W.CONFIRM_DELAY;
}
