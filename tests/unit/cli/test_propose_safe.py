"""What `ape run propose_safe` refuses before it looks for a signature."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from paramgen.cli import propose_safe
from paramgen.edge.safes import LiveSafe, SafeError
from paramgen.errors import ParamgenError
from paramgen.targets.calls import ProposalError

SAFE = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
GENESIS = "0x" + "11" * 32


@pytest.fixture(autouse=True)
def _chain(monkeypatch: pytest.MonkeyPatch) -> None:
    node = SimpleNamespace(block_hash=lambda _: GENESIS)
    monkeypatch.setattr(propose_safe, "Node", lambda *_: node)
    monkeypatch.setattr(propose_safe, "waiting_for", lambda _: None)
    monkeypatch.setattr(propose_safe, "network_key", lambda _: "ethereum:sepolia")


def require_meant(chain_id: int = 5, genesis: str = GENESIS, carrier: str = SAFE) -> None:
    manifest: Any = SimpleNamespace(
        assumed=SimpleNamespace(chain_id=chain_id, genesis=genesis),
        request=SimpleNamespace(carrier=carrier),
    )
    safe: Any = SimpleNamespace(chain_id=5, address=SAFE, alias="treasury")
    propose_safe._require_meant(SimpleNamespace(web3=None), manifest, safe)


def test_the_proposals_own_chain_and_safe_pass():
    require_meant()
    # A proposal to a venue names no first block.
    require_meant(genesis="")


@pytest.mark.parametrize(
    "other", [{"chain_id": 1}, {"genesis": "0x" + "22" * 32}, {"carrier": "0x" + "00" * 20}]
)
def test_another_chain_genesis_or_safe_is_refused(other):
    with pytest.raises(ProposalError, match="nothing was signed or sent"):
        require_meant(**other)


def test_without_ape_safe_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "paramgen.edge.safes", None)
    with pytest.raises(ParamgenError, match=r"paramgen\[safe\]"):
        propose_safe._safe(None, "treasury")


def test_a_fork_never_reaches_the_service_of_the_chain_it_copies():
    safe: Any = SimpleNamespace(
        provider=SimpleNamespace(network=SimpleNamespace(name="sepolia-fork"))
    )
    with pytest.raises(SafeError, match="on a fork"):
        LiveSafe.require_usable(safe)


def test_the_command_to_check_with_is_a_whole_line_of_a_shell():
    options = propose_safe.SafeOptions(Path("a proposal"), "treasury", book=Path("book.yaml"))
    queued: Any = SimpleNamespace(digest="0x12")
    assert propose_safe._command(options, queued) == (
        "paramgen verify 'a proposal' --book book.yaml --safe-tx queued.json --safe-tx-hash 0x12"
    )
