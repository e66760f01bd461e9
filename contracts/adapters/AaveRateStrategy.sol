// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IKinkedRateModel} from "../interfaces/IKinkedRateModel.sol";
import {IReserveInterestRateStrategy} from "../interfaces/IReserveInterestRateStrategy.sol";

/// @title The governed rate model as the rate strategy of a new Aave V3 pool
/// @notice A pool of 3.6 holds its strategy as an immutable of its implementation, one for all reserves: this contract
///         is for pools deployed with it. In an existing pool the target is the data of Aave's own strategy.
///
///         The model's market is the reserve's underlying asset, and the steward stays the only writer of its curve.
///         What the configurator passes as rate data is a confirmation: the packed word that the model holds already,
///         or a revert. So a reserve cannot be listed before its curve is set, no risk admin can think that it has
///         changed one, and `setReserveInterestRateData` with the word in force brings the reserve up to date.
/// @dev Aave accrues a reserve at the rate that it stored at the last action, so a new curve is never charged for the
///      time before it: it waits for the next action, or for that confirmation.
contract AaveRateStrategy is IReserveInterestRateStrategy {
    uint256 private constant BASIS_POINTS = 10_000;
    /// @dev From 1e-18 per second to 1e-27 per year of 31 536 000 s, as Aave counts it. Exact.
    uint256 private constant TO_RAY_PER_YEAR = 1e9 * 31_536_000;

    IKinkedRateModel public immutable model;

    error NoCodeAt(address account);
    error RateDataDiffers(address reserve, uint256 given, uint256 current);

    constructor(IKinkedRateModel model_) {
        if (address(model_).code.length == 0) revert NoCodeAt(address(model_));
        model = model_;
    }

    /// @inheritdoc IReserveInterestRateStrategy
    /// @param rateData `abi.encode(model.rateWord(reserve))`, never zero. Writes nothing, so anyone may ask.
    function setInterestRateParams(address reserve, bytes calldata rateData) external view override {
        uint256 given = abi.decode(rateData, (uint256));
        uint256 current = model.rateWord(reserve);
        if (current == 0) revert IKinkedRateModel.RatesNotSet(reserve);
        if (given != current) revert RateDataDiffers(reserve, given, current);
    }

    /// @inheritdoc IReserveInterestRateStrategy
    /// @dev The borrow rate is the model's, rounded up; what suppliers earn is taken from the debt itself, not from the
    ///      rounded utilisation, and rounds down once, so that it never exceeds what borrowers pay. The deficit shares
    ///      in it, as in Aave's own strategy.
    function calculateInterestRates(CalculateInterestRatesParams calldata params)
        external
        view
        override
        returns (uint256 liquidityRate, uint256 variableBorrowRate)
    {
        uint256 debt = params.totalDebt;
        uint256 available = params.virtualUnderlyingBalance + params.liquidityAdded - params.liquidityTaken;
        variableBorrowRate = model.ratePerSecond(params.reserve, available, debt, 0) * TO_RAY_PER_YEAR;
        if (debt == 0) return (0, variableBorrowRate);
        liquidityRate = FixedPointMathLib.fullMulDiv(
            variableBorrowRate,
            debt * (BASIS_POINTS - params.reserveFactor),
            (available + debt + params.unbacked) * BASIS_POINTS
        );
    }
}
