// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Market, MarketParams} from "../interfaces/IMorpho.sol";
import {IMorphoIrm} from "../interfaces/IMorphoIrm.sol";
import {IRateModel} from "../interfaces/IRateModel.sol";
import {MorphoAccrual} from "./MorphoAccrual.sol";

/// @title Morpho Blue's rate model on the curve of the market's collateral asset
/// @notice Per second, 1e18, the units of the curve itself: nothing is converted and nothing rounded again. Utilisation
///         is borrowed over supplied assets as of the last accrual, rounded up.
/// @dev Morpho charges the rate it gets at an accrual for all the time before it. A governed change is therefore
///      preceded by an accrual of every market that this model serves, and so it serves only those that the accrual
///      target lists: anyone may create Morpho markets, and one that nobody accrues would pay a new rate for the past.
///      Creation is the only entrance, and there a market is empty; later accruals skip the check.
contract MorphoRateModel is IMorphoIrm {
    IRateModel public immutable rateModel;
    MorphoAccrual public immutable accrual;

    error MarketNotListed(bytes32 id);

    constructor(IRateModel rateModel_, MorphoAccrual accrual_) {
        rateModel = rateModel_;
        accrual = accrual_;
    }

    /// @inheritdoc IMorphoIrm
    function borrowRate(MarketParams calldata marketParams, Market calldata market)
        external
        view
        override
        returns (uint256)
    {
        if (market.totalSupplyShares == 0) {
            bytes32 id = keccak256(abi.encode(marketParams));
            if (!accrual.isListed(id)) revert MarketNotListed(id);
        }
        return _rate(marketParams.collateralToken, market);
    }

    /// @inheritdoc IMorphoIrm
    function borrowRateView(MarketParams calldata marketParams, Market calldata market)
        external
        view
        override
        returns (uint256)
    {
        return _rate(marketParams.collateralToken, market);
    }

    /// @dev Morpho keeps borrows at or below supply; of other callers an excess counts as full utilisation.
    function _rate(address asset, Market calldata market) private view returns (uint256) {
        uint256 borrows = market.totalBorrowAssets;
        uint256 cash = market.totalSupplyAssets > borrows ? market.totalSupplyAssets - borrows : 0;
        return rateModel.ratePerSecond(asset, cash, borrows, 0);
    }
}
