// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedRateModel} from "contracts/FixedRateModel.sol";
import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {IRateModel} from "contracts/interfaces/IRateModel.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

import {GasTest} from "./support/GasTest.sol";

/// What a rate costs to read and, for ten markets at once, to set.
contract RateGas is GasTest {
    uint256 private constant MARKETS = 10;
    uint256 private constant KINK = 0.9e18;

    KinkedRateModel private governed;
    FixedRateModel private immutable_;

    function setUp() public override {
        super.setUp();
        immutable_ = new FixedRateModel(_word(2e9));
        governed = new KinkedRateModel(address(meter));
        used("first rates", address(governed), _setRates(_word(2e9)), false);
    }

    function test_governedAboveTheKink() external {
        measure("rate, governed, above the kink", address(governed), _rate(9.5e24));
    }

    function test_governedBelowTheKink() external {
        measure("rate, governed, below the kink", address(governed), _rate(1e24));
    }

    function test_immutableAboveTheKink() external {
        measure("rate, immutable, above the kink", address(immutable_), _rate(9.5e24));
    }

    function test_immutableBelowTheKink() external {
        measure("rate, immutable, below the kink", address(immutable_), _rate(1e24));
    }

    function test_setRates() external {
        bytes memory call = _setRates(_word(3e9));
        record("rate word, a market of ten", used("setRates", address(governed), call, false) / MARKETS);
    }

    function _rate(uint256 borrows) private pure returns (bytes memory) {
        return abi.encodeCall(IRateModel.ratePerSecond, (address(1), 1e24, borrows, 1e20));
    }

    function _setRates(uint256 word) private pure returns (bytes memory) {
        address[] memory markets = new address[](MARKETS);
        uint256[] memory words = new uint256[](MARKETS);
        for (uint256 i = 0; i < MARKETS; ++i) (markets[i], words[i]) = (address(uint160(i + 1)), word);
        return abi.encodeCall(KinkedRateModel.setRates, (markets, words));
    }

    function _word(uint256 slope1) private pure returns (uint256) {
        return RateCurve.pack(1e9, slope1, 8e9, KINK);
    }
}
