// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {PythSource} from "contracts/adapters/PythSource.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IPyth} from "contracts/interfaces/IPyth.sol";

import {Configuration} from "../foundry/support/Words.sol";
import {GasBurningFeed} from "./support/FaultyFeeds.sol";
import {MockAggregator, MockAggregatorProxy, MockERC1967Proxy, MockPyth} from "./support/FeedMocks.sol";
import {GasTest} from "./support/GasTest.sol";

/// What a read and a poke of the oracle cost: a proxied Chainlink primary, Pyth as secondary.
contract OracleGas is GasTest {
    bytes32 private constant PRICE_ID = bytes32(uint256(1));
    uint256 private constant PRICE = 100e8;
    uint256 private constant CALL_GAS = 120_000;
    uint256 private constant STALENESS = 3_600;
    /// Two and a half windows: the anchor is old, and what was said then is stale but not too old to serve.
    uint256 private constant LONG_AGO = START - 9_000;

    struct Scene {
        FallbackOracle oracle;
        address primary;
        MockPyth pyth;
    }

    Scene private live;
    Scene private far;
    Scene private contested;
    Scene private primaryStale;
    Scene private bothStale;
    Scene private burning;
    Scene private burningAlone;

    function setUp() public override {
        super.setUp();
        live = _scene(START - 600, PRICE, START - 100, START - 50);
        far = _scene(LONG_AGO, PRICE * 107 / 100, START - 100, START - 50);
        primaryStale = _scene(LONG_AGO, PRICE, LONG_AGO + 60, START - 50);
        bothStale = _scene(LONG_AGO, PRICE, LONG_AGO - 60, LONG_AGO - 60);

        contested = _scene(START - 600, PRICE, START - 100, START - 50);
        _sayPyth(contested.pyth, PRICE * 104 / 100, START - 50);
        contested.oracle.poke();
        _sayPyth(contested.pyth, PRICE, START - 50);

        MockPyth pyth = _pyth(START - 50);
        burning = _deployed(address(new GasBurningFeedOfEightDecimals()), LONG_AGO, pyth);
        burningAlone = _deployed(address(new GasBurningFeedOfEightDecimals()), LONG_AGO, MockPyth(address(0)));
    }

    function test_theFeedItself() external {
        measure("feed behind a proxy", live.primary, abi.encodeCall(MockAggregatorProxy.latestRoundData, ()));
    }

    function test_live() external {
        _read("live, latestRoundData", live);
    }

    function test_liveAnswer() external {
        measure("live, latestAnswer", address(live.oracle), abi.encodeCall(IFallbackOracle.latestAnswer, ()));
    }

    function test_liveBeyondTheTightBand() external {
        _read("live, 7 % from an anchor of 2.5 windows", far);
    }

    function test_contested() external {
        _read("contested, both legs agree again", contested);
    }

    function test_secondary() external {
        _read("primary stale, secondary served", primaryStale);
    }

    function test_decay() external {
        _read("both stale, decaying", bothStale);
    }

    function test_burning() external {
        _read("primary burns its allowance, secondary served", burning);
    }

    function test_burningAlone() external {
        _read("the only feed burns its allowance, decaying", burningAlone);
    }

    function test_checkpoint() external {
        measure("checkpoint, fresh", address(live.oracle), abi.encodeCall(IFallbackOracle.lastPrice, ()));
    }

    function test_checkpointDecaying() external {
        measure("checkpoint, decaying", address(bothStale.oracle), abi.encodeCall(IFallbackOracle.lastPrice, ()));
    }

    function test_poke() external {
        bytes memory poke = abi.encodeCall(IFallbackOracle.poke, ());
        record("poke, both legs, cold", used("poke", address(live.oracle), poke, false));
    }

    function _read(string memory row, Scene storage scene) private {
        measure(row, address(scene.oracle), abi.encodeCall(FallbackOracle.latestRoundData, ()));
    }

    function _scene(uint256 seededAt, uint256 price, uint256 primaryAt, uint256 secondaryAt)
        private
        returns (Scene memory)
    {
        MockAggregator aggregator = new MockAggregator(8, 1);
        aggregator.push(int192(uint192(price)), uint32(primaryAt));
        return _deployed(address(new MockAggregatorProxy(address(aggregator))), seededAt, _pyth(secondaryAt));
    }

    function _pyth(uint256 at) private returns (MockPyth pyth) {
        pyth = MockPyth(address(new MockERC1967Proxy(address(new MockPyth()))));
        _sayPyth(pyth, PRICE, at);
    }

    /// @dev Without Pyth the asset has one leg.
    function _deployed(address primary, uint256 seededAt, MockPyth pyth) private returns (Scene memory scene) {
        (scene.primary, scene.pyth) = (primary, pyth);

        FallbackOracle.Deployment memory d;
        d.asset = address(0xA55E7);
        d.assetDecimals = 18;
        d.primary = primary;
        d.primaryDecimals = 8;
        if (address(pyth) != address(0)) d.secondary = address(new PythSource(IPyth(address(pyth)), PRICE_ID, 100));
        d.secondaryDecimals = 8;
        d.callGas = CALL_GAS;
        d.minPrice = 1e8;
        d.maxPrice = 1_000e8;
        d.steward = address(this);
        d.seedPrice = PRICE;
        d.seedAsOf = seededAt;
        d.configuration = _configuration();
        scene.oracle = new FallbackOracle(d);
    }

    function _configuration() private pure returns (uint256) {
        return Configuration({
            primaryStaleness: STALENESS,
            secondaryStaleness: STALENESS,
            maximumAge: 86_400,
            decayStep: 20_000,
            decayRate: 50_000_000,
            decayFloor: 5_000,
            bandUp: 5_000,
            bandDown: 5_000,
            bandWindows: 24,
            bandWindow: 3_600,
            accrual: 150_000,
            tolerance: 1_000,
            confirmDelay: 600
        }).pack();
    }

    function _sayPyth(MockPyth pyth, uint256 price, uint256 at) private {
        pyth.set(PRICE_ID, int64(uint64(price)), 1e6, -8, uint64(at));
    }
}

/// Passes the constructor, then burns.
contract GasBurningFeedOfEightDecimals is GasBurningFeed {
    function decimals() external pure returns (uint8) {
        return 8;
    }
}
