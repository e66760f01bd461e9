// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICompoundRateModel} from "../interfaces/ICompoundRateModel.sol";
import {IRateModel} from "../interfaces/IRateModel.sol";
import {RateCurve} from "../libraries/RateCurve.sol";

/// @title Compound V2's InterestRateModel on the curve of one market
/// @notice Per block, 1e18: ⌈rate per second · block time⌉ for borrowers, rounded down for lenders. The block time
///         belongs to the chain and is in milliseconds, as blocks are shorter than a second on many; a fork that counts
///         seconds instead of blocks takes 1 000. A chain that changes its block time needs a new model.
/// @dev A CToken refuses to accrue above 0.0005e16 per block, which would freeze the market: the constructor refuses
///      block times at which the highest rate that a curve can hold would pass it.
contract CompoundRateModel is ICompoundRateModel {
    /// @notice CToken's own limit, per block.
    uint256 public constant BORROW_RATE_MAX = 0.0005e16;
    /// @notice 15 768 ms: the longest block time that keeps every valid curve within the limit.
    uint256 public constant MAX_BLOCK_TIME = BORROW_RATE_MAX * MILLISECONDS / RateCurve.MAX_RATE;

    uint256 private constant MILLISECONDS = 1_000;

    IRateModel public immutable rateModel;
    /// @notice Names the curve: the collateral asset whose rate word the steward governs.
    address public immutable market;
    /// @notice Milliseconds per block.
    uint256 public immutable blockTime;

    error BlockTimeOutOfBounds(uint256 milliseconds, uint256 maximum);

    constructor(IRateModel rateModel_, address market_, uint256 blockTime_) {
        if (blockTime_ == 0 || blockTime_ > MAX_BLOCK_TIME) revert BlockTimeOutOfBounds(blockTime_, MAX_BLOCK_TIME);
        rateModel = rateModel_;
        market = market_;
        blockTime = blockTime_;
    }

    /// @inheritdoc ICompoundRateModel
    function isInterestRateModel() external pure override returns (bool) {
        return true;
    }

    /// @inheritdoc ICompoundRateModel
    function getBorrowRate(uint256 cash, uint256 borrows, uint256 reserves) external view override returns (uint256) {
        uint256 rate = rateModel.ratePerSecond(market, cash, borrows, reserves);
        return (rate * blockTime + MILLISECONDS - 1) / MILLISECONDS;
    }

    /// @inheritdoc ICompoundRateModel
    function getSupplyRate(uint256 cash, uint256 borrows, uint256 reserves, uint256 reserveFactorMantissa)
        external
        view
        override
        returns (uint256)
    {
        uint256 u = RateCurve.utilisation(cash, borrows, reserves);
        uint256 rate = rateModel.ratePerSecond(market, cash, borrows, reserves);
        return RateCurve.supplyRate(rate, u, reserveFactorMantissa) * blockTime / MILLISECONDS;
    }
}
