// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {
    DefaultReserveInterestRateStrategyV2
} from "@aave-dao/aave-v3-origin/src/contracts/misc/DefaultReserveInterestRateStrategyV2.sol";
import {
    IDefaultInterestRateStrategyV2
} from "@aave-dao/aave-v3-origin/src/contracts/interfaces/IDefaultInterestRateStrategyV2.sol";
import {DataTypes} from "@aave-dao/aave-v3-origin/src/contracts/protocol/libraries/types/DataTypes.sol";
import {PythAggregatorV3} from "@pythnetwork/pyth-sdk-solidity/PythAggregatorV3.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {PythSource} from "contracts/adapters/PythSource.sol";
import {IPyth} from "contracts/interfaces/IPyth.sol";
import {Decay} from "contracts/libraries/Decay.sol";
import {OracleWords} from "contracts/libraries/OracleWords.sol";

import {MockERC1967Proxy, MockPyth} from "./support/FeedMocks.sol";
import {GasTest} from "./support/GasTest.sol";

/// Peers whose source installs, and what of ours stands beside each, on the same harness.
contract PeerGas is GasTest {
    bytes32 private constant PRICE_ID = bytes32(uint256(1));
    address private constant RESERVE = address(0xA55E7);

    DefaultReserveInterestRateStrategyV2 private strategy;
    PythAggregatorV3 private pythAggregator;
    PythSource private pythSource;
    Exponentials private exponentials;

    function setUp() public override {
        super.setUp();
        strategy = new DefaultReserveInterestRateStrategyV2(address(this));
        strategy.setInterestRateParams(
            RESERVE, IDefaultInterestRateStrategyV2.InterestRateData(90_00, 3_00, 6_00, 25_00)
        );

        MockPyth pyth = MockPyth(address(new MockERC1967Proxy(address(new MockPyth()))));
        pyth.set(PRICE_ID, 100e8, 1e6, -8, uint64(START - 50));
        pythAggregator = new PythAggregatorV3(address(pyth), PRICE_ID);
        pythSource = new PythSource(IPyth(address(pyth)), PRICE_ID, 100);
        exponentials = new Exponentials();
    }

    /// @dev What Aave's strategy asks of its addresses provider.
    function getPoolConfigurator() external view returns (address) {
        return address(this);
    }

    function test_aaveRateStrategy() external {
        DataTypes.CalculateInterestRatesParams memory p;
        p.totalDebt = 9.5e24;
        p.reserveFactor = 10_00;
        p.reserve = RESERVE;
        p.virtualUnderlyingBalance = 1e24;
        measure(
            "Aave V3 rate strategy",
            address(strategy),
            abi.encodeCall(DefaultReserveInterestRateStrategyV2.calculateInterestRates, (p))
        );
    }

    function test_pythAggregator() external {
        measure(
            "Pyth's PythAggregatorV3", address(pythAggregator), abi.encodeCall(PythAggregatorV3.latestRoundData, ())
        );
    }

    function test_pythSource() external {
        measure("PythSource", address(pythSource), abi.encodeCall(PythSource.latestRoundData, ()));
    }

    function test_expWad() external {
        _recordExponential("solady expWad", abi.encodeCall(Exponentials.expWad, (-0.3e18)));
    }

    function test_decayFactor() external {
        uint256 configuration = uint256(20_000) << OracleWords.DECAY_STEP
            | uint256(50_000_000) << OracleWords.DECAY_RATE;
        _recordExponential("Decay.factor", abi.encodeCall(Exponentials.factor, (configuration, 560_000)));
    }

    /// @dev The warm call less what the same call costs without the exponential.
    function _recordExponential(string memory row, bytes memory call) private {
        address target = address(exponentials);
        bytes memory idle = abi.encodeCall(Exponentials.idle, (1, 2));
        used(row, target, idle, true);
        record(row, used(row, target, call, true) - used(row, target, idle, true));
    }
}

contract Exponentials {
    function expWad(int256 x) external pure returns (int256) {
        return FixedPointMathLib.expWad(x);
    }

    function factor(uint256 configuration, uint256 age) external pure returns (uint256) {
        return Decay.factor(configuration, age);
    }

    function idle(uint256 x, uint256) external pure returns (uint256) {
        return x;
    }
}
