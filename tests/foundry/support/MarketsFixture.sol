// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {MockLendingMarket} from "contracts/mocks/MockLendingMarket.sol";

import {StewardMarkets as M} from "./StewardMarkets.sol";

/// @notice A steward over live markets, each configured by its governor and served by one feed.
abstract contract MarketsFixture is Test {
    uint256 internal constant START = 1_790_000_000;
    bytes32 internal constant ARTEFACT = keccak256("artefact");
    uint64 internal constant NO_DEADLINE = type(uint64).max;
    address internal constant STEWARD_KEY = address(0x57E);
    address internal constant GUARDIAN = address(0x6AD);
    address internal constant STRANGER = address(0x57A);

    address internal governor;
    ParameterSteward internal steward;
    MockLendingMarket internal lending;
    FaultyFeed[] internal feeds;
    FallbackOracle[] internal oracles;

    function setUp() public virtual {
        vm.warp(START);
        governor = _governor();
        steward = new ParameterSteward(_adminDelay(), governor, STEWARD_KEY, GUARDIAN, M.PRICE_MOVE_LIMIT);
        lending = new MockLendingMarket(steward.rateModel());
        (uint256[] memory ids, uint256[] memory rails) = M.rails();
        vm.prank(governor);
        steward.setGuardrails(ids, rails);
        IParameterSteward.Update[] memory first = new IParameterSteward.Update[](_markets());
        for (uint256 i = 0; i < first.length; ++i) {
            feeds.push(new FaultyFeed(8));
            say(i, M.PRICE);
            oracles.push(_oracle(M.asset(i), address(feeds[i])));
            vm.prank(governor);
            steward.listMarket(M.asset(i), address(oracles[i]), address(lending));
            first[i] = M.update(M.asset(i), 3, [M.collateral().collateralWord(), M.rate(), 0, 0]);
        }
        land(governor, first);
    }

    // --- what a test may change ----------------------------------------------------------------------

    function _governor() internal virtual returns (address) {
        return address(0x60F);
    }

    function _adminDelay() internal pure virtual returns (uint48) {
        return 0;
    }

    function _markets() internal pure virtual returns (uint256) {
        return 3;
    }

    function _oracle(address asset, address feed) private returns (FallbackOracle) {
        return new FallbackOracle(M.deployment(address(steward), asset, feed, _secondary()));
    }

    /// @dev Of one market's oracle; none.
    function _secondary() internal virtual returns (address) {
        return address(0);
    }

    // --- the sources ---------------------------------------------------------------------------------

    function say(uint256 market, uint256 price) internal {
        feeds[market].set(FaultyFeed.Fault.None, int256(price), block.timestamp);
    }

    /// @notice Time passes; every feed goes on saying what it said.
    function pass(uint256 time) internal {
        skip(time);
        for (uint256 i = 0; i < feeds.length; ++i) {
            feeds[i].set(FaultyFeed.Fault.None, feeds[i].answer(), block.timestamp);
        }
    }

    // --- batches -------------------------------------------------------------------------------------

    /// @notice The market's update to one word, by the bit of its domain.
    function to(uint256 market, uint8 domain, uint256 word) internal pure returns (IParameterSteward.Update memory) {
        return M.update(M.asset(market), domain, [word, word, word, word]);
    }

    function only(IParameterSteward.Update memory update)
        internal
        pure
        returns (IParameterSteward.Update[] memory batch)
    {
        batch = new IParameterSteward.Update[](1);
        batch[0] = update;
    }

    /// @notice The supply cap moved to a value, all else as it stands.
    function capTo(uint256 market, uint256 cap) internal view returns (IParameterSteward.Update memory) {
        (uint256 word,,,,) = steward.marketWords(M.asset(market));
        uint256 others = word & ((1 << 176) - 1) & ~(uint256(type(uint64).max) << 48);
        return to(market, uint8(Domains.COLLATERAL), others | cap << 48);
    }

    function stateHash(IParameterSteward.Update[] memory batch) internal view returns (bytes32) {
        address[] memory assets = new address[](batch.length);
        uint8[] memory masks = new uint8[](batch.length);
        for (uint256 i = 0; i < batch.length; ++i) (assets[i], masks[i]) = (batch[i].asset, batch[i].mask);
        return steward.stateHash(assets, masks);
    }

    function callOf(IParameterSteward.Update[] memory batch, uint256 deadline) internal view returns (bytes memory) {
        return abi.encodeCall(steward.applyBatch, (batch, stateHash(batch), uint64(deadline), ARTEFACT));
    }

    function land(address caller, IParameterSteward.Update[] memory batch) internal {
        bytes32 expected = stateHash(batch);
        vm.prank(caller);
        steward.applyBatch(batch, expected, NO_DEADLINE, ARTEFACT);
    }

    function land(address caller, IParameterSteward.Update memory update) internal {
        land(caller, only(update));
    }

    /// @notice The batch is refused, with `error`.
    function refuse(address caller, IParameterSteward.Update memory update, bytes4 error) internal {
        IParameterSteward.Update[] memory batch = only(update);
        bytes32 expected = stateHash(batch);
        vm.expectPartialRevert(error);
        vm.prank(caller);
        steward.applyBatch(batch, expected, NO_DEADLINE, ARTEFACT);
    }
}
