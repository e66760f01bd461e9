// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CollateralWord} from "./CollateralWord.sol";
import {OracleWords} from "./OracleWords.sol";
import {RateCurve} from "./RateCurve.sol";

/// @title A market's four words as lists of numbered parameters
/// @notice A domain is one word. Parameter ids run through the domains: oracle 0–12, rate 13–16, collateral 17–21,
///         reference 22–25. The reference's as-of time is no parameter: the oracle judges it against the clock.
/// @dev A domain is described by one packed constant: a 16-bit entry per parameter, first parameter lowest
///      (offset 8 | width 8), and at the top the first id and the number of parameters, a byte each.
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

    uint256 internal constant ORACLE_DOMAIN = (ORACLE_FIRST << FIRST_OFFSET) |
        (ORACLE_COUNT << COUNT_OFFSET) |
        (OracleWords.PRIMARY_STALENESS | (24 << 8)) |
        ((OracleWords.SECONDARY_STALENESS | (24 << 8)) << 16) |
        ((OracleWords.MAXIMUM_AGE | (24 << 8)) << 32) |
        ((OracleWords.DECAY_STEP | (20 << 8)) << 48) |
        ((OracleWords.DECAY_RATE | (36 << 8)) << 64) |
        ((OracleWords.DECAY_FLOOR | (14 << 8)) << 80) |
        ((OracleWords.BAND_UP | (16 << 8)) << 96) |
        ((OracleWords.BAND_DOWN | (16 << 8)) << 112) |
        ((OracleWords.BAND_WINDOWS | (8 << 8)) << 128) |
        ((OracleWords.BAND_WINDOW | (24 << 8)) << 144) |
        ((OracleWords.ACCRUAL | (20 << 8)) << 160) |
        ((OracleWords.TOLERANCE | (16 << 8)) << 176) |
        ((OracleWords.CONFIRM_DELAY | (14 << 8)) << 192);

    uint256 internal constant RATE_DOMAIN = (RATE_FIRST << FIRST_OFFSET) |
        (RATE_COUNT << COUNT_OFFSET) |
        (RateCurve.BASE | (48 << 8)) |
        ((RateCurve.SLOPE1 | (48 << 8)) << 16) |
        ((RateCurve.SLOPE2 | (48 << 8)) << 32) |
        ((RateCurve.KINK | (64 << 8)) << 48);

    uint256 internal constant COLLATERAL_DOMAIN = (COLLATERAL_FIRST << FIRST_OFFSET) |
        (COLLATERAL_COUNT << COUNT_OFFSET) |
        (CollateralWord.LTV_OFFSET | (16 << 8)) |
        ((CollateralWord.LIQUIDATION_THRESHOLD_OFFSET | (16 << 8)) << 16) |
        ((CollateralWord.BONUS_OFFSET | (16 << 8)) << 32) |
        ((CollateralWord.SUPPLY_CAP_OFFSET | (64 << 8)) << 48) |
        ((CollateralWord.DEBT_CEILING_OFFSET | (64 << 8)) << 64);

    uint256 internal constant REFERENCE_DOMAIN = (REFERENCE_FIRST << FIRST_OFFSET) |
        (REFERENCE_COUNT << COUNT_OFFSET) |
        (OracleWords.REFERENCE_PRICE | (54 << 8)) |
        ((OracleWords.REFERENCE_MAXIMUM_AGE | (24 << 8)) << 16) |
        ((OracleWords.REFERENCE_GROWTH | (20 << 8)) << 32) |
        ((OracleWords.REFERENCE_HEADROOM | (16 << 8)) << 48);

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
        // Safe: offsets and widths are bytes, and every width is at most 64.
        unchecked {
            return (word >> (domain & 0xff)) & ((1 << ((domain >> 8) & 0xff)) - 1);
        }
    }
}
