// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Where integrators read a market's collateral parameters
interface IParameterRegistry {
    /// @notice The fields of `CollateralWord`, decoded.
    struct Collateral {
        uint16 ltv;
        uint16 liquidationThreshold;
        uint16 bonus;
        uint64 supplyCap;
        uint64 debtCeiling;
        bool frozen;
    }

    event CollateralSet(address indexed asset, uint256 word);

    error NotSteward(address caller);
    error LengthMismatch(uint256 assets, uint256 words);

    /// @notice The only writer.
    function steward() external view returns (address);

    /// @notice The collateral word of `asset`; zero means not configured.
    function collateralWord(address asset) external view returns (uint256);

    /// @notice The collateral parameters of `asset`, decoded.
    function collateral(address asset) external view returns (Collateral memory);

    /// @notice Largest loan to value at which a position may be opened, in basis points.
    function ltv(address asset) external view returns (uint256);

    /// @notice Loan to value beyond which a position may be liquidated, in basis points.
    function liquidationThreshold(address asset) external view returns (uint256);

    /// @notice What a liquidator receives above the debt repaid, in basis points of it.
    function bonus(address asset) external view returns (uint256);

    /// @notice Largest value of collateral accepted, in whole USD.
    function supplyCap(address asset) external view returns (uint256);

    /// @notice Largest debt against this collateral, in whole USD.
    function debtCeiling(address asset) external view returns (uint256);

    /// @notice Whether new supply and new debt are refused whatever the caps say.
    function isFrozen(address asset) external view returns (bool);

    /// @notice Writes the parameters of each asset and keeps its frozen flag. Steward only, which has judged them.
    function setCollateral(address[] calldata assets, uint256[] calldata words) external;

    /// @notice Sets or clears the frozen flag and keeps the parameters. Steward only.
    function setFrozen(address asset, bool frozen) external;
}
