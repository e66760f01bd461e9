"""Governance as it is published, on a node: a Safe, OpenZeppelin's Governor and its timelock."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_utils.crypto import keccak
from web3 import Web3

from paramgen.targets.calls import Call, call
from paramgen.targets.governor import proposal_id
from paramgen.targets.safe_transaction import (
    MULTI_SEND_CALL_ONLY,
    NOBODY,
    SafeTransaction,
    hashed_fields,
    of_calls,
    transaction_hash,
)

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".build" / "governance" / "out"
MULTI_SEND_ARTEFACT = (
    ROOT / "node_modules/@safe-global/safe-contracts/build/artifacts/contracts/libraries"
    / "MultiSendCallOnly.sol/MultiSendCallOnly.json"
)  # fmt: skip
DELAY = 2 * 86_400
FOR = 1
ACCEPT = "acceptDefaultAdminTransfer()"
OWNERS = tuple(keccak(text=f"owner {n}") for n in range(3))


@cache
def build() -> None:
    """Compile the houses from their packages' sources with the project's own compiler."""
    forge = ROOT / "node_modules" / ".bin" / "forge"
    subprocess.run(  # noqa: S603
        [str(forge), "build", "--quiet"], cwd=ROOT, check=True,
        env={**os.environ, "FOUNDRY_PROFILE": "governance"},
    )  # fmt: skip


@cache
def compiled(name: str, file: str) -> tuple[Any, str]:
    """ABI and creation code."""
    build()
    document = json.loads((BUILT / file / f"{name}.json").read_text(encoding="utf-8"))
    return document["abi"], document["bytecode"]["object"]


def deploy(web3: Web3, name: str, *arguments: Any, file: str | None = None) -> Any:
    """Deploy from the node's first account."""
    abi, code = compiled(name, file or f"{name}.sol")
    hashed = web3.eth.contract(abi=abi, bytecode=code).constructor(*arguments).transact()
    receipt = web3.eth.wait_for_transaction_receipt(hashed)
    return web3.eth.contract(address=receipt["contractAddress"], abi=abi)


def done(web3: Web3, hashed: bytes) -> Any:
    """The receipt of a transaction, which must have succeeded."""
    receipt = web3.eth.wait_for_transaction_receipt(hashed)
    assert receipt["status"] == 1
    return receipt


def pass_time(web3: Web3, seconds: int) -> None:
    """Let time pass on the node and mine a block."""
    web3.provider.make_request("evm_increaseTime", [seconds])
    web3.provider.make_request("evm_mine", [])


def pass_blocks(web3: Web3, count: int) -> None:
    """Mine blocks."""
    web3.provider.make_request("anvil_mine", [hex(count)])


STEWARD_ABI = [
    {"type": "function", "name": name, "stateMutability": kind, "inputs": takes, "outputs": gives}
    for name, kind, takes, gives in (
        ("beginDefaultAdminTransfer", "nonpayable", [{"name": "to", "type": "address"}], []),
        ("defaultAdmin", "view", [], [{"name": "", "type": "address"}]),
        ("marketWords", "view", [{"name": "asset", "type": "address"}],
         [{"name": "", "type": "uint256"}] * 5),
    )
]  # fmt: skip


def hand_over(web3: Web3, deployments: Path, governor: str) -> str:
    """Offer the steward's seat of governor, as the first account may; returns the steward."""
    (chain,) = json.loads(deployments.read_text(encoding="utf-8"))["chains"].values()
    steward: str = chain["contracts"]["steward"]["address"]
    contract = web3.eth.contract(address=steward, abi=STEWARD_ABI)
    done(web3, contract.functions.beginDefaultAdminTransfer(governor).transact())
    pass_time(web3, 1)
    return steward


def plant_multi_send(web3: Web3) -> None:
    """Put the package's own MultiSendCallOnly where it stands on every chain."""
    code = json.loads(MULTI_SEND_ARTEFACT.read_text(encoding="utf-8"))["deployedBytecode"]
    web3.provider.make_request("anvil_setCode", [MULTI_SEND_CALL_ONLY, code])


