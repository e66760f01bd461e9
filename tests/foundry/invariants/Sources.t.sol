// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {GasSensitiveFeed} from "contracts/mocks/GasSensitiveFeed.sol";

import {OracleFixture} from "../support/OracleFixture.sol";

/// @notice Property 5: what sources answer and what callers supply.
contract SourcesTest is OracleFixture {
    /// @dev Both legs at what the contract documents, and a record.
    uint256 private constant SUPPLY = 2 * (CALL_GAS * 64 / 63 + 12_000);
    uint256 private constant POKE_SUPPLY = SUPPLY + 50_000;

    /// Whatever both sources do, every surface answers or says that it is paused, on the gas that is documented.
    function testFuzz_property5_noSourceMakesAReadRevert(uint256[2] memory seeds, uint256 silence, bool contested)
        public
    {
        _arrange(seeds, silence, contested);
        (bool ok, bytes memory data) = address(oracle).staticcall{gas: SUPPLY}(abi.encodeCall(oracle.status, ()));
        assertTrue(ok, "a source made a read revert");
        (IFallbackOracle.Status v, uint256 price,,) =
            abi.decode(data, (IFallbackOracle.Status, uint256, uint256, uint256));

        (ok, data) = address(oracle).staticcall(abi.encodeCall(oracle.latestRoundData, ()));
        assertEq(ok, price != 0, "a price exactly where there is no pause");
        if (!ok) assertEq(data, abi.encodeWithSelector(IFallbackOracle.Paused.selector, ASSET, v));
        (ok,) = address(oracle).call{gas: POKE_SUPPLY}(abi.encodeCall(oracle.poke, ()));
        assertTrue(ok, "a source made a poke revert");
    }

    /// Whatever both sources do, supplied gas decides whether a read answers, never what.
    function testFuzz_property5_suppliedGasChoosesNoBranch(
        uint256[2] memory seeds,
        uint256 silence,
        bool contested,
        uint256 supplied
    ) public {
        _arrange(seeds, silence, contested);
        _assertSameOrFails(abi.encodeCall(oracle.status, ()), _bound(supplied, 3_000, 400_000));
        _assertSameOrFails(abi.encodeCall(oracle.lastPrice, ()), _bound(supplied, 3_000, 400_000));
        _assertSameOrFails(abi.encodeCall(oracle.latestAnswer, ()), _bound(supplied, 3_000, 400_000));
    }

    /// A source that answers by the gas it finds is given the same, whatever the caller supplied.
    function testFuzz_property5_aSourceCannotTellWhatGasTheCallerSupplied(uint256 threshold, uint256 supplied) public {
        FallbackOracle.Deployment memory d = deployment();
        threshold = _bound(threshold, 0, 2 * CALL_GAS);
        d.primary = address(new GasSensitiveFeed(int256(PRICE), int256(PRICE * 102 / 100), threshold));
        oracle = new FallbackOracle(d);
        _assertSameOrFails(abi.encodeCall(oracle.status, ()), _bound(supplied, 3_000, 400_000));
    }

    function _assertSameOrFails(bytes memory call, uint256 supplied) private view {
        (bool ample, bytes memory expected) = address(oracle).staticcall{gas: 2_000_000}(call);
        (bool ok, bytes memory data) = address(oracle).staticcall{gas: supplied}(call);
        if (!ok) return;
        assertTrue(ample);
        assertEq(data, expected, "the caller's gas chose the branch");
    }

    function _arrange(uint256[2] memory seeds, uint256 silence, bool contested) private {
        if (contested) {
            say(secondary, PRICE * 103 / 100);
            oracle.poke();
        }
        skip(_bound(silence, 0, 2 days));
        _behave(primary, seeds[0]);
        _behave(secondary, seeds[1]);
    }

    /// @dev Any fault with any answer of any time; half of them near the price and the present.
    function _behave(FaultyFeed feed, uint256 seed) private {
        FaultyFeed.Fault fault = FaultyFeed.Fault(seed % 18 < 9 ? seed % 9 : 0);
        seed = uint256(keccak256(abi.encode(seed)));
        bool plausible = seed & 1 == 0;
        uint256 answer = plausible ? PRICE * (9_000 + (seed >> 8) % 2_000) / 1e4 : seed;
        feed.set(fault, int256(answer), plausible ? block.timestamp - (seed >> 32) % 7_200 : seed >> 200);
    }
}
