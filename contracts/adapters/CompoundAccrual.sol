// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ICToken} from "../interfaces/ICToken.sol";
import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {AccrualTarget} from "./AccrualTarget.sol";

/// @title The steward's accrual target in front of a Compound V2 pool that counts blocks
/// @notice A cToken charges the rate it gets at an accrual for all the blocks before it, so the cToken that borrows on
///         an asset's rate word accrues before that word changes. Which cToken that is, and in which the asset itself
///         is supplied, the governor lists, once.
/// @dev A pool knows no debt per collateral: debt in use is all that the listed cToken has lent, which is exact in a
///      pool of one collateral and an upper bound in others.
contract CompoundAccrual is AccrualTarget {
    /// @param debtOracle Zero where the debt token counts as one USD by declaration.
    struct Market {
        ICToken collateral;
        ICToken debt;
        IFallbackOracle collateralOracle;
        IFallbackOracle debtOracle;
    }

    mapping(address asset => Market) private _markets;

    event MarketListed(address indexed asset, address indexed collateral, address indexed debt);

    error AlreadyListed(address asset);
    error TokensDiffer(address asset);
    error DebtLegUndeclared(address debtOracle, bool debtAtPar);
    error AccrualFailed(address cToken, uint256 code);

    constructor(IAccessControlDefaultAdminRules steward_) AccrualTarget(steward_) {}

    /// @param debtAtPar Declares that one whole debt token is one USD; then `debtOracle` is zero, else not.
    function listMarket(Market calldata market, bool debtAtPar) external onlyGovernor {
        address asset = market.collateral.underlying();
        if (address(_markets[asset].debt) != address(0)) revert AlreadyListed(asset);
        if ((address(market.debtOracle) == address(0)) != debtAtPar) {
            revert DebtLegUndeclared(address(market.debtOracle), debtAtPar);
        }
        bool same = market.collateralOracle.constants().asset == asset
            && (debtAtPar || market.debtOracle.constants().asset == market.debt.underlying());
        if (!same) revert TokensDiffer(asset);
        _markets[asset] = market;
        emit MarketListed(asset, address(market.collateral), address(market.debt));
    }

    /// @notice Charges the cToken that lends on the asset's rate word.
    function accrue(address asset) external override {
        ICToken debt = marketOf(asset).debt;
        uint256 code = debt.accrueInterest();
        if (code != 0) revert AccrualFailed(address(debt), code);
    }

    /// @notice Value of all that is supplied of the asset, in whole USD, rounded up.
    function collateralInUse(address asset) external view override returns (uint256) {
        Market memory market = marketOf(asset);
        ICToken cToken = market.collateral;
        uint256 supplied = Math.mulDiv(cToken.totalSupply(), cToken.exchangeRateStored(), WAD, Math.Rounding.Ceil);
        return _wholeUsd(supplied, _unitOf(cToken), market.collateralOracle);
    }

    /// @notice All that the listed cToken has lent, interest up to this block included, in whole USD, rounded up.
    function debtInUse(address asset) external view override returns (uint256) {
        Market memory market = marketOf(asset);
        uint256 borrowed = market.debt.totalBorrows();
        uint256 blocks = block.number - market.debt.accrualBlockNumber();
        uint256 interest = Math.mulDiv(borrowed, market.debt.borrowRatePerBlock() * blocks, WAD);
        return _wholeUsd(borrowed + interest, _unitOf(market.debt), market.debtOracle);
    }

    /// @notice The cTokens and oracles of an asset; reverts where none is listed.
    function marketOf(address asset) public view returns (Market memory market) {
        market = _markets[asset];
        if (address(market.debt) == address(0)) revert NoMarketListed(asset);
    }

    function _unitOf(ICToken cToken) private view returns (uint256) {
        return 10 ** IERC20Metadata(cToken.underlying()).decimals();
    }
}
