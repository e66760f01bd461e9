// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {FixedRateModel} from "contracts/FixedRateModel.sol";
import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {IKinkedRateModel} from "contracts/interfaces/IKinkedRateModel.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

/// Which rate words are accepted, who sets them, and what is told of it. Each refusal by its name.
contract RateModelsTest is Test {
    address private constant FIRST = address(0xA);
    address private constant SECOND = address(0xB);
    uint256 private constant WAD = 1e18;
    uint256 private constant MAX = RateCurve.MAX_RATE;

    KinkedRateModel private model;

    function setUp() public {
        model = new KinkedRateModel(address(this));
    }

    function test_aWordIsRefusedByTheFieldThatIsWrong() external {
        uint256 fine = _word(1, 2, 3, WAD / 2);
        _refuses(fine | 1 << 208, "unused bits");
        _refuses(_word(1, 2, 3, 0), "kink");
        _refuses(_word(1, 2, 3, WAD), "kink");
        _refuses(_word(MAX, 1, 0, 1), "highest rate");
        _refuses(_word(MAX - 1, 1, 1, 1), "highest rate");
    }

    function test_aWordAtItsLimitsIsAccepted() external {
        _accepts(_word(MAX, 0, 0, 1));
        _accepts(_word(0, MAX, 0, WAD - 1));
        _accepts(_word(0, 0, MAX, WAD / 2));
        _accepts(_word(MAX - 2, 1, 1, 1));
    }

    function test_everyMarketOfABatchIsSetAndTold() external {
        (address[] memory markets, uint256[] memory words) = _pair(_word(1, 2, 3, 4), _word(5, 6, 7, 8));
        vm.expectEmit(address(model));
        emit IKinkedRateModel.RatesSet(markets, words);
        model.setRates(markets, words);
        assertEq(model.rateWord(FIRST), words[0]);
        assertEq(model.rateWord(SECOND), words[1]);
    }

    function test_whatIsNoAddressIsRefused() external {
        uint256 market = 1 << 160 | uint160(FIRST);
        bytes memory call = abi.encodePacked(
            KinkedRateModel.setRates.selector, abi.encode(0x40, 0x80, 1, market, 1, _word(1, 2, 3, 4))
        );
        (bool ok, bytes memory answer) = address(model).call(call);
        assertFalse(ok);
        assertEq(answer, abi.encodeWithSelector(IKinkedRateModel.NotAnAddress.selector, market));
    }

    function testFuzz_aWordIsValidWhereItIsNotRefused(uint256 word, uint256 kink) external view {
        word = word % 2 == 0 ? word : uint144(word >> word % 16) | (kink % (WAD + 2)) << 144;
        (bool accepted,) = address(this).staticcall(abi.encodeCall(this.requireValid, (word)));
        assertEq(RateCurve.isValid(word), accepted);
    }

    function requireValid(uint256 word) external pure {
        RateCurve.requireValid(word);
    }

    function test_arraysOfOtherLengthsAreRefused() external {
        (address[] memory markets,) = _pair(0, 0);
        uint256[] memory words = new uint256[](1);
        words[0] = _word(1, 2, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(IKinkedRateModel.LengthsDiffer.selector, 2, 1));
        model.setRates(markets, words);
        words = new uint256[](3);
        (words[0], words[1], words[2]) = (_word(1, 2, 3, 4), _word(1, 2, 3, 4), _word(1, 2, 3, 4));
        vm.expectRevert(abi.encodeWithSelector(IKinkedRateModel.LengthsDiffer.selector, 2, 3));
        model.setRates(markets, words);
    }

    function test_onlyTheStewardSetsAndThereIsOne() external {
        (address[] memory markets, uint256[] memory words) = _pair(_word(1, 2, 3, 4), _word(5, 6, 7, 8));
        vm.prank(FIRST);
        vm.expectRevert(abi.encodeWithSelector(IKinkedRateModel.NotSteward.selector, FIRST));
        model.setRates(markets, words);
        vm.expectRevert(abi.encodeWithSelector(IKinkedRateModel.NotSteward.selector, address(0)));
        new KinkedRateModel(address(0));
        assertEq(model.steward(), address(this));
    }

    function test_aMarketWithoutAWordHasNoRate() external {
        vm.expectRevert(abi.encodeWithSelector(IKinkedRateModel.RatesNotSet.selector, FIRST));
        model.ratePerSecond(FIRST, 1, 1, 0);
    }

    function test_amountsUpTo128BitsAreTakenAndNoLarger() external {
        FixedRateModel fixedModel = new FixedRateModel(_word(1, 2, 3, WAD / 2));
        uint256 most = type(uint128).max;
        assertEq(fixedModel.ratePerSecond(FIRST, most, most, most), 1 + 2 + 3);
        assertEq(fixedModel.ratePerSecond(FIRST, most, 0, most), 1);
        for (uint256 i; i < 3; ++i) {
            uint256[3] memory a = [most, most, most];
            (a[i], a[(i + 1) % 3]) = (most + 1, 1);
            _refusesAmounts(fixedModel, a, most + 1);
            a[i] = type(uint256).max;
            _refusesAmounts(fixedModel, a, type(uint256).max);
        }
    }

    function test_aUtilisationBeyondOneIsOne() external view {
        uint256 word = _word(1, 2, 3, WAD / 2);
        assertEq(model.rateAt(word, WAD + 1), 6);
        assertEq(model.rateAt(word, type(uint256).max), 6);
    }

    function test_theCurveOfAnInvalidWordIsRefused() external {
        vm.expectRevert(abi.encodeWithSelector(RateCurve.RateWordInvalid.selector, 0, "kink"));
        model.rateAt(0, 0);
    }

    function _word(uint256 base, uint256 slope1, uint256 slope2, uint256 kink) private pure returns (uint256) {
        return base | slope1 << 48 | slope2 << 96 | kink << 144;
    }

    function _pair(uint256 first, uint256 second)
        private
        pure
        returns (address[] memory markets, uint256[] memory words)
    {
        (markets, words) = (new address[](2), new uint256[](2));
        (markets[0], markets[1], words[0], words[1]) = (FIRST, SECOND, first, second);
    }

    function _refusesAmounts(FixedRateModel fixedModel, uint256[3] memory a, uint256 largest) private {
        vm.expectRevert(abi.encodeWithSelector(RateCurve.AmountTooLarge.selector, largest));
        fixedModel.ratePerSecond(FIRST, a[0], a[1], a[2]);
    }

    function _accepts(uint256 word) private {
        (address[] memory markets, uint256[] memory words) = _pair(word, word);
        model.setRates(markets, words);
        assertEq(new FixedRateModel(word).rateCurve(), word);
    }

    function _refuses(uint256 word, string memory what) private {
        bytes memory error = abi.encodeWithSelector(RateCurve.RateWordInvalid.selector, word, what);
        (address[] memory markets, uint256[] memory words) = _pair(_word(1, 2, 3, 4), word);
        vm.expectRevert(error);
        model.setRates(markets, words);
        vm.expectRevert(error);
        new FixedRateModel(word);
    }
}
