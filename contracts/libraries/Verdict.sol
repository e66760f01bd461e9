// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {Leg} from "./Leg.sol";

/// @notice What the oracle says, in one stack slot: a leg's 88 bits, status (3 bits), what decay took off (54 bits).
///         A sound leg is the verdict Live at that leg as it stands.
type Verdict is uint256;

using Verdicts for Verdict global;

/// @title Packing and reading of a verdict
library Verdicts {
    uint256 private constant TIME = 54;
    uint256 private constant STATUS = 88;
    uint256 private constant LOSS = 91;
    uint256 private constant PRICE_MASK = (1 << 54) - 1;
    uint256 private constant TIME_MASK = (1 << 32) - 1;
    uint256 private constant STATUS_MASK = 7;

    /// @notice The price of a leg.
    function at(IFallbackOracle.Status status_, Leg leg) internal pure returns (Verdict) {
        return Verdict.wrap(Leg.unwrap(leg) | uint256(status_) << STATUS);
    }

    /// @notice No price; the time is that of the last base.
    function pause(IFallbackOracle.Status status_, uint256 time_) internal pure returns (Verdict) {
        return Verdict.wrap(time_ << TIME | uint256(status_) << STATUS);
    }

    /// @notice A base and what is left of it. The caller has checked left ≤ base < 2^54 and time < 2^32.
    function aged(IFallbackOracle.Status status_, uint256 left, uint256 base, uint256 time_)
        internal
        pure
        returns (Verdict)
    {
        // Safe unchecked: left ≤ base.
        unchecked {
            return Verdict.wrap(left | time_ << TIME | uint256(status_) << STATUS | (base - left) << LOSS);
        }
    }

    function status(Verdict verdict) internal pure returns (IFallbackOracle.Status) {
        return IFallbackOracle.Status((Verdict.unwrap(verdict) >> STATUS) & STATUS_MASK);
    }

    /// @notice Zero in a pause.
    function price(Verdict verdict) internal pure returns (uint256) {
        return Verdict.unwrap(verdict) & PRICE_MASK;
    }

    function time(Verdict verdict) internal pure returns (uint256) {
        return (Verdict.unwrap(verdict) >> TIME) & TIME_MASK;
    }

    /// @notice The price as it was before decay.
    function undecayed(Verdict verdict) internal pure returns (uint256) {
        return price(verdict) + (Verdict.unwrap(verdict) >> LOSS);
    }
}
