// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {OraclePrices} from "../libraries/OraclePrices.sol";

/// @title ERC-7726 quotes of one asset in USD, and back
/// @notice Apart from the oracle, whose every function costs each of its readers 22 gas.
contract QuoteOracle is IPriceOracle {
    /// @notice USD in ERC-7726, the ISO 4217 number as an address; amounts of it have 18 decimals.
    address public constant USD = address(840);

    /// @dev From 8 decimals to the 18 of a USD amount.
    uint256 private constant TO_WAD = 1e10;

    IFallbackOracle public immutable oracle;
    address public immutable asset;
    uint256 private immutable ASSET_UNIT;

    error PairNotSupported(address base, address quote);

    constructor(IFallbackOracle oracle_) {
        oracle = oracle_;
        IFallbackOracle.Constants memory fixed_ = oracle_.constants();
        (asset, ASSET_UNIT) = (fixed_.asset, fixed_.assetUnit);
    }

    /// @inheritdoc IPriceOracle
    /// @dev Asset to USD at the served (decayed) price; USD to asset only while Live.
    function getQuote(uint256 baseAmount, address base, address quote) external view override returns (uint256) {
        if (_inverse(base, quote)) {
            uint256 live = OraclePrices.whileLive(oracle);
            return FixedPointMathLib.fullMulDiv(baseAmount, ASSET_UNIT, live * TO_WAD);
        }
        (uint256 price,) = OraclePrices.bidAndAsk(oracle);
        return FixedPointMathLib.fullMulDiv(baseAmount, price * TO_WAD, ASSET_UNIT);
    }

    /// @inheritdoc IPriceOracle
    /// @dev The bid is decayed and rounds down; the ask is not decayed and rounds up, so that silence never shrinks a
    ///      debt. USD to asset only while Live.
    function getQuotes(uint256 baseAmount, address base, address quote)
        external
        view
        override
        returns (uint256 bid, uint256 ask)
    {
        if (_inverse(base, quote)) {
            uint256 live = OraclePrices.whileLive(oracle);
            bid = FixedPointMathLib.fullMulDiv(baseAmount, ASSET_UNIT, live * TO_WAD);
            ask = FixedPointMathLib.fullMulDivUp(baseAmount, ASSET_UNIT, live * TO_WAD);
        } else {
            (uint256 price, uint256 undecayed) = OraclePrices.bidAndAsk(oracle);
            bid = FixedPointMathLib.fullMulDiv(baseAmount, price * TO_WAD, ASSET_UNIT);
            ask = FixedPointMathLib.fullMulDivUp(baseAmount, undecayed * TO_WAD, ASSET_UNIT);
        }
    }

    /// @dev True for USD to asset, false for asset to USD.
    function _inverse(address base, address quote) private view returns (bool) {
        if (base == asset && quote == USD) return false;
        if (base == USD && quote == asset) return true;
        revert PairNotSupported(base, quote);
    }
}
