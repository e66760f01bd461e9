// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Layouts of the oracle's words, least significant field first
/// @dev Prices have 8 decimals and 54 bits (at most 180 143 985.09 USD); times are 32-bit seconds. A field of width w
///      at offset o is `(word >> o) & (2^w − 1)`. The Python field table repeats every number here; a test compares
///      them.
library OracleWords {
    uint256 internal constant PRICE_MASK = (1 << 54) - 1;
    uint256 internal constant TIME_MASK = (1 << 32) - 1;
    uint256 internal constant MASK_16 = (1 << 16) - 1;
    uint256 internal constant MASK_20 = (1 << 20) - 1;
    uint256 internal constant MASK_24 = (1 << 24) - 1;

    // --- configuration word ----------------------------------------------------------------------
    uint256 internal constant PRIMARY_STALENESS = 0; // 24 bits, seconds
    uint256 internal constant SECONDARY_STALENESS = 24; // 24 bits, seconds
    uint256 internal constant MAXIMUM_AGE = 48; // 24 bits, seconds
    uint256 internal constant DECAY_STEP = 72; // 20 bits, 1e-6
    uint256 internal constant DECAY_RATE = 92; // 36 bits, 1e-14 per second
    uint256 internal constant DECAY_FLOOR = 128; // 14 bits, basis points
    uint256 internal constant BAND_UP = 142; // 16 bits, 1e-5
    uint256 internal constant BAND_DOWN = 158; // 16 bits, 1e-5
    uint256 internal constant BAND_WINDOWS = 174; // 8 bits, windows after which the band stops widening
    uint256 internal constant BAND_WINDOW = 182; // 24 bits, seconds
    uint256 internal constant ACCRUAL = 206; // 20 bits, 1e-14 per second
    uint256 internal constant TOLERANCE = 226; // 16 bits, 1e-5
    uint256 internal constant CONFIRM_DELAY = 242; // 14 bits, seconds

    // --- state word ------------------------------------------------------------------------------
    uint256 internal constant PRICE = 0; // 54 bits: the checkpoint
    uint256 internal constant ANCHOR = 54; // 54 bits
    uint256 internal constant PREVIOUS_ANCHOR = 108; // 54 bits
    uint256 internal constant PRICE_TIME = 162; // 32 bits
    uint256 internal constant ANCHOR_TIME = 194; // 32 bits
    uint256 internal constant PREVIOUS_AGE = 226; // 24 bits: anchor's time less the previous anchor's
    uint256 internal constant CONTESTED = 1 << 250;
    uint256 internal constant TRIPPED = 1 << 251;

    // --- contest word ----------------------------------------------------------------------------
    uint256 internal constant OUTSIDE_SINCE = 0; // 32 bits: first poke that found the primary alone outside, 0 if none
    uint256 internal constant OUTSIDE_ROUND_TIME = 32; // 32 bits: the primary's updatedAt then
    uint256 internal constant EPOCH = 64; // 64 bits

    // --- reference word --------------------------------------------------------------------------
    uint256 internal constant REFERENCE_PRICE = 0; // 54 bits
    uint256 internal constant REFERENCE_AS_OF = 54; // 32 bits
    uint256 internal constant REFERENCE_MAXIMUM_AGE = 86; // 24 bits, seconds
    uint256 internal constant REFERENCE_GROWTH = 110; // 20 bits, 1e-14 per second
    uint256 internal constant REFERENCE_HEADROOM = 130; // 16 bits, 1e-5
    uint256 internal constant REFERENCE_BITS = 146;

    uint256 internal constant BASIS_POINTS = 1e4;
    uint256 internal constant FRACTION = 1e5; // bands, tolerance, headroom
    uint256 internal constant GROWTH = 1e14; // accrual, growth, decay rate, per second

    error ConfigurationInvalid(uint256 word, string field);
    error ReferenceInvalid(uint256 word, string field);

    /// @notice Refuses a configuration word under which the state machine would lose a property.
    /// @dev Staleness limits at or below the maximum age keep every served price younger than it. A window and a band
    ///      of zero would divide by zero or pause at every tick.
    function requireValidConfiguration(uint256 word, bool hasSecondary) internal pure {
        uint256 staleness = (word >> PRIMARY_STALENESS) & MASK_24;
        uint256 secondaryStaleness = (word >> SECONDARY_STALENESS) & MASK_24;
        uint256 maximumAge = (word >> MAXIMUM_AGE) & MASK_24;
        if (staleness == 0 || staleness > maximumAge) revert ConfigurationInvalid(word, "primaryStaleness");
        if (secondaryStaleness > maximumAge || (hasSecondary && secondaryStaleness == 0)) {
            revert ConfigurationInvalid(word, "secondaryStaleness");
        }
        if ((word >> DECAY_FLOOR) & 0x3fff > BASIS_POINTS) revert ConfigurationInvalid(word, "decayFloor");
        if ((word >> BAND_UP) & MASK_16 == 0) revert ConfigurationInvalid(word, "bandUp");
        if ((word >> BAND_DOWN) & MASK_16 == 0) revert ConfigurationInvalid(word, "bandDown");
        if ((word >> BAND_WINDOWS) & 0xff == 0) revert ConfigurationInvalid(word, "bandWindows");
        if ((word >> BAND_WINDOW) & MASK_24 == 0) revert ConfigurationInvalid(word, "bandWindow");
        if (hasSecondary && (word >> TOLERANCE) & MASK_16 == 0) revert ConfigurationInvalid(word, "tolerance");
        if (word >> CONFIRM_DELAY == 0) revert ConfigurationInvalid(word, "confirmDelay");
    }

    /// @notice The checkpoint, current and previous anchor all set to one observation, no bit set.
    function seeded(uint256 price, uint256 asOf) internal pure returns (uint256) {
        return price | price << ANCHOR | price << PREVIOUS_ANCHOR | asOf << PRICE_TIME | asOf << ANCHOR_TIME;
    }
}
