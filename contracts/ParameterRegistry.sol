// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IParameterRegistry} from "./interfaces/IParameterRegistry.sol";
import {CollateralWord} from "./libraries/CollateralWord.sol";

/// @title One packed collateral word per asset: LTV, liquidation threshold, bonus, caps, freeze
/// @notice A store and nothing more: what may be written is the steward's to judge.
contract ParameterRegistry is IParameterRegistry {
    using CollateralWord for uint256;

    /// @inheritdoc IParameterRegistry
    address public immutable steward;

    /// @inheritdoc IParameterRegistry
    mapping(address asset => uint256 word) public collateralWord;

    modifier onlySteward() {
        if (msg.sender != steward) revert NotSteward(msg.sender);
        _;
    }

    constructor(address steward_) {
        steward = steward_;
    }

    /// @inheritdoc IParameterRegistry
    function setCollateral(address[] calldata assets, uint256[] calldata words) external onlySteward {
        if (assets.length != words.length) revert LengthMismatch(assets.length, words.length);
        for (uint256 i = 0; i < assets.length; ++i) {
            uint256 word = (collateralWord[assets[i]] & CollateralWord.FROZEN) | words[i];
            collateralWord[assets[i]] = word;
            emit CollateralSet(assets[i], word);
        }
    }

    /// @inheritdoc IParameterRegistry
    function setFrozen(address asset, bool frozen) external onlySteward {
        uint256 word = collateralWord[asset] & CollateralWord.FIELDS;
        if (frozen) word |= CollateralWord.FROZEN;
        collateralWord[asset] = word;
        emit CollateralSet(asset, word);
    }

    /// @inheritdoc IParameterRegistry
    function collateral(address asset) external view returns (Collateral memory) {
        uint256 word = collateralWord[asset];
        // Safe casts: each getter returns a field no wider than its type.
        return
            Collateral({
                ltv: uint16(word.ltv()),
                liquidationThreshold: uint16(word.liquidationThreshold()),
                bonus: uint16(word.bonus()),
                supplyCap: uint64(word.supplyCap()),
                debtCeiling: uint64(word.debtCeiling()),
                frozen: word.isFrozen()
            });
    }

    /// @inheritdoc IParameterRegistry
    function ltv(address asset) external view returns (uint256) {
        return collateralWord[asset].ltv();
    }

    /// @inheritdoc IParameterRegistry
    function liquidationThreshold(address asset) external view returns (uint256) {
        return collateralWord[asset].liquidationThreshold();
    }

    /// @inheritdoc IParameterRegistry
    function bonus(address asset) external view returns (uint256) {
        return collateralWord[asset].bonus();
    }

    /// @inheritdoc IParameterRegistry
    function supplyCap(address asset) external view returns (uint256) {
        return collateralWord[asset].supplyCap();
    }

    /// @inheritdoc IParameterRegistry
    function debtCeiling(address asset) external view returns (uint256) {
        return collateralWord[asset].debtCeiling();
    }

    /// @inheritdoc IParameterRegistry
    function isFrozen(address asset) external view returns (bool) {
        return collateralWord[asset].isFrozen();
    }
}
