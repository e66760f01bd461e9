// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IPyth} from "../interfaces/IPyth.sol";

/// @title One Pyth price as an AggregatorV3 feed with 8 decimals
/// @notice Reverts on a price that is not positive, whose confidence interval is too wide, whose exponent is positive
///         or below −18, or whose time lies more than 15 s ahead. The oracle reads a revert as an invalid leg.
contract PythSource is AggregatorV3Interface {
    /// @dev Publishers' clocks run ahead of blocks by a few seconds; up to this much counts as now.
    uint256 public constant MAX_AHEAD = 15;
    uint256 public constant MAX_CONFIDENCE_BPS = 1_000;
    int32 private constant MIN_EXPONENT = -18;
    int32 private constant OUTPUT_EXPONENT = -8;

    IPyth public immutable pyth;
    bytes32 public immutable priceId;
    /// @notice The widest confidence interval accepted, in basis points of the price.
    uint256 public immutable confidenceBps;

    error ConfigurationInvalid(address pyth, uint256 confidenceBps);
    error PriceNotPositive(int64 price);
    error ConfidenceTooWide(uint256 confidence, uint256 price, uint256 limitBps);
    error ExponentOutOfBounds(int32 exponent);
    error TimeInvalid(uint256 publishTime, uint256 now_);
    error HistoryNotKept(uint80 roundId);

    constructor(IPyth pyth_, bytes32 priceId_, uint256 confidenceBps_) {
        if (address(pyth_).code.length == 0 || confidenceBps_ == 0 || confidenceBps_ > MAX_CONFIDENCE_BPS) {
            revert ConfigurationInvalid(address(pyth_), confidenceBps_);
        }
        pyth = pyth_;
        priceId = priceId_;
        confidenceBps = confidenceBps_;
    }

    /// @notice Pyth keeps no rounds: the publish time stands for the round.
    function latestRoundData() external view override returns (uint80, int256, uint256, uint256, uint80) {
        IPyth.Price memory p = pyth.getPriceUnsafe(priceId);
        uint256 time = _time(p.publishTime);
        return (uint80(time), int256(_scaled(_checked(p), p.expo)), time, time, uint80(time));
    }

    function decimals() external pure override returns (uint8) {
        return 8;
    }

    function description() external pure override returns (string memory) {
        return "Pyth price, confidence, exponent and time bounded";
    }

    function version() external pure override returns (uint256) {
        return 1;
    }

    function getRoundData(uint80 roundId) external pure override returns (uint80, int256, uint256, uint256, uint80) {
        revert HistoryNotKept(roundId);
    }

    /// @dev conf/price ≤ limit, without division. Both are below 2^64.
    function _checked(IPyth.Price memory p) private view returns (uint256 price) {
        if (p.price <= 0) revert PriceNotPositive(p.price);
        price = uint256(uint64(p.price));
        if (uint256(p.conf) * 10_000 > price * confidenceBps) revert ConfidenceTooWide(p.conf, price, confidenceBps);
    }

    /// @notice price·10^exponent in 8 decimals, rounded down.
    function _scaled(uint256 price, int32 exponent) private pure returns (uint256) {
        if (exponent > 0 || exponent < MIN_EXPONENT) revert ExponentOutOfBounds(exponent);
        if (exponent >= OUTPUT_EXPONENT) return price * 10 ** uint32(exponent - OUTPUT_EXPONENT);
        return price / 10 ** uint32(OUTPUT_EXPONENT - exponent);
    }

    function _time(uint256 publishTime) private view returns (uint256) {
        if (publishTime == 0 || publishTime > block.timestamp + MAX_AHEAD) {
            revert TimeInvalid(publishTime, block.timestamp);
        }
        return publishTime < block.timestamp ? publishTime : block.timestamp;
    }
}
