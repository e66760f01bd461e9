// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

/// @title Governor, steward and guardian, and in one word an account which of the first two it is
/// @notice OpenZeppelin's roles decide; the word repeats them, so that a batch, which either may send and which must
///         know whether the governor did, reads one slot in place of two.
/// @dev Invariant: a bit of the word is set where `hasRole` holds. Every grant and every revocation, renouncing and the
///      governor's two steps among them, goes through the two functions below.
abstract contract Roles is AccessControlDefaultAdminRules {
    bytes32 public constant STEWARD_ROLE = keccak256("STEWARD_ROLE");
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    uint256 internal constant GOVERNOR = 1;
    uint256 internal constant STEWARD = 2;

    mapping(address account => uint256) private _roleBits;

    /// @dev `GOVERNOR` and `STEWARD`, both or neither.
    function _rolesOf(address account) internal view returns (uint256) {
        return _roleBits[account];
    }

    function _grantRole(bytes32 role, address account) internal override returns (bool granted) {
        granted = super._grantRole(role, account);
        if (granted) _roleBits[account] |= _bit(role);
    }

    /// @dev Anyone may renounce what they do not have; that writes nothing.
    function _revokeRole(bytes32 role, address account) internal override returns (bool revoked) {
        revoked = super._revokeRole(role, account);
        if (revoked) _roleBits[account] &= ~_bit(role);
    }

    function _bit(bytes32 role) private pure returns (uint256) {
        if (role == DEFAULT_ADMIN_ROLE) return GOVERNOR;
        return role == STEWARD_ROLE ? STEWARD : 0;
    }
}
