// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IMorpho as INpmMorpho, Id, Market, MarketParams} from "@morpho-org/morpho-blue/src/interfaces/IMorpho.sol";

import {MorphoAccrual} from "contracts/adapters/MorphoAccrual.sol";
import {MorphoOracle} from "contracts/adapters/MorphoOracle.sol";
import {MorphoRateModel} from "contracts/adapters/MorphoRateModel.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IMorpho, MarketParams as OurParams} from "contracts/interfaces/IMorpho.sol";

import {StewardFixture} from "./StewardFixture.sol";

/// @notice A market on Morpho Blue's own bytecode, with our oracle, rate model, accrual target and steward.
/// @dev `make forge` compiles Morpho Blue with the compiler that it pins. This contract is Morpho's owner as well.
abstract contract MorphoFixture is StewardFixture {
    string internal constant MORPHO = ".build/morpho/out/Morpho.sol/Morpho.json";
    uint256 internal constant LLTV = 0.86e18;
    uint256 internal constant SUPPLIED = 1_000_000e6;
    uint256 internal constant COLLATERAL = 1_000e18;
    address internal constant LENDER = address(0x1E4DE2);
    address internal constant BORROWER = address(0xB0220);
    address internal constant LIQUIDATOR = address(0x11CA70);

    INpmMorpho internal morpho;
    MorphoAccrual internal accrual;
    MorphoRateModel internal irm;
    MorphoOracle internal priceOracle;
    MarketParams internal params;
    Id internal id;

    function setUp() public virtual override {
        super.setUp();
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

    function _fund(address who) private {
        loan.mint(who, 10 * SUPPLIED);
        collateral.mint(who, 10 * COLLATERAL);
        vm.startPrank(who);
        loan.approve(address(morpho), type(uint256).max);
        collateral.approve(address(morpho), type(uint256).max);
        vm.stopPrank();
    }
}
