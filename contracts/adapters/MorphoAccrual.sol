// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IAccrual} from "../interfaces/IAccrual.sol";
import {IMorpho, Market, MarketParams} from "../interfaces/IMorpho.sol";
import {IMorphoIrm} from "../interfaces/IMorphoIrm.sol";
import {IMorphoOracle} from "../interfaces/IMorphoOracle.sol";
import {AccrualTarget} from "./AccrualTarget.sol";

/// @title The steward's accrual target in front of Morpho Blue
/// @notice Knows which Morpho markets share a collateral asset's rate word and charges each of them up to now before
///         that word changes. The governor lists markets, before they are created: `MorphoRateModel` refuses others.
/// @dev Morpho keeps no total of collateral per market, so collateral in use is what Morpho holds of the token, in all
///      markets. Anyone can raise it by supplying; the steward only ever lowers a cap to it.
contract MorphoAccrual is AccrualTarget {
    /// @notice Bounds what one rate change must accrue.
    uint256 public constant MAX_MARKETS = 8;

    IMorpho public immutable morpho;

    mapping(bytes32 id => bool) public isListed;
    mapping(address asset => MarketParams[]) private _markets;

    event MarketListed(bytes32 indexed id, address indexed asset);

    error AlreadyListed(bytes32 id);
    error OracleDiffers(bytes32 id, address oracle);
    error TooManyMarkets(address asset, uint256 maximum);

    constructor(IMorpho morpho_, IAccessControlDefaultAdminRules steward_) AccrualTarget(steward_) {
        morpho = morpho_;
    }

    /// @notice Takes a market under the accrual of its collateral asset, for good: its parameters are immutable.
    function listMarket(MarketParams calldata params) external onlyGovernor {
        bytes32 id = _id(params);
        if (isListed[id]) revert AlreadyListed(id);
        IMorphoOracle oracle = IMorphoOracle(params.oracle);
        if (oracle.collateralToken() != params.collateralToken || oracle.loanToken() != params.loanToken) {
            revert OracleDiffers(id, params.oracle);
        }
        MarketParams[] storage ofAsset = _markets[params.collateralToken];
        if (ofAsset.length == MAX_MARKETS) revert TooManyMarkets(params.collateralToken, MAX_MARKETS);
        ofAsset.push(params);
        isListed[id] = true;
        emit MarketListed(id, params.collateralToken);
    }

    /// @inheritdoc IAccrual
    /// @dev A market listed and not yet created has nothing to charge. An asset without markets is a mistake.
    function accrue(address asset) external override {
        MarketParams[] memory ofAsset = marketsOf(asset);
        for (uint256 i = 0; i < ofAsset.length; ++i) {
            if (morpho.market(_id(ofAsset[i])).lastUpdate != 0) morpho.accrueInterest(ofAsset[i]);
        }
    }

    /// @inheritdoc IAccrual
    function collateralInUse(address asset) external view override returns (uint256) {
        MarketParams[] memory ofAsset = marketsOf(asset);
        IMorphoOracle oracle = IMorphoOracle(ofAsset[ofAsset.length - 1].oracle);
        uint256 held = IERC20(asset).balanceOf(address(morpho));
        return _wholeUsd(held, oracle.collateralUnit(), oracle.collateralOracle());
    }

    /// @inheritdoc IAccrual
    function debtInUse(address asset) external view override returns (uint256 debt) {
        MarketParams[] memory ofAsset = marketsOf(asset);
        for (uint256 i = 0; i < ofAsset.length; ++i) {
            IMorphoOracle oracle = IMorphoOracle(ofAsset[i].oracle);
            debt += _wholeUsd(borrowedNow(ofAsset[i]), oracle.loanUnit(), oracle.loanOracle());
        }
    }

    /// @notice The listed markets of a collateral asset; reverts where there is none.
    function marketsOf(address asset) public view returns (MarketParams[] memory ofAsset) {
        ofAsset = _markets[asset];
        if (ofAsset.length == 0) revert NoMarketListed(asset);
    }

    /// @notice What a market's borrowers owe with interest up to now, as Morpho's own accrual would book it.
    /// @dev Morpho's order: three terms of e^(rate·time) − 1, each rounded down.
    function borrowedNow(MarketParams memory params) public view returns (uint256) {
        Market memory market = morpho.market(_id(params));
        uint256 borrowed = market.totalBorrowAssets;
        uint256 elapsed = block.timestamp - market.lastUpdate;
        if (borrowed == 0 || elapsed == 0 || params.irm == address(0)) return borrowed;
        uint256 first = IMorphoIrm(params.irm).borrowRateView(params, market) * elapsed;
        uint256 second = first * first / (2 * WAD);
        uint256 third = second * first / (3 * WAD);
        return borrowed + borrowed * (first + second + third) / WAD;
    }

    function _id(MarketParams memory params) private pure returns (bytes32) {
        return keccak256(abi.encode(params));
    }
}
