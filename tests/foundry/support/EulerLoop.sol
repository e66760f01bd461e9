// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IEulerIrm} from "contracts/interfaces/IEulerIrm.sol";

/// @notice The accrual of an Euler vault, as its public interface describes it: compounded at the rate *stored* at the
///         last operation; each operation ends by asking the model, and keeps the old rate where the call fails.
/// @dev No venue code: none installs as a package.
contract EulerLoop {
    uint256 private constant RAY = 1e27;
    uint256 public constant MAX_ALLOWED_INTEREST_RATE = 291_867_278_914_945_094_175;

    uint256 public cash;
    uint256 public borrows;
    uint256 public interestRate;
    uint256 public lastUpdate = block.timestamp;
    IEulerIrm public irm;

    function setModel(IEulerIrm irm_) external {
        irm = irm_;
    }

    function setBook(uint256 cash_, uint256 borrows_) external {
        (cash, borrows) = (cash_, borrows_);
    }

    /// @notice The operation that does nothing else.
    function touch() external {
        uint256 growth = FixedPointMathLib.rpow(interestRate + RAY, block.timestamp - lastUpdate, RAY);
        borrows = borrows * growth / RAY;
        lastUpdate = block.timestamp;
        (bool success, bytes memory data) =
            address(irm).call(abi.encodeCall(IEulerIrm.computeInterestRate, (address(this), cash, borrows)));
        if (success && data.length >= 32) {
            uint256 rate = abi.decode(data, (uint256));
            interestRate = rate > MAX_ALLOWED_INTEREST_RATE ? MAX_ALLOWED_INTEREST_RATE : rate;
        }
    }
}
