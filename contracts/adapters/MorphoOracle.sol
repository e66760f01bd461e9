// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {IMorphoOracle} from "../interfaces/IMorphoOracle.sol";
import {OraclePrices} from "../libraries/OraclePrices.sol";

/// @title The price of a Morpho Blue market from two fallback oracles
/// @notice price = ⌊collateral · 10^(36 + loan decimals − collateral decimals) / loan⌋, both legs in 8 decimals.
///
///         | leg         | read                    | because                                                         |
///         |-------------|-------------------------|-----------------------------------------------------------------|
///         | collateral  | served, decayed         | silence may only lower what is lent against it                  |
///         | loan        | only while Live         | a decayed price of the debt would raise what is lent against it |
///         | no loan leg | one USD, by declaration | the deployer says so; an address forgotten is refused           |
///
///         Reverts while either leg gives no price: Morpho then refuses borrow, withdrawCollateral and liquidate, and
///         serves supply, withdraw, repay, supplyCollateral and accrueInterest (docs/venues.md).
/// @dev Overflow: legs are below 2^54 and the scale is at most 10^54, so the product is below 2^234. Morpho multiplies
///      the price by collateral amounts: the constructor checks that MAX_WHOLE_TOKENS of them fit. Resolution: the
///      least price has at least MIN_RESOLUTION steps, so rounding down takes less than 1e-6 of it and never gives 0.
contract MorphoOracle is IMorphoOracle {
    /// @notice Morpho's products do not overflow up to this many whole collateral tokens in one position.
    uint256 public constant MAX_WHOLE_TOKENS = 1e12;
    /// @notice The least price, in units of its last digit.
    uint256 public constant MIN_RESOLUTION = 1e6;

    uint8 private constant MAX_DECIMALS = 18;
    uint256 private constant MORPHO_SCALE = 1e36;
    /// @dev One USD as the oracles give it.
    uint256 private constant PAR = 1e8;

    address public immutable override collateralToken;
    address public immutable override loanToken;
    IFallbackOracle public immutable override collateralOracle;
    IFallbackOracle public immutable override loanOracle;
    uint256 public immutable override collateralUnit;
    uint256 public immutable override loanUnit;

    /// @dev 10^(36 + loan decimals − collateral decimals).
    uint256 private immutable SCALE;

    error LoanLegUndeclared(address loanOracle, bool loanAtPar);
    error LoanTokenDiffers(address declared, address ofOracle);
    error UnitDiffers(address token, uint256 declared, uint256 reported);
    error DecimalsTooLarge(address token, uint8 decimals);
    error PriceTooCoarse(uint256 leastPrice, uint256 minimum);
    error PriceTooLarge(uint256 largestPrice, uint256 maximum);

    /// @param loanOracle_ Zero only together with `loanAtPar`.
    /// @param loanAtPar Declares that one whole loan token is one USD.
    constructor(IFallbackOracle collateralOracle_, address loanToken_, IFallbackOracle loanOracle_, bool loanAtPar) {
        if ((address(loanOracle_) == address(0)) != loanAtPar) {
            revert LoanLegUndeclared(address(loanOracle_), loanAtPar);
        }
        IFallbackOracle.Constants memory collateral = collateralOracle_.constants();
        (uint256 least, uint256 most) = (PAR, PAR);
        if (!loanAtPar) {
            IFallbackOracle.Constants memory loan = loanOracle_.constants();
            if (loan.asset != loanToken_) revert LoanTokenDiffers(loanToken_, loan.asset);
            _requireUnit(loanToken_, loan.assetUnit);
            (least, most) = (loan.minPrice, loan.maxPrice);
        }

        collateralOracle = collateralOracle_;
        loanOracle = loanOracle_;
        loanToken = loanToken_;
        collateralToken = collateral.asset;
        collateralUnit = collateral.assetUnit;
        loanUnit = _unitOf(loanToken_);
        _requireUnit(collateralToken, collateral.assetUnit);
        SCALE = MORPHO_SCALE * loanUnit / collateralUnit;

        uint256 leastPrice = collateral.minPrice * SCALE / most;
        if (leastPrice < MIN_RESOLUTION) revert PriceTooCoarse(leastPrice, MIN_RESOLUTION);
        uint256 largestPrice = collateral.maxPrice * SCALE / least;
        uint256 allowed = type(uint256).max / (collateralUnit * MAX_WHOLE_TOKENS);
        if (largestPrice > allowed) revert PriceTooLarge(largestPrice, allowed);
    }

    /// @inheritdoc IMorphoOracle
    function price() external view override returns (uint256) {
        uint256 loan = PAR;
        if (address(loanOracle) != address(0)) loan = OraclePrices.whileLive(loanOracle);
        (, int256 collateral,,,) = AggregatorV3Interface(address(collateralOracle)).latestRoundData();
        // Safe unchecked: see above; an oracle's price is positive, and so is a live loan price.
        unchecked {
            return uint256(collateral) * SCALE / loan;
        }
    }

    /// @dev Held to the token itself: a unit that the oracle was told wrongly is a price wrong by powers of ten.
    function _requireUnit(address token, uint256 declared) private view {
        uint256 reported = _unitOf(token);
        if (declared != reported) revert UnitDiffers(token, declared, reported);
    }

    function _unitOf(address token) private view returns (uint256) {
        uint8 decimals = IERC20Metadata(token).decimals();
        if (decimals > MAX_DECIMALS) revert DecimalsTooLarge(token, decimals);
        return 10 ** decimals;
    }
}
