// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";

/// @title Which price of an oracle may value what
/// @notice Apart from the oracle, whose every function costs each of its readers 22 gas.
library OraclePrices {
    /// @notice The price only while Live: what a debt, or an inverse quote, may be valued at. Else reverts.
    function whileLive(IFallbackOracle oracle) internal view returns (uint256) {
        (IFallbackOracle.Status verdict, uint256 price,,,) = oracle.status();
        if (verdict != IFallbackOracle.Status.Live) revert IFallbackOracle.Paused(oracle.constants().asset, verdict);
        return price;
    }

    /// @notice The served price and the same before decay, what an amount held and an amount owed may be valued at, so
    ///         that silence never shrinks a debt. Reverts in a pause.
    function bidAndAsk(IFallbackOracle oracle) internal view returns (uint256 bid, uint256 ask) {
        IFallbackOracle.Status verdict;
        (verdict, bid,,, ask) = oracle.status();
        if (bid == 0) revert IFallbackOracle.Paused(oracle.constants().asset, verdict);
    }
}
