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

function unpack(uint256 word) pure returns (Configuration memory c) {
    c.primaryStaleness = (word >> W.PRIMARY_STALENESS) & W.MASK_24;
    c.secondaryStaleness = (word >> W.SECONDARY_STALENESS) & W.MASK_24;
    c.maximumAge = (word >> W.MAXIMUM_AGE) & W.MASK_24;
    c.decayStep = (word >> W.DECAY_STEP) & W.MASK_20;
    c.decayRate = (word >> W.DECAY_RATE) & ((1 << 36) - 1);
    c.decayFloor = (word >> W.DECAY_FLOOR) & ((1 << 14) - 1);
    c.bandUp = (word >> W.BAND_UP) & W.MASK_16;
    c.bandDown = (word >> W.BAND_DOWN) & W.MASK_16;
    c.bandWindows = (word >> W.BAND_WINDOWS) & 0xff;
    c.bandWindow = (word >> W.BAND_WINDOW) & W.MASK_24;
    c.accrual = (word >> W.ACCRUAL) & W.MASK_20;
    c.tolerance = (word >> W.TOLERANCE) & W.MASK_16;
    c.confirmDelay = word >> W.CONFIRM_DELAY;
}

/// @notice The NAV reference word, spelt out.
struct NavReference {
    uint256 price;
    uint256 asOf;
    uint256 maximumAge;
    uint256 growth;
    uint256 headroom;
}

using {packReference} for NavReference global;

function packReference(NavReference memory r) pure returns (uint256) {
    return r.price << W.REFERENCE_PRICE | r.asOf << W.REFERENCE_AS_OF | r.maximumAge << W.REFERENCE_MAXIMUM_AGE
        | r.growth << W.REFERENCE_GROWTH | r.headroom << W.REFERENCE_HEADROOM;
}
