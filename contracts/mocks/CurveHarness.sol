// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IKinkedRateModel} from "../interfaces/IKinkedRateModel.sol";
import {IRateModel} from "../interfaces/IRateModel.sol";
import {Decay} from "../libraries/Decay.sol";
import {RateCurve} from "../libraries/RateCurve.sol";

/// @title Many evaluations of rates and decay factors in one call, for the comparison with the Python mirror
/// @dev Deploy it as the steward of the governed model.
contract CurveHarness {
    struct Pool {
        uint256 cash;
        uint256 borrows;
        uint256 reserves;
        uint256 reserveFactor;
    }

    function governed(IKinkedRateModel model, uint256[] calldata words, Pool[] calldata pools)
        external
        returns (uint256[] memory borrowRates, uint256[] memory supplyRates)
    {
        borrowRates = new uint256[](words.length);
        supplyRates = new uint256[](words.length);
        address[] memory market = new address[](1);
        uint256[] memory word = new uint256[](1);
        for (uint256 i; i < words.length; ++i) {
            (market[0], word[0]) = (address(uint160(i + 1)), words[i]);
            model.setRates(market, word);
            (borrowRates[i], supplyRates[i]) = _rates(model, market[0], pools[i]);
        }
    }

    function fixedCurve(IRateModel model, Pool[] calldata pools)
        external
        view
        returns (uint256[] memory borrowRates, uint256[] memory supplyRates)
    {
        borrowRates = new uint256[](pools.length);
        supplyRates = new uint256[](pools.length);
        for (uint256 i; i < pools.length; ++i) {
            (borrowRates[i], supplyRates[i]) = _rates(model, address(0), pools[i]);
        }
    }

    function decay(uint256[] calldata words, uint256[] calldata ages) external pure returns (uint256[] memory factors) {
        factors = new uint256[](words.length);
        for (uint256 i; i < words.length; ++i) {
            factors[i] = Decay.factor(words[i], ages[i]);
        }
    }

    function _rates(IRateModel model, address market, Pool calldata p) private view returns (uint256, uint256) {
        uint256 rate = model.ratePerSecond(market, p.cash, p.borrows, p.reserves);
        uint256 u = RateCurve.utilisation(p.cash, p.borrows, p.reserves);
        return (rate, RateCurve.supplyRate(rate, u, p.reserveFactor));
    }
}
