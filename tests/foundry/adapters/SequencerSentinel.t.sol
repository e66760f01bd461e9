// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {SequencerSentinel} from "contracts/adapters/SequencerSentinel.sol";
import {FeedReader} from "contracts/libraries/FeedReader.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

/// Borrowing needs proof that the sequencer is up; liquidation waits only for an outage that has a start.
contract SequencerSentinelTest is Test {
    uint256 internal constant START = 1_790_000_000;
    uint256 internal constant GRACE = 1 hours;
    int256 internal constant UP = 0;
    int256 internal constant DOWN = 1;

    FaultyFeed internal feed;
    SequencerSentinel internal sentinel;

    function setUp() external {
        vm.warp(START);
        feed = new FaultyFeed(0);
        _say(UP, START - GRACE - 1);
        sentinel = new SequencerSentinel(address(this), address(feed), GRACE);
    }

    // --- the five rows -----------------------------------------------------------------------------

    function test_aSequencerUpForLongAllowsBoth() external view {
        _requires(SequencerSentinel.Sequencer.Up, true, true);
    }

    /// The period is open at its first second and at its last.
    function test_theGracePeriodRefusesBothToItsLastSecond() external {
        _say(UP, START);
        _requires(SequencerSentinel.Sequencer.Recovering, false, false);
        vm.warp(START + GRACE);
        _requires(SequencerSentinel.Sequencer.Recovering, false, false);
        vm.warp(START + GRACE + 1);
        _requires(SequencerSentinel.Sequencer.Up, true, true);
    }

    function test_anOutageRefusesBothHoweverLong() external {
        _say(DOWN, START);
        _requires(SequencerSentinel.Sequencer.Down, false, false);
        vm.warp(START + 30 days);
        _requires(SequencerSentinel.Sequencer.Down, false, false);
    }

    /// A dead feed refuses borrowing, and cannot hold liquidation closed.
    function test_aFeedThatSaysNothingRefusesBorrowingAlone() external {
        for (uint256 f = uint256(FaultyFeed.Fault.Revert); f <= uint256(type(FaultyFeed.Fault).max); ++f) {
            feed.set(FaultyFeed.Fault(f), DOWN, START - 1);
            // A megabyte returned is five words and more: well formed, and the words are zeros.
            _requires(SequencerSentinel.Sequencer.Unknown, false, true);
        }
        vm.etch(address(feed), "");
        _requires(SequencerSentinel.Sequencer.Unknown, false, true);
    }

    function testFuzz_anAnswerNeitherUpNorDownRefusesBorrowingAlone(int256 answer) external {
        vm.assume(answer != UP && answer != DOWN);
        _say(answer, START - GRACE - 1);
        _requires(SequencerSentinel.Sequencer.Unknown, false, true);
    }

    function test_aRoundThatNeverBeganRefusesBorrowingAlone() external {
        _say(UP, 0);
        _requires(SequencerSentinel.Sequencer.Unknown, false, true);
        _say(DOWN, 0);
        _requires(SequencerSentinel.Sequencer.Unknown, false, true);
    }

    /// The time comes from another chain's clock: a little ahead is a recovery just begun, not nonsense.
    function test_aStartALittleAheadIsARecovery() external {
        _say(UP, START + GRACE);
        _requires(SequencerSentinel.Sequencer.Recovering, false, false);
        _say(UP, START + GRACE + 1);
        _requires(SequencerSentinel.Sequencer.Unknown, false, true);
    }

    // --- over everything a feed can say --------------------------------------------------------------

    /// Nothing a feed says makes an answer revert, and only an outage that stands refuses liquidation without end: a
    /// recovery refuses it from one grace period before its start to one after, and nothing else does.
    function testFuzz_onlyAnOutageRefusesLiquidationWithoutEnd(uint256 startedAt, uint256 answer) external {
        if (startedAt & 1 == 0) startedAt = bound(startedAt, START - 3 * GRACE, START + 3 * GRACE);
        if (answer & 1 == 0) answer = bound(answer, 0, 2);
        vm.mockCall(address(feed), abi.encodeCall(feed.latestRoundData, ()), _round(answer, startedAt));

        bool sensible = startedAt != 0 && startedAt <= START + GRACE;
        bool refused = sensible && (answer == 1 || (answer == 0 && startedAt + GRACE >= START));
        assertEq(sentinel.isLiquidationAllowed(), !refused);
        assertEq(sentinel.isBorrowAllowed(), sensible && answer == 0 && !refused);
    }

    /// Since when it says so counts, not when it last said it: a heartbeat does not renew the grace period.
    function test_theStartOfTheRoundCounts() external {
        bytes memory round = abi.encode(uint80(1), UP, START - GRACE - 1, START, uint80(1));
        vm.mockCall(address(feed), abi.encodeCall(feed.latestRoundData, ()), round);
        _requires(SequencerSentinel.Sequencer.Up, true, true);
    }

    /// No caller turns Down into Unknown by the gas it supplies: an answer is the true one, or a revert.
    function testFuzz_callersGasNeverChoosesTheBranch(uint256 supplied) external {
        _say(DOWN, START);
        supplied = bound(supplied, 1_000, 400_000);
        (bool ok, bytes memory data) =
            address(sentinel).staticcall{gas: supplied}(abi.encodeCall(sentinel.isLiquidationAllowed, ()));
        if (ok) assertFalse(abi.decode(data, (bool)));
        if (supplied > FeedReader.supply(sentinel.CALL_GAS()) + 5_000) assertTrue(ok);
    }

    // --- deployment and authority ----------------------------------------------------------------------

    function test_theGracePeriodIsBounded() external {
        uint256 low = sentinel.MIN_GRACE_PERIOD();
        uint256 high = sentinel.MAX_GRACE_PERIOD();
        vm.expectRevert(
            abi.encodeWithSelector(SequencerSentinel.GracePeriodOutOfBounds.selector, low - 1, low, high)
        );
        new SequencerSentinel(address(this), address(feed), low - 1);
        vm.expectRevert(
            abi.encodeWithSelector(SequencerSentinel.GracePeriodOutOfBounds.selector, high + 1, low, high)
        );
        new SequencerSentinel(address(this), address(feed), high + 1);
        assertEq(new SequencerSentinel(address(this), address(feed), low).getGracePeriod(), low);
        assertEq(new SequencerSentinel(address(this), address(feed), high).getGracePeriod(), high);
    }

    function test_neitherProviderNorFeedMayLackCode() external {
        vm.expectRevert(abi.encodeWithSelector(SequencerSentinel.NoCodeAt.selector, address(1)));
        new SequencerSentinel(address(1), address(feed), GRACE);
        vm.expectRevert(abi.encodeWithSelector(SequencerSentinel.NoCodeAt.selector, address(1)));
        new SequencerSentinel(address(this), address(1), GRACE);
    }

    /// A price feed, or an uptime feed that no round has reached yet, would leave borrowing shut for ever.
    function test_aFeedThatSaysNeitherUpNorDownIsRefusedAtDeployment() external {
        _say(100e8, START);
        vm.expectRevert(abi.encodeWithSelector(SequencerSentinel.NotAnUptimeFeed.selector, address(feed)));
        new SequencerSentinel(address(this), address(feed), GRACE);
        _say(UP, 0);
        vm.expectRevert(abi.encodeWithSelector(SequencerSentinel.NotAnUptimeFeed.selector, address(feed)));
        new SequencerSentinel(address(this), address(feed), GRACE);
    }

    function test_aSentinelCanBePutInPlaceDuringAnOutage() external {
        _say(DOWN, START);
        assertFalse(new SequencerSentinel(address(this), address(feed), GRACE).isBorrowAllowed());
    }

    function testFuzz_nobodyChangesFeedOrGracePeriod(address caller, address newFeed, uint256 gracePeriod) external {
        vm.startPrank(caller);
        vm.expectRevert(SequencerSentinel.Immutable.selector);
        sentinel.setSequencerOracle(newFeed);
        vm.expectRevert(SequencerSentinel.Immutable.selector);
        sentinel.setGracePeriod(gracePeriod);
        assertEq(sentinel.getSequencerOracle(), address(feed));
        assertEq(sentinel.getGracePeriod(), GRACE);
        assertEq(sentinel.ADDRESSES_PROVIDER(), address(this));
    }

    function _say(int256 answer, uint256 startedAt) private {
        feed.set(FaultyFeed.Fault.None, answer, startedAt);
    }

    function _round(uint256 answer, uint256 startedAt) private pure returns (bytes memory) {
        return abi.encode(uint256(1), answer, startedAt, uint256(0), uint256(1));
    }

    function _requires(SequencerSentinel.Sequencer expected, bool borrow, bool liquidate) private view {
        assertEq(uint256(sentinel.sequencer()), uint256(expected));
        assertEq(sentinel.isBorrowAllowed(), borrow);
        assertEq(sentinel.isLiquidationAllowed(), liquidate);
    }
}
