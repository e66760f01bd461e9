// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IMorpho as INpmMorpho, Id, Market, MarketParams} from "@morpho-org/morpho-blue/src/interfaces/IMorpho.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {MorphoAccrual} from "contracts/adapters/MorphoAccrual.sol";
import {MorphoOracle} from "contracts/adapters/MorphoOracle.sol";
import {MorphoRateModel} from "contracts/adapters/MorphoRateModel.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IMorpho, MarketParams as OurParams} from "contracts/interfaces/IMorpho.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";

import {OracleFixture} from "./OracleFixture.sol";

/// @notice A market on Morpho Blue's own bytecode, with our oracle, rate model, accrual target and steward.
/// @dev `make forge` compiles Morpho Blue with the compiler that it pins. This contract is governor, guardian and
///      Morpho's owner.
abstract contract MorphoFixture is OracleFixture {
    string internal constant MORPHO = ".build/morpho/out/Morpho.sol/Morpho.json";
    uint256 internal constant WAD = 1e18;
    uint256 internal constant LLTV = 0.86e18;
    /// @dev 3.2 % a year, flat: 0.26 % over 30 days.
    uint256 internal constant RATE = 1e9;
    uint256 internal constant SUPPLIED = 1_000_000e6;
    uint256 internal constant COLLATERAL = 1_000e18;
    address internal constant LENDER = address(0x1E4DE2);
    address internal constant BORROWER = address(0xB0220);
    address internal constant LIQUIDATOR = address(0x11CA70);

    MockToken internal collateral;
    MockToken internal loan;
    ParameterSteward internal steward;
    INpmMorpho internal morpho;
    MorphoAccrual internal accrual;
    MorphoRateModel internal irm;
    MorphoOracle internal priceOracle;
    MarketParams internal params;
    Id internal id;

    function setUp() public virtual override {
        collateral = new MockToken("Note", "NOTE", 18);
        loan = new MockToken("Dollar", "USD", 6);
        steward = new ParameterSteward(0, address(this), address(this), address(this), 50);
        super.setUp();
        _setRails();

        morpho = INpmMorpho(deployCode(MORPHO, abi.encode(address(this))));
        accrual = new MorphoAccrual(IMorpho(address(morpho)), IAccessControlDefaultAdminRules(address(steward)));
        irm = new MorphoRateModel(steward.rateModel(), accrual);
        priceOracle = new MorphoOracle(oracle, address(loan), IFallbackOracle(address(0)), true);
        steward.listMarket(address(collateral), address(oracle), address(accrual));
        setRate(RATE);

        params = MarketParams(address(loan), address(collateral), address(priceOracle), address(irm), LLTV);
        id = Id.wrap(keccak256(abi.encode(params)));
        morpho.enableIrm(address(irm));
        morpho.enableLltv(LLTV);
        accrual.listMarket(ours(params));
        morpho.createMarket(params);

        _fund(LENDER);
        _fund(BORROWER);
        _fund(LIQUIDATOR);
        vm.prank(LENDER);
        morpho.supply(params, SUPPLIED, 0, LENDER, "");
        vm.prank(BORROWER);
        morpho.supplyCollateral(params, COLLATERAL, BORROWER, "");
    }

    function deployment() internal view virtual override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.asset = address(collateral);
        d.steward = address(steward);
    }

    /// @notice A flat rate, set by a governor's batch: the steward accrues first.
    function setRate(uint256 perSecond) internal {
        IParameterSteward.Update[] memory updates = new IParameterSteward.Update[](1);
        updates[0].asset = address(collateral);
        updates[0].mask = uint8(Domains.RATE);
        updates[0].rateWord = RateCurve.pack(perSecond, 0, 0, 0.9e18);
        address[] memory assets = new address[](1);
        assets[0] = address(collateral);
        uint8[] memory masks = new uint8[](1);
        masks[0] = uint8(Domains.RATE);
        steward.applyBatch(updates, steward.stateHash(assets, masks), type(uint64).max, bytes32(0));
    }

    /// @notice Debt at `wad` of the collateral's value at `price` of 8 decimals, in loan units, rounded down.
    function debtAt(uint256 wad, uint256 price) internal pure returns (uint256) {
        return COLLATERAL * price / 1e20 * wad / WAD;
    }

    function borrow(uint256 assets) internal {
        vm.prank(BORROWER);
        morpho.borrow(params, assets, 0, BORROWER, BORROWER);
    }

    function totalBorrowed() internal view returns (uint256) {
        Market memory market = morpho.market(id);
        return market.totalBorrowAssets;
    }

    /// @notice The same five words under the type of our interface.
    function ours(MarketParams memory p) internal pure returns (OurParams memory) {
        return OurParams(p.loanToken, p.collateralToken, p.oracle, p.irm, p.lltv);
    }

    /// @dev Only rate parameters move here: each anywhere in its field, by the governor.
    function _setRails() private {
        uint256[] memory ids = new uint256[](Domains.RATE_COUNT);
        uint256[] memory rails = new uint256[](Domains.RATE_COUNT);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = Domains.RATE_FIRST + i;
            rails[i] = uint256(type(uint64).max) << Guardrails.MAXIMUM_OFFSET;
        }
        steward.setGuardrails(ids, rails);
    }

    function _fund(address who) private {
        loan.mint(who, 10 * SUPPLIED);
        collateral.mint(who, 10 * COLLATERAL);
        vm.startPrank(who);
        loan.approve(address(morpho), type(uint256).max);
        collateral.approve(address(morpho), type(uint256).max);
        vm.stopPrank();
    }
}
