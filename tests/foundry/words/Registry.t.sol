// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {ParameterRegistry} from "contracts/ParameterRegistry.sol";
import {IParameterRegistry} from "contracts/interfaces/IParameterRegistry.sol";

/// Where each collateral parameter lies, who writes it, and what is told of it.
contract RegistryTest is Test {
    address private constant ASSET = address(0xA55E7);
    address private constant OTHER = address(0xB);
    uint256 private constant FROZEN = 1 << 176;
    uint256 private constant WORD = 8_100 | 8_600 << 16 | 450 << 32 | uint256(type(uint64).max) << 48 | 1 << 112;

    ParameterRegistry private registry;

    function setUp() public {
        registry = new ParameterRegistry(address(this));
    }

    function test_everyFieldReadsBackAlone() external {
        _set(WORD);
        assertEq(registry.collateralWord(ASSET), WORD);
        assertEq(registry.ltv(ASSET), 8_100);
        assertEq(registry.liquidationThreshold(ASSET), 8_600);
        assertEq(registry.bonus(ASSET), 450);
        assertEq(registry.supplyCap(ASSET), type(uint64).max);
        assertEq(registry.debtCeiling(ASSET), 1);
        assertFalse(registry.isFrozen(ASSET));
        IParameterRegistry.Collateral memory c = registry.collateral(ASSET);
        assertEq(c.ltv, 8_100);
        assertEq(c.liquidationThreshold, 8_600);
        assertEq(c.bonus, 450);
        assertEq(c.supplyCap, type(uint64).max);
        assertEq(c.debtCeiling, 1);
        assertFalse(c.frozen);
    }

    function test_everyAssetOfABatchIsSetAndTold() external {
        (address[] memory assets, uint256[] memory words) = (new address[](2), new uint256[](2));
        (assets[0], assets[1], words[0], words[1]) = (ASSET, OTHER, WORD, 1);
        vm.expectEmit(address(registry));
        emit IParameterRegistry.CollateralSet(ASSET, WORD);
        vm.expectEmit(address(registry));
        emit IParameterRegistry.CollateralSet(OTHER, 1);
        registry.setCollateral(assets, words);
        assertEq(registry.collateralWord(OTHER), 1);
    }

    function test_theFlagAndTheParametersChangeApart() external {
        _set(WORD);
        vm.expectEmit(address(registry));
        emit IParameterRegistry.CollateralSet(ASSET, WORD | FROZEN);
        registry.setFrozen(ASSET, true);
        assertTrue(registry.isFrozen(ASSET));
        assertTrue(registry.collateral(ASSET).frozen);
        _set(WORD - 1);
        assertEq(registry.collateralWord(ASSET), WORD - 1 | FROZEN);
        registry.setFrozen(ASSET, true);
        assertEq(registry.collateralWord(ASSET), WORD - 1 | FROZEN);
        registry.setFrozen(ASSET, false);
        assertEq(registry.collateralWord(ASSET), WORD - 1);
    }

    function test_onlyTheStewardWrites() external {
        (address[] memory assets, uint256[] memory words) = (new address[](1), new uint256[](1));
        bytes memory refusal = abi.encodeWithSelector(IParameterRegistry.NotSteward.selector, OTHER);
        vm.startPrank(OTHER);
        vm.expectRevert(refusal);
        registry.setCollateral(assets, words);
        vm.expectRevert(refusal);
        registry.setFrozen(ASSET, true);
    }

    function test_arraysOfOtherLengthsAreRefused() external {
        vm.expectRevert(abi.encodeWithSelector(IParameterRegistry.LengthMismatch.selector, 1, 2));
        registry.setCollateral(new address[](1), new uint256[](2));
        vm.expectRevert(abi.encodeWithSelector(IParameterRegistry.LengthMismatch.selector, 2, 1));
        registry.setCollateral(new address[](2), new uint256[](1));
    }

    function _set(uint256 word) private {
        (address[] memory assets, uint256[] memory words) = (new address[](1), new uint256[](1));
        (assets[0], words[0]) = (ASSET, word);
        registry.setCollateral(assets, words);
    }
}
