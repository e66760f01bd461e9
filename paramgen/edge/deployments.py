"""What was deployed where, and what was about to be.

One file a network, keyed inside by chain id and genesis hash, since local chains repeat both
addresses and nonces. An intent is on disk before its transaction is sent; so a killed run can be
told apart from one that never began, and nothing is deployed twice.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from paramgen.edge.files import write_whole
from paramgen.errors import ParamgenError
from paramgen.targets.envelope import plain_json

SCHEMA = "paramgen/deployments/1"


class DeploymentsError(ParamgenError):
    """A deployments file that cannot be read, or that disagrees with the chain."""


@dataclass(frozen=True)
class Deployed:
    """One contract as it was deployed or adopted.

    Attributes
    ----------
    contract : its name in the project.
    code_hash : keccak of the runtime code, immutables included.
    arguments : the constructor's, as JSON values; integers as text.
    transaction : None for what another contract created.
    block_hash : of the block that had it, by which a reorganisation is known.
    sender, nonce, data_hash : the transaction's; the sender of what a contract created is that
        contract.
    """

    contract: str
    address: str
    code_hash: str
    arguments: tuple[Any, ...]
    transaction: str | None
    block: int
    block_hash: str = ""
    sender: str = ""
    nonce: int = 0
    data_hash: str = ""


@dataclass(frozen=True)
class Intent:
    """A transaction that is about to be sent.

    Attributes
    ----------
    address : where the contract will be, from sender and nonce; None for a call.
    target, data_hash : whom it calls, None to create; keccak of its data.
    transaction : its hash, by which the chain is asked for it first.
    block : head of the chain when it was signed.
    """

    contract: str
    method: str
    sender: str
    nonce: int
    address: str | None
    arguments: tuple[Any, ...]
    target: str | None = None
    data_hash: str = ""
    transaction: str | None = None
    block: int = 0


@dataclass
class Deployments:
    """The deployments of one chain. Without a path (the embedded chain) nothing is written."""

    chain_id: int
    genesis: str
    path: Path | None = None
    contracts: dict[str, Deployed] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """How the chain is named inside the file."""
        return f"{self.chain_id}:{self.genesis}"

    def address(self, step: str) -> str | None:
        """Where the contract of a step is, None if it is not deployed."""
        found = self.contracts.get(step)
        return None if found is None else found.address

    def intend(self, step: str, intent: Intent) -> None:
        """Put an intent on disk; only then may its transaction be sent."""
        self.intents[step] = intent
        self._write()

    def record(self, step: str, deployed: Deployed) -> None:
        """Replace a step's intent by what it deployed."""
        self.contracts[step] = deployed
        self.settle(step)

    def reopen(self, step: str, intent: Intent) -> None:
        """Take a contract that the chain lost back to an intent, with all that it created."""
        lost = self.contracts.pop(step)
        for child in [s for s, found in self.contracts.items() if found.sender == lost.address]:
            del self.contracts[child]
        self.intend(step, intent)

    def settle(self, step: str) -> None:
        """Drop a step's intent: its transaction has landed, or never will."""
        self.intents.pop(step, None)
        self._write()

    def _write(self) -> None:
        if self.path is None:
            return
        document = _read(self.path)
        document["chains"][self.key] = {
            "contracts": {step: asdict(found) for step, found in self.contracts.items()},
            "intents": {step: asdict(intent) for step, intent in self.intents.items()},
        }
        text = json.dumps(document, indent=2, sort_keys=True)
        write_whole(self.path, f"{text}\n".encode())


def open_deployments(
    path: Path | None, chain_id: int, genesis: str, *, public: bool = False
) -> Deployments:
    """The deployments of this chain as the file has them; other chains' are left alone.

    Parameters
    ----------
    path : the network's file, which need not exist; None for a chain that ends with its process.
    public : whether a chain id stands for one chain, as it does but on a developer's own.

    Raises
    ------
    DeploymentsError
        When the file is damaged, or knows this genesis by another chain id, or, on a public
        network, this chain id by another genesis.
    """
    found = Deployments(chain_id, genesis, path)
    if path is None:
        return found
    chains = _read(path)["chains"]
    _require_one_id(path, found, chains)
    if public:
        _require_one_genesis(path, found, chains)
    chain = chains.get(found.key, {"contracts": {}, "intents": {}})
    try:
        found.contracts = {
            step: Deployed(**_with_tuple(value)) for step, value in chain["contracts"].items()
        }
        found.intents = {
            step: Intent(**_with_tuple(value)) for step, value in chain["intents"].items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, repr(error)) from error
    return found


def _require_one_id(path: Path, found: Deployments, chains: Mapping[str, Any]) -> None:
    """A genesis has one chain id: an RPC that gives another lies, or the chain was split."""
    others = [key for key in chains if key != found.key and key.endswith(f":{found.genesis}")]
    if others:
        raise DeploymentsError(
            f"{path} knows the chain of genesis {found.genesis} by the id "
            f"{others[0].partition(':')[0]}, and the RPC says {found.chain_id}.\n    Nothing was "
            "sent. Use another RPC, or another --deployments folder if the chain is another."
        )


def _require_one_genesis(path: Path, found: Deployments, chains: Mapping[str, Any]) -> None:
    """What is signed for an impostor of a chain would be valid on the chain itself."""
    others = [key for key in chains if key != found.key and key.startswith(f"{found.chain_id}:")]
    if others:
        raise DeploymentsError(
            f"{path} knows chain {found.chain_id} by its genesis {others[0].partition(':')[2]}, "
            f"and the RPC says {found.genesis}.\n    Nothing was sent. Use another RPC; for a "
            "rehearsal on a chain of the same id, another --deployments folder."
        )


@contextmanager
def alone(path: Path | None) -> Iterator[None]:
    """Hold the network's file against a second run; two at once would race for nonces.

    Raises
    ------
    DeploymentsError
        When another run holds it.
    """
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DeploymentsError(
                f"{path}: another run is at work on this network. Let it finish, then run again."
            ) from error
        yield


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"schema": SCHEMA, "chains": {}}
    try:
        document = plain_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _damaged(path, f"its schema is not {SCHEMA}")
    if not isinstance(document.get("chains"), dict):
        raise _damaged(path, "it has no chains")
    return document


def _damaged(path: Path, why: str) -> DeploymentsError:
    return DeploymentsError(
        f"{path}: cannot be read as deployments: {why}.\n"
        "    Restore it from version control or a backup. Without it, contracts that exist would "
        "be deployed again."
    )


def _with_tuple(value: Mapping[str, Any]) -> dict[str, Any]:
    return {**value, "arguments": tuple(value["arguments"])}
