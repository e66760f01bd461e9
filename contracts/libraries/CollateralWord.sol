// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title The collateral word: everything a market says about its collateral, in one slot
/// @notice ltv 16 | liquidationThreshold 16 | bonus 16 (basis points) | supplyCap 64 | debtCeiling 64 (whole USD) |
///         frozen 1, least significant first.
/// @dev The five fields are the market's parameters; `frozen` is a flag beside them. It is kept out of every batch
///      and of the state hash, so that freezing a market neither needs nor kills a proposal.
library CollateralWord {
    uint256 internal constant LTV_OFFSET = 0;
    uint256 internal constant LIQUIDATION_THRESHOLD_OFFSET = 16;
    uint256 internal constant BONUS_OFFSET = 32;
    uint256 internal constant SUPPLY_CAP_OFFSET = 48;
    uint256 internal constant DEBT_CEILING_OFFSET = 112;
    uint256 internal constant FIELD_BITS = 176;

    uint256 internal constant FROZEN = 1 << FIELD_BITS;
    uint256 internal constant FIELDS = FROZEN - 1;

    /// @notice Largest loan to value at which a position may be opened, in basis points.
    function ltv(uint256 word) internal pure returns (uint256) {
        return uint16(word >> LTV_OFFSET);
    }

    /// @notice Loan to value beyond which a position may be liquidated, in basis points.
    function liquidationThreshold(uint256 word) internal pure returns (uint256) {
        return uint16(word >> LIQUIDATION_THRESHOLD_OFFSET);
    }

    /// @notice What a liquidator receives above the debt repaid, in basis points of it.
    function bonus(uint256 word) internal pure returns (uint256) {
        return uint16(word >> BONUS_OFFSET);
    }

    /// @notice Largest value of collateral accepted, in whole USD.
    function supplyCap(uint256 word) internal pure returns (uint256) {
        return uint64(word >> SUPPLY_CAP_OFFSET);
    }

    /// @notice Largest debt against this collateral, in whole USD.
    function debtCeiling(uint256 word) internal pure returns (uint256) {
        return uint64(word >> DEBT_CEILING_OFFSET);
    }

    /// @notice Whether new supply and new debt are refused whatever the caps say.
    function isFrozen(uint256 word) internal pure returns (bool) {
        return word & FROZEN != 0;
    }

    /// @notice The word with its loan to value at zero: nothing new can be borrowed, no one is liquidated by it.
    function withoutLtv(uint256 word) internal pure returns (uint256) {
        return word & ~(uint256(type(uint16).max) << LTV_OFFSET);
    }

    /// @notice The word with its caps lowered to what is in use; a cap already below stays.
    function cappedAt(uint256 word, uint256 collateralInUse, uint256 debtInUse) internal pure returns (uint256) {
        uint256 supply = supplyCap(word);
        uint256 debt = debtCeiling(word);
        if (collateralInUse < supply) supply = collateralInUse;
        if (debtInUse < debt) debt = debtInUse;
        // Safe: both are at most the 64-bit caps they replace.
        uint256 both = (uint256(type(uint64).max) << SUPPLY_CAP_OFFSET) |
            (uint256(type(uint64).max) << DEBT_CEILING_OFFSET);
        return (word & ~both) | (supply << SUPPLY_CAP_OFFSET) | (debt << DEBT_CEILING_OFFSET);
    }
}
