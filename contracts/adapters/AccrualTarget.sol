// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAccrual} from "../interfaces/IAccrual.sol";
import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {OracleWords} from "../libraries/OracleWords.sol";

/// @title What the steward's accrual targets in front of a venue share
/// @notice The governor lists what a target serves. Uses are in whole USD, rounded up, at a fresh leg's price or else
///         at the checkpoint undecayed: a guardian who freezes caps does so in a pause and must not be stopped by it.
abstract contract AccrualTarget is IAccrual {
    uint256 internal constant WAD = 1e18;
    /// @dev One USD as the oracles give it.
    uint256 internal constant USD = 1e8;

    /// @notice Its default admin, the governor, lists markets here.
    IAccessControlDefaultAdminRules public immutable steward;

    error NotGovernor(address caller);
    error NoMarketListed(address asset);

    constructor(IAccessControlDefaultAdminRules steward_) {
        steward = steward_;
    }

    modifier onlyGovernor() {
        if (msg.sender != steward.defaultAdmin()) revert NotGovernor(msg.sender);
        _;
    }

    /// @notice The value of an amount by an oracle, or at one USD a token where there is none.
    function _wholeUsd(uint256 amount, uint256 unit, IFallbackOracle oracle) internal view returns (uint256) {
        uint256 price = address(oracle) == address(0) ? USD : _undecayed(oracle);
        return Math.mulDiv(amount, price, unit * USD, Math.Rounding.Ceil);
    }

    function _undecayed(IFallbackOracle oracle) private view returns (uint256) {
        (IFallbackOracle.Status verdict, uint256 price,,,) = oracle.status();
        bool fresh = verdict == IFallbackOracle.Status.Live || verdict == IFallbackOracle.Status.Secondary;
        if (fresh) return price;
        return (oracle.stored(IFallbackOracle.Word.State) >> OracleWords.PRICE) & OracleWords.PRICE_MASK;
    }
}
