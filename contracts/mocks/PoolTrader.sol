// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {MockToken} from "./MockToken.sol";

/// @notice What of a Uniswap v3 pool a trader needs.
interface IPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function liquidity() external view returns (uint128);
    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool);
    function mint(address recipient, int24 low, int24 high, uint128 amount, bytes calldata data)
        external
        returns (uint256, uint256);
    function swap(address recipient, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256, int256);
}

/// @title Provides liquidity to a Uniswap v3 pool and swaps on it, with tokens of its own making
/// @dev For the comparison of quotes with the real pool. A swap that the pool refuses leaves zeros.
contract PoolTrader {
    struct Position {
        int24 low;
        int24 high;
        uint128 liquidity;
    }

    struct Swap {
        bool zeroForOne;
        int256 amount;
        uint160 limit;
    }

    struct Result {
        int256 amount0;
        int256 amount1;
        uint160 sqrtPrice;
        int24 tick;
        uint128 liquidity;
    }

    function provide(IPool pool, Position[] calldata positions) external {
        for (uint256 i; i < positions.length; ++i) {
            pool.mint(address(this), positions[i].low, positions[i].high, positions[i].liquidity, "");
        }
    }

    function trade(IPool pool, Swap[] calldata swaps) external returns (Result[] memory results) {
        results = new Result[](swaps.length);
        for (uint256 i; i < swaps.length; ++i) {
            Result memory r = results[i];
            try pool.swap(address(this), swaps[i].zeroForOne, swaps[i].amount, swaps[i].limit, "") returns (
                int256 amount0, int256 amount1
            ) {
                (r.amount0, r.amount1) = (amount0, amount1);
            } catch {
                (r.amount0, r.amount1) = (0, 0);
            }
            (r.sqrtPrice, r.tick,,,,,) = pool.slot0();
            r.liquidity = pool.liquidity();
        }
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        _pay(IPool(msg.sender), owed0, owed1);
    }

    function uniswapV3SwapCallback(int256 owed0, int256 owed1, bytes calldata) external {
        _pay(IPool(msg.sender), owed0 > 0 ? uint256(owed0) : 0, owed1 > 0 ? uint256(owed1) : 0);
    }

    function _pay(IPool pool, uint256 owed0, uint256 owed1) private {
        MockToken(pool.token0()).mint(msg.sender, owed0);
        MockToken(pool.token1()).mint(msg.sender, owed1);
    }
}
