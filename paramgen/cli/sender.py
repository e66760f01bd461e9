"""Who sends: ape's account, an impersonated one on a fork, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ape
from eth_utils.address import is_address

from paramgen.cli.connected_options import Options
from paramgen.edge.chain import impersonated, is_embedded, is_fork, network_key
from paramgen.edge.deploy import NOBODY
from paramgen.errors import ParamgenError

TEST_ACCOUNT = "TEST::"
"""ape's name of a test account, before its number."""


@dataclass(frozen=True)
class Onlooker:
    """In place of an account where nothing is sent: nobody, with no role."""

    address: str = NOBODY


def sending_account(provider: Any, options: Options, document: Mapping[str, Any]) -> Any:
    """The account that a run sends from.

    Raises
    ------
    ParamgenError
        When a network that is not local has none, or the one named cannot be used.
    """
    if is_fork(provider):
        return _rehearsing(provider, options, document)
    if options.account is not None:
        return account_named(provider, options.account, yes=options.yes)
    if provider.network.is_local or is_embedded(provider):
        return ape.accounts.test_accounts[0]
    if options.dry_run:
        return Onlooker()
    raise ParamgenError(
        f"{network_key(provider)} needs an account to send from: name one with --account; "
        "`ape accounts list` shows yours."
    )


def account_named(provider: Any, alias: str, *, yes: bool) -> Any:
    """ape's account that signs under this name.

    Parameters
    ----------
    yes : sign without asking again.

    Raises
    ------
    ParamgenError
        When there is none, or it is a Safe, which has no key.
    """
    local = provider.network.is_local or is_embedded(provider)
    if local and (number := alias.removeprefix(TEST_ACCOUNT)).isdecimal():
        return ape.accounts.test_accounts[int(number)]
    containers = ape.accounts.containers
    safes = frozenset(containers["safe"].aliases if "safe" in containers else ())
    keys = set(ape.accounts.aliases) - safes
    if alias in safes - keys:
        raise ParamgenError(f"{alias} is a Safe; propose to it with `ape run propose_safe`")
    if alias not in keys:
        known = ", ".join(sorted(keys)) or "none"
        raise ParamgenError(f"ape has no account {alias!r}; it has: {known}")
    account = ape.accounts.load(alias)
    if yes:
        # ape takes the passphrase from APE_ACCOUNTS_<alias>_PASSPHRASE, or asks for it once.
        account.set_autosign(True)
    return account


def _rehearsing(provider: Any, options: Options, document: Mapping[str, Any]) -> Any:
    """On a fork: the account named, else the policy's governor; no key is needed of either."""
    roles = document["policy"]["roles"].get(network_key(provider), {})
    address = options.account or roles.get("governor")
    if address is None:
        return ape.accounts.test_accounts[0]
    if not is_address(address):
        raise ParamgenError(f"--account takes an address on a fork, not {address!r}")
    return impersonated(provider, address)
