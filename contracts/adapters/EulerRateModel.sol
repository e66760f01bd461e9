// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IEulerIrm} from "../interfaces/IEulerIrm.sol";
import {IRateModel} from "../interfaces/IRateModel.sol";

/// @title Euler's IIRM of one vault on the curve of one market
/// @notice Per second, 1e27: the curve's 1e18 times 1e9, exact. The vault names the market, and no other vault is
///         served: its curve would be another's.
/// @dev A vault charges the rate that it stored at its last operation, so a governed change is never retroactive here;
///      it takes effect at the vault's next operation, and anyone may `touch` the vault. A vault holds rates above
///      291 867 278 914 945 094 175 (about 921 % a year of 31 556 952 s) at that value, below the 1 000 % that a curve
///      may reach: keep the envelope below it.
contract EulerRateModel is IEulerIrm {
    uint256 private constant RAY_PER_WAD = 1e9;

    IRateModel public immutable rateModel;
    address public immutable vault;
    /// @notice Names the curve: the collateral asset whose rate word the steward governs.
    address public immutable market;

    error VaultUnknown(address vault);

    constructor(IRateModel rateModel_, address vault_, address market_) {
        rateModel = rateModel_;
        vault = vault_;
        market = market_;
    }

    /// @inheritdoc IEulerIrm
    function computeInterestRate(address vault_, uint256 cash, uint256 borrows)
        external
        view
        override
        returns (uint256)
    {
        if (msg.sender != vault_) revert E_IRMUpdateUnauthorized();
        return _rate(vault_, cash, borrows);
    }

    /// @inheritdoc IEulerIrm
    function computeInterestRateView(address vault_, uint256 cash, uint256 borrows)
        external
        view
        override
        returns (uint256)
    {
        return _rate(vault_, cash, borrows);
    }

    function _rate(address vault_, uint256 cash, uint256 borrows) private view returns (uint256) {
        if (vault_ != vault) revert VaultUnknown(vault_);
        return rateModel.ratePerSecond(market, cash, borrows, 0) * RAY_PER_WAD;
    }
}
