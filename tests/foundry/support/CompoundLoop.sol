// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICToken} from "contracts/interfaces/ICToken.sol";
import {ICompoundRateModel} from "contracts/interfaces/ICompoundRateModel.sol";

/// @notice The accrual of a Compound V2 cToken, as its public interface describes it: simple interest over the blocks
///         since the last accrual, at the rate of the moment, refused above its limit.
/// @dev No venue code: none installs as a package of reasonable size. Books are set, not traded.
contract CompoundLoop is ICToken {
    uint256 private constant WAD = 1e18;
    uint256 private constant BORROW_RATE_MAX = 0.0005e16;

    address public immutable override underlying;
    ICompoundRateModel public immutable model;
    uint256 public immutable reserveFactor;

    uint256 public cash;
    uint256 public reserves;
    uint256 public override totalBorrows;
    uint256 public override totalSupply;
    uint256 public override exchangeRateStored = 0.02e18;
    uint256 public override accrualBlockNumber;

    error RateAbsurdlyHigh(uint256 rate);

    constructor(address underlying_, ICompoundRateModel model_, uint256 reserveFactor_) {
        underlying = underlying_;
        model = model_;
        reserveFactor = reserveFactor_;
        accrualBlockNumber = block.number;
    }

    function setBook(uint256 cash_, uint256 borrows_, uint256 supply_) external {
        (cash, totalBorrows, totalSupply) = (cash_, borrows_, supply_);
    }

    function accrueInterest() external override returns (uint256) {
        uint256 blocks = block.number - accrualBlockNumber;
        if (blocks == 0) return 0;
        uint256 rate = borrowRatePerBlock();
        if (rate > BORROW_RATE_MAX) revert RateAbsurdlyHigh(rate);
        uint256 interest = rate * blocks * totalBorrows / WAD;
        totalBorrows += interest;
        reserves += interest * reserveFactor / WAD;
        accrualBlockNumber = block.number;
        return 0;
    }

    function borrowRatePerBlock() public view override returns (uint256) {
        return model.getBorrowRate(cash, totalBorrows, reserves);
    }
}
