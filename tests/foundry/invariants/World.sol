// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {MockPyth} from "@pythnetwork/pyth-sdk-solidity/MockPyth.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IPyth} from "contracts/interfaces/IPyth.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {PythSource} from "contracts/adapters/PythSource.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails as G} from "contracts/libraries/Guardrails.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Configuration, NavReference} from "../support/Words.sol";

/// @notice One market under its real steward: a primary that does as it is told, and Pyth, whose updates anyone posts.
abstract contract World is OracleFixture {
    bytes32 internal constant PRICE_ID = keccak256("ASSET/USD");
    uint256 internal constant CONFIDENCE_BPS = 100;
    uint48 internal constant ADMIN_DELAY = 600;
    uint256 internal constant PRICE_MOVE_LIMIT = 50;
    uint256 internal constant MIN_PRICE = 20e8;
    uint256 internal constant MAX_PRICE = 1_000e8;
    address internal constant GOVERNOR = address(0x60F);
    address internal constant STEWARD_KEY = address(0x57E);
    address internal constant GUARDIAN = address(0x6AD);

    MockPyth internal pyth;
    PythSource internal source;
    ParameterSteward internal steward;

    function setUp() public virtual override {
        pyth = new MockPyth(60, 0);
        source = new PythSource(IPyth(address(pyth)), PRICE_ID, CONFIDENCE_BPS);
        steward = new ParameterSteward(ADMIN_DELAY, GOVERNOR, STEWARD_KEY, GUARDIAN, PRICE_MOVE_LIMIT);
        super.setUp();
        postPyth(int64(int256(PRICE)), 0, -8, START);
        (uint256[] memory ids, uint256[] memory words) = rails();
        vm.startPrank(GOVERNOR);
        steward.setGuardrails(ids, words);
        steward.listMarket(ASSET, address(oracle), address(0));
        vm.stopPrank();
    }

    function deployment() internal view virtual override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.secondary = address(source);
        d.minPrice = MIN_PRICE;
        d.maxPrice = MAX_PRICE;
        d.steward = address(steward);
        d.hasReference = true;
        d.zeroOnPause = true;
        d.referenceWord = NavReference(PRICE, START, 86_400, 1_000_000, 5_000).packReference();
    }

    /// @dev An accruing asset whose falls are judged more tightly than its rises.
    function configuration() internal pure virtual override returns (Configuration memory c) {
        c = super.configuration();
        c.bandDown = 4_000;
        c.bandWindows = 9;
        c.accrual = 150_000;
    }

    /// @notice Anyone posts an update; MockPyth, as Pyth, keeps it only when it is newer than what it has.
    function postPyth(int64 price, uint64 confidence, int32 exponent, uint256 publishTime) internal {
        bytes[] memory updates = new bytes[](1);
        updates[0] = pyth.createPriceFeedUpdateData(
            PRICE_ID, price, confidence, exponent, price, confidence, uint64(publishTime), 0
        );
        pyth.updatePriceFeeds(updates);
    }

    /// @notice Envelope and step of every parameter, the directions that loosen as in the field table.
    function rails() internal pure returns (uint256[] memory ids, uint256[] memory words) {
        ids = new uint256[](Domains.PARAMETERS);
        words = new uint256[](Domains.PARAMETERS);
        for (uint256 i; i < Domains.PARAMETERS; ++i) {
            ids[i] = i;
            words[i] = _rail(0, 1e18, 1e6, G.LOOSENS_UP);
        }
        words[0] = _rail(900, 7_200, 360, G.LOOSENS_UP | G.RAMPED);
        words[1] = _rail(900, 7_200, 360, G.LOOSENS_UP | G.RAMPED);
        words[2] = _rail(7_200, 259_200, 8_640, G.LOOSENS_UP | G.RAMPED);
        words[3] = _rail(0, 50_000, 5_000, G.LOOSENS_DOWN | G.RAMPED);
        words[4] = _rail(0, 500_000_000, 10_000_000, G.LOOSENS_DOWN | G.RAMPED);
        words[5] = _rail(0, 10_000, 500, G.LOOSENS_UP | G.RAMPED);
        words[6] = _rail(1_000, 10_000, 500, G.LOOSENS_UP);
        words[7] = _rail(1_000, 10_000, 500, G.LOOSENS_UP);
        words[8] = _rail(1, 48, 3, G.LOOSENS_UP);
        words[9] = _rail(600, 14_400, 600, G.LOOSENS_UP | G.LOOSENS_DOWN);
        words[10] = _rail(0, 300_000, 20_000, G.LOOSENS_UP | G.LOOSENS_DOWN);
        words[11] = _rail(100, 2_000, 100, G.LOOSENS_UP);
        words[12] = _rail(60, 3_600, 60, G.LOOSENS_UP | G.LOOSENS_DOWN);
    }

    function _rail(uint256 minimum, uint256 maximum, uint256 step, uint256 flags) private pure returns (uint256) {
        return minimum | maximum << G.MAXIMUM_OFFSET | step << G.STEP_UP_OFFSET | step << G.STEP_DOWN_OFFSET
            | uint256(3_600) << G.COOLDOWN_OFFSET | uint256(7 days) << G.WINDOW_OFFSET
            | uint256(5) << G.BUDGET_STEPS_OFFSET | flags;
    }
}
