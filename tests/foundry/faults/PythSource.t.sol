// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {MockPyth as Pyth} from "@pythnetwork/pyth-sdk-solidity/MockPyth.sol";
import {PythErrors} from "@pythnetwork/pyth-sdk-solidity/PythErrors.sol";
import {PythUtils} from "@pythnetwork/pyth-sdk-solidity/PythUtils.sol";

import {PythSource} from "contracts/adapters/PythSource.sol";
import {IPyth} from "contracts/interfaces/IPyth.sol";

import {Kind} from "./FaultTable.sol";
import {FaultyLeg, FaultyLegs} from "./FaultyLeg.sol";

/// @title Pyth's price as a feed, over the SDK's own Pyth and against the SDK's own conversion
contract PythSourceTest is FaultyLegs {
    uint256 private constant NOW = 1_790_000_000;
    int64 private constant PRICE = 100e8;
    uint256 private constant MAX_AHEAD = 15;

    Pyth private _pyth;
    PythSource private _source;

    function setUp() external {
        vm.warp(NOW);
        FaultyLeg memory leg = makeLeg(Kind.Pyth, uint64(PRICE));
        (_pyth, _source) = (leg.pyth, PythSource(leg.feed));
        vm.warp(NOW + 100);
    }

    /// @notice It answers exactly where every bound holds, and then what the SDK converts to.
    function testFuzz_itAnswersWithinItsBoundsWhatTheSdkConvertsTo(
        int64 price,
        uint64 confidence,
        int32 exponent,
        uint256 publishTime
    ) external {
        exponent = int32(bound(exponent, -22, 3));
        publishTime = bound(publishTime, NOW + 1, block.timestamp + 2 * MAX_AHEAD);
        // Half the confidences near the limit of a hundredth.
        if (confidence % 2 == 0 && price > 0) confidence = uint64(price) / 100 + confidence % 3;
        publishPyth(_pyth, price, confidence, exponent, publishTime);

        bool sound = price > 0 && exponent <= 0 && exponent >= -18 && publishTime <= block.timestamp + MAX_AHEAD
            && uint256(confidence) * 100 <= uint256(int256(price));
        try _source.latestRoundData() returns (uint80 round, int256 answer, uint256 from, uint256 at, uint80 in_) {
            assertTrue(sound, "it answered out of bounds");
            assertEq(uint256(answer), PythUtils.convertToUint(price, exponent, 8));
            assertEq(at, publishTime < block.timestamp ? publishTime : block.timestamp);
            assertEq(round, at);
            assertEq(in_, at);
            assertEq(from, at);
        } catch {
            assertFalse(sound, "it refused a sound price");
        }
    }

    function test_confidenceIsAcceptedUpToTheLimitAndNotAUnitBeyond() external {
        publishPyth(_pyth, PRICE, 1e8, -8, NOW + 1);
        assertEq(_answer(), PRICE);
        publishPyth(_pyth, PRICE, 1e8 + 1, -8, NOW + 2);
        vm.expectRevert(
            abi.encodeWithSelector(PythSource.ConfidenceTooWide.selector, 1e8 + 1, PRICE, CONFIDENCE_BPS)
        );
        _source.latestRoundData();
    }

    function test_aPositiveOrTinyExponentIsRefused() external {
        int32[3] memory exponents = [int32(1), 8, -19];
        for (uint256 i; i < exponents.length; ++i) {
            publishPyth(_pyth, PRICE, 0, exponents[i], NOW + 1 + i);
            vm.expectRevert(abi.encodeWithSelector(PythSource.ExponentOutOfBounds.selector, exponents[i]));
            _source.latestRoundData();
        }
    }

    function test_aPriceThatIsNotPositiveIsRefused() external {
        publishPyth(_pyth, 0, 0, -8, NOW + 1);
        vm.expectRevert(abi.encodeWithSelector(PythSource.PriceNotPositive.selector, 0));
        _source.latestRoundData();
        publishPyth(_pyth, -1, 0, -8, NOW + 2);
        vm.expectRevert(abi.encodeWithSelector(PythSource.PriceNotPositive.selector, -1));
        _source.latestRoundData();
    }

    function test_fifteenSecondsAheadIsNowAndSixteenAreRefused() external {
        publishPyth(_pyth, PRICE, 0, -8, block.timestamp + MAX_AHEAD);
        (,,, uint256 at,) = _source.latestRoundData();
        assertEq(at, block.timestamp);
        uint256 ahead = block.timestamp + MAX_AHEAD + 1;
        publishPyth(_pyth, PRICE, 0, -8, ahead);
        vm.expectRevert(abi.encodeWithSelector(PythSource.TimeInvalid.selector, ahead, block.timestamp));
        _source.latestRoundData();
        skip(1);
        assertEq(_answer(), PRICE, "a second later it is fifteen");
    }

    function test_aPriceNeverPushedRevertsAsPythDoes() external {
        PythSource other = new PythSource(IPyth(address(_pyth)), keccak256("another"), CONFIDENCE_BPS);
        vm.expectRevert(PythErrors.PriceFeedNotFound.selector);
        other.latestRoundData();
    }

    function test_aDeploymentOutOfBoundsIsRefused() external {
        _refuses(address(_pyth), 0);
        _refuses(address(_pyth), 1_001);
        _refuses(makeAddr("without code"), CONFIDENCE_BPS);
    }

    function test_metadataIsThatOfAnAggregatorWithoutHistory() external {
        assertEq(_source.decimals(), 8);
        assertEq(_source.version(), 1);
        vm.expectRevert(abi.encodeWithSelector(PythSource.HistoryNotKept.selector, 1));
        _source.getRoundData(1);
    }

    function _refuses(address pyth, uint256 confidenceBps) private {
        vm.expectRevert(abi.encodeWithSelector(PythSource.ConfigurationInvalid.selector, pyth, confidenceBps));
        new PythSource(IPyth(pyth), PYTH_ID, confidenceBps);
    }

    function _answer() private view returns (int256 answer) {
        (, answer,,,) = _source.latestRoundData();
    }
}