@dataclass(frozen=True)
class SafeHouse:
    """A Safe with three owners of whom two must sign."""

    web3: Web3
    contract: Any
    owners: Sequence[Any]

    @classmethod
    def on(cls, web3: Web3, keys: Sequence[bytes] = OWNERS) -> SafeHouse:
        """Deploy singleton and factory, and create a Safe of the keys' owners."""
        plant_multi_send(web3)
        owners = [Account.from_key(key) for key in keys]
        singleton = deploy(web3, "Safe")
        factory = deploy(web3, "SafeProxyFactory")
        addresses = [owner.address for owner in owners]
        setup = singleton.encode_abi(
            "setup", [addresses, 2, NOBODY, b"", NOBODY, NOBODY, 0, NOBODY]
        )
        create = factory.functions.createProxyWithNonce(singleton.address, setup, 0)
        safe = create.call()
        done(web3, create.transact())
        return cls(web3, web3.eth.contract(address=safe, abi=singleton.abi), owners)

    @property
    def address(self) -> str:
        """The Safe's address."""
        return str(self.contract.address)

    def next(self, calls: Sequence[Call]) -> SafeTransaction:
        """The transaction of a batch at the Safe's next nonce."""
        return of_calls(calls, self.contract.functions.nonce().call())

    def execute(self, calls: Sequence[Call]) -> Any:
        """Sign with two owners, and send from an account that is none."""
        found = self.next(calls)
        digest = transaction_hash(found, self.web3.eth.chain_id, self.address)
        signers = sorted(self.owners[:2], key=lambda owner: int(owner.address, 16))
        signatures = b"".join(owner.unsafe_sign_hash(digest).signature for owner in signers)
        return done(self.web3, self.contract.functions.execTransaction(
            *hashed_fields(found)[:-1], signatures).transact())  # fmt: skip


@dataclass(frozen=True)
class VotingHouse:
    """OpenZeppelin's Governor behind its timelock; the node's first account holds all votes."""

    web3: Web3
    governor: Any
    timelock: Any

    @classmethod
    def on(cls, web3: Web3) -> VotingHouse:
        """Deploy; the first account may also schedule in the timelock, and anyone execute."""
        holder = web3.eth.default_account
        token = deploy(web3, "VotingToken", holder, file="Voting.sol")
        done(web3, token.functions.delegate(holder).transact())
        timelock = deploy(web3, "TimelockController", DELAY, [holder], [NOBODY], holder)
        governor = deploy(
            web3, "VotingGovernor", token.address, timelock.address, file="Voting.sol"
        )
        roles = timelock.functions
        for role in (roles.PROPOSER_ROLE().call(), roles.CANCELLER_ROLE().call()):
            done(web3, roles.grantRole(role, governor.address).transact())
        return cls(web3, governor, timelock)

    def send(self, to: Any, data: str) -> Any:
        """Send calldata as it stands in a file."""
        return done(self.web3, self.web3.eth.send_transaction({"to": to.address, "data": data}))

    def pass_vote(self, proposal: int) -> None:
        """Vote for it with every vote there is, and let the vote end."""
        functions = self.governor.functions
        pass_blocks(self.web3, functions.votingDelay().call() + 1)
        done(self.web3, functions.castVote(proposal, FOR).transact())
        pass_blocks(self.web3, functions.votingPeriod().call() + 1)

    def carry_out(self, calls: Sequence[Call], description: str) -> None:
        """Queue and execute a proposal that has passed."""
        arguments = (
            [sent.to for sent in calls], [sent.value for sent in calls],
            [sent.data for sent in calls], keccak(text=description),
        )  # fmt: skip
        done(self.web3, self.governor.functions.queue(*arguments).transact())
        pass_time(self.web3, DELAY + 1)
        done(self.web3, self.governor.functions.execute(*arguments).transact())

    def accept_by_vote(self, steward: str) -> None:
        """Take the offered seat of the steward's governor, as a vote decides."""
        taking = call(steward, ACCEPT)
        asked = [taking.to], [0], [taking.data], ACCEPT
        done(self.web3, self.governor.functions.propose(*asked).transact())
        self.pass_vote(proposal_id([taking], ACCEPT))
        self.carry_out([taking], ACCEPT)

    def accept_by_operation(self, steward: str) -> None:
        """Take the offered seat of the steward's governor, as the proposer schedules."""
        asked = steward, 0, call(steward, ACCEPT).data, bytes(32), bytes(32)
        done(self.web3, self.timelock.functions.schedule(*asked, DELAY).transact())
        pass_time(self.web3, DELAY)
        done(self.web3, self.timelock.functions.execute(*asked).transact())
