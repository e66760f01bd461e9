// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccrual} from "../interfaces/IAccrual.sol";
import {IRateModel} from "../interfaces/IRateModel.sol";

/// @title Isolated USD markets that charge interest, for tests and local chains
/// @notice Amounts are in 1e18 USD and moved by anyone. Interest is simple between two accruals, as in Morpho's and
///         Compound's first order, at the rate that the model gives at that moment: whoever changes the rate without
///         accruing first changes the past.
contract MockLendingMarket is IAccrual {
    struct Book {
        uint256 collateral;
        uint256 cash;
        uint256 debt;
        uint256 accruedAt;
    }

    uint256 private constant WAD = 1e18;

    IRateModel public immutable rateModel;
    mapping(address asset => Book) public books;

    constructor(IRateModel rateModel_) {
        rateModel = rateModel_;
    }

    /// @notice Sets what is supplied and lent; interest so far is forgotten.
    function setBook(address asset, uint256 collateral, uint256 cash, uint256 debt) external {
        books[asset] = Book({collateral: collateral, cash: cash, debt: debt, accruedAt: block.timestamp});
    }

    /// @inheritdoc IAccrual
    function accrue(address asset) external {
        books[asset].debt = debtOf(asset);
        books[asset].accruedAt = block.timestamp;
    }

    /// @inheritdoc IAccrual
    function collateralInUse(address asset) external view returns (uint256) {
        return (books[asset].collateral + WAD - 1) / WAD;
    }

    /// @inheritdoc IAccrual
    function debtInUse(address asset) external view returns (uint256) {
        return (debtOf(asset) + WAD - 1) / WAD;
    }

    /// @notice Debt with interest up to now, 1e18 USD, rounded up.
    function debtOf(address asset) public view returns (uint256) {
        Book memory book = books[asset];
        uint256 elapsed = block.timestamp - book.accruedAt;
        if (book.debt == 0 || elapsed == 0) return book.debt;
        uint256 rate = rateModel.ratePerSecond(asset, book.cash, book.debt, 0);
        return book.debt + (book.debt * rate * elapsed + WAD - 1) / WAD;
    }
}
