// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {CollateralWord} from "./CollateralWord.sol";
import {Decay} from "./Decay.sol";
import {OracleWords} from "./OracleWords.sol";
import {RateCurve} from "./RateCurve.sol";

/// @title What must hold between the parameters of one market, on the values that land
/// @notice Guardrails judge each parameter alone, and clamping coupled values apart has liquidated people. These judge
///         the tuple. What the oracle and the rate model demand within their own word they check themselves.
library Validity {
    using CollateralWord for uint256;

    uint256 internal constant BASIS_POINTS = 10_000;
    /// @dev The coupled fields of a collateral word: LTV, liquidation threshold and bonus.
    uint256 internal constant COUPLED_COLLATERAL = (1 << CollateralWord.SUPPLY_CAP_OFFSET) - 1;

    error LiquidationInsolvent(address asset, uint256 liquidationThreshold, uint256 bonus);
    error LtvAboveLiquidationThreshold(address asset, uint256 ltv, uint256 liquidationThreshold);
    error DecayLiquidates(address asset, uint256 ltv, uint256 liquidationThreshold, uint256 factorWad);
    error BandExceedsCushion(address asset, uint256 bandDown, uint256 cushion);
    error SlopesNotConvex(address asset, uint256 slope1, uint256 slope2);

    /// @notice LT·(1 + b) ≤ 1, so that a position liquidated at its threshold pays its liquidator, and LTV ≤ LT.
    function requireCollateral(address asset, uint256 collateral) internal pure {
        uint256 lt = collateral.liquidationThreshold();
        uint256 bonus = collateral.bonus();
        if (lt * (BASIS_POINTS + bonus) > BASIS_POINTS * BASIS_POINTS) revert LiquidationInsolvent(asset, lt, bonus);
        if (collateral.ltv() > lt) revert LtvAboveLiquidationThreshold(asset, collateral.ltv(), lt);
    }

    /// @notice LTV ≤ LT·D(T⁺): the step when decay begins liquidates no one at LTV. X_down ≤ 1 − LT·(1 + b): a fall
    ///         that the band still serves as live leaves a position at its threshold solvent.
    /// @dev Both by cross multiplication. D(T⁺), the limit from above, is the factor with no time past T.
    function requireCoupled(address asset, uint256 collateral, uint256 configuration) internal pure {
        uint256 lt = collateral.liquidationThreshold();
        uint256 ltv = collateral.ltv();
        uint256 staleness = (configuration >> OracleWords.PRIMARY_STALENESS) & OracleWords.MASK_24;
        uint256 factorWad = Decay.factor(configuration, staleness);
        if (ltv * Decay.WAD > lt * factorWad) revert DecayLiquidates(asset, ltv, lt, factorWad);
        uint256 bandDown = (configuration >> OracleWords.BAND_DOWN) & OracleWords.MASK_16;
        // Not negative: requireCollateral has passed on this word, now or when it landed.
        uint256 cushion = BASIS_POINTS * BASIS_POINTS - lt * (BASIS_POINTS + collateral.bonus());
        if (bandDown * (BASIS_POINTS * BASIS_POINTS) > cushion * OracleWords.FRACTION) {
            revert BandExceedsCushion(asset, bandDown, cushion);
        }
    }

    /// @notice s₁ ≤ s₂: the curve is convex, so that its kink is where borrowing becomes dear.
    function requireRate(address asset, uint256 rate) internal pure {
        uint256 slope1 = uint48(rate >> RateCurve.SLOPE1);
        uint256 slope2 = uint48(rate >> RateCurve.SLOPE2);
        if (slope1 > slope2) revert SlopesNotConvex(asset, slope1, slope2);
    }

    /// @notice Whether `requireRate` accepts the word.
    function isRate(uint256 rate) internal pure returns (bool) {
        return uint48(rate >> RateCurve.SLOPE1) <= uint48(rate >> RateCurve.SLOPE2);
    }
}
