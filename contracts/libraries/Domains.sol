// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CollateralWord} from "./CollateralWord.sol";
import {OracleWords} from "./OracleWords.sol";
import {RateCurve} from "./RateCurve.sol";

/// @title A market's four words as lists of numbered parameters
/// @notice A domain is one word. Parameter ids run through the domains: oracle 0–12, rate 13–16, collateral 17–21,
///         reference 22–25. The reference's as-of time is no parameter: the oracle judges it against the clock.
/// @dev A domain is described by one packed constant: a 16-bit entry per parameter, first parameter lowest, and at the
///      top the first id and the number of parameters, a byte each. An entry says how to take its field out of a word
///      without a mask: left 8 | right 8, shift left so far, then right so far.
library Domains {
    /// @notice Bits of `Update.mask`: which of its words the batch writes.
    uint256 internal constant COLLATERAL = 1;
    uint256 internal constant RATE = 2;
    uint256 internal constant ORACLE = 4;
    uint256 internal constant REFERENCE = 8;
    uint256 internal constant ALL = 15;

    uint256 internal constant ORACLE_FIRST = 0;
    uint256 internal constant ORACLE_COUNT = 13;
    uint256 internal constant RATE_FIRST = 13;
    uint256 internal constant RATE_COUNT = 4;
    uint256 internal constant COLLATERAL_FIRST = 17;
    uint256 internal constant COLLATERAL_COUNT = 5;
    uint256 internal constant REFERENCE_FIRST = 22;
    uint256 internal constant REFERENCE_COUNT = 4;
    uint256 internal constant PARAMETERS = 26;

    uint256 private constant FIRST_OFFSET = 248;
    uint256 private constant COUNT_OFFSET = 240;

    /// @dev The bits of a word beside a field of so many.
    uint256 private constant UNUSED_8 = 256 - 8;
    uint256 private constant UNUSED_14 = 256 - 14;
    uint256 private constant UNUSED_16 = 256 - 16;
    uint256 private constant UNUSED_20 = 256 - 20;
    uint256 private constant UNUSED_24 = 256 - 24;
    uint256 private constant UNUSED_36 = 256 - 36;
    uint256 private constant UNUSED_48 = 256 - 48;
    uint256 private constant UNUSED_54 = 256 - 54;
    uint256 private constant UNUSED_64 = 256 - 64;

    uint256 internal constant ORACLE_DOMAIN = (ORACLE_FIRST << FIRST_OFFSET) |
        (ORACLE_COUNT << COUNT_OFFSET) |
        ((UNUSED_24 - OracleWords.PRIMARY_STALENESS) | (UNUSED_24 << 8)) |
        (((UNUSED_24 - OracleWords.SECONDARY_STALENESS) | (UNUSED_24 << 8)) << 16) |
        (((UNUSED_24 - OracleWords.MAXIMUM_AGE) | (UNUSED_24 << 8)) << 32) |
        (((UNUSED_20 - OracleWords.DECAY_STEP) | (UNUSED_20 << 8)) << 48) |
        (((UNUSED_36 - OracleWords.DECAY_RATE) | (UNUSED_36 << 8)) << 64) |
        (((UNUSED_14 - OracleWords.DECAY_FLOOR) | (UNUSED_14 << 8)) << 80) |
        (((UNUSED_16 - OracleWords.BAND_UP) | (UNUSED_16 << 8)) << 96) |
        (((UNUSED_16 - OracleWords.BAND_DOWN) | (UNUSED_16 << 8)) << 112) |
        (((UNUSED_8 - OracleWords.BAND_WINDOWS) | (UNUSED_8 << 8)) << 128) |
        (((UNUSED_24 - OracleWords.BAND_WINDOW) | (UNUSED_24 << 8)) << 144) |
        (((UNUSED_20 - OracleWords.ACCRUAL) | (UNUSED_20 << 8)) << 160) |
        (((UNUSED_16 - OracleWords.TOLERANCE) | (UNUSED_16 << 8)) << 176) |
        (((UNUSED_14 - OracleWords.CONFIRM_DELAY) | (UNUSED_14 << 8)) << 192);

    uint256 internal constant RATE_DOMAIN = (RATE_FIRST << FIRST_OFFSET) |
        (RATE_COUNT << COUNT_OFFSET) |
        ((UNUSED_48 - RateCurve.BASE) | (UNUSED_48 << 8)) |
        (((UNUSED_48 - RateCurve.SLOPE1) | (UNUSED_48 << 8)) << 16) |
        (((UNUSED_48 - RateCurve.SLOPE2) | (UNUSED_48 << 8)) << 32) |
        (((UNUSED_64 - RateCurve.KINK) | (UNUSED_64 << 8)) << 48);

    uint256 internal constant COLLATERAL_DOMAIN = (COLLATERAL_FIRST << FIRST_OFFSET) |
        (COLLATERAL_COUNT << COUNT_OFFSET) |
        ((UNUSED_16 - CollateralWord.LTV_OFFSET) | (UNUSED_16 << 8)) |
        (((UNUSED_16 - CollateralWord.LIQUIDATION_THRESHOLD_OFFSET) | (UNUSED_16 << 8)) << 16) |
        (((UNUSED_16 - CollateralWord.BONUS_OFFSET) | (UNUSED_16 << 8)) << 32) |
        (((UNUSED_64 - CollateralWord.SUPPLY_CAP_OFFSET) | (UNUSED_64 << 8)) << 48) |
        (((UNUSED_64 - CollateralWord.DEBT_CEILING_OFFSET) | (UNUSED_64 << 8)) << 64);

    uint256 internal constant REFERENCE_DOMAIN = (REFERENCE_FIRST << FIRST_OFFSET) |
        (REFERENCE_COUNT << COUNT_OFFSET) |
        ((UNUSED_54 - OracleWords.REFERENCE_PRICE) | (UNUSED_54 << 8)) |
        (((UNUSED_24 - OracleWords.REFERENCE_MAXIMUM_AGE) | (UNUSED_24 << 8)) << 16) |
        (((UNUSED_20 - OracleWords.REFERENCE_GROWTH) | (UNUSED_20 << 8)) << 32) |
        (((UNUSED_16 - OracleWords.REFERENCE_HEADROOM) | (UNUSED_16 << 8)) << 48);

    /// @notice Id of the domain's first parameter.
    function first(uint256 domain) internal pure returns (uint256) {
        return domain >> FIRST_OFFSET;
    }

    /// @notice How many parameters the domain has.
    function count(uint256 domain) internal pure returns (uint256) {
        return uint8(domain >> COUNT_OFFSET);
    }

    /// @notice The value in `word` of the domain's parameter number `index`, counted from zero.
    function field(uint256 domain, uint256 word, uint256 index) internal pure returns (uint256) {
        return head(domain >> (index << 4), word);
    }

    /// @notice The value in `word` of the domain's first parameter; a domain shifted right by 16 begins with the next.
    function head(uint256 domain, uint256 word) internal pure returns (uint256) {
        return (word << (domain & 0xff)) >> ((domain >> 8) & 0xff);
    }
}
