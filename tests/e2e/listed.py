"""A chain whose steward runs on one artefact, and a proposal that brings it to another."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3

from paramgen.encode import Word
from paramgen.targets.calls import as_hex
from paramgen.targets.registry import FORMATS
from paramgen.targets.safe_transaction import NOBODY, SafeTransaction, transaction_hash
from tests.e2e.conftest import DEPLOYER, Done, Workshop
from tests.support.artefacts import sample_artefact, signed
from tests.support.houses import STEWARD_ABI, SafeHouse, hand_over

ORDER = (Word.COLLATERAL, Word.RATE, Word.ORACLE, Word.REFERENCE)


def wanted() -> dict[str, Any]:
    """Another LTV, another kink and another limit on price moves: two calls."""
    artefact = sample_artefact(2, ltv=7_900, kink=8 * 10**17)
    return signed({**artefact, "policy": {**artefact["policy"], "update_limit": "0.004"}})


@dataclass(frozen=True)
class Listed:
    """A chain that runs on one artefact, and another artefact that it is to run on."""

    workshop: Workshop
    web3: Web3
    steward: Any
    artefact: str

    def hand_over(self, governor: str) -> None:
        """First step: the deployer offers the governor's seat."""
        hand_over(self.web3, self.workshop.deployments, governor)

    def proposal(self, form: str, carrier: str, delay: int = 0) -> Path:
        """Plan and propose as a user does; returns the folder."""
        folder, plan = self.workshop.folder / form, self.workshop.folder / f"{form}.plan.json"
        planned = self.workshop.plan(self.artefact, "--save", str(plan))
        assert planned.code == 2, planned.stderr
        later = self.web3.eth.get_block("latest")["timestamp"] + 30 * 86_400
        proposed = self.workshop.paramgen(
            "propose", "--artefact", self.artefact, "--plan", str(plan), "--format", form,
            "--carrier", carrier, "--title", "Lower the LTV", "--summary", "Depth has halved.",
            "--deadline", datetime.fromtimestamp(later, UTC).isoformat(), "--delay", str(delay),
            "-o", str(folder),
        )  # fmt: skip
        assert proposed.code == 0, proposed.stderr
        return folder

    def digest(self, transaction: SafeTransaction, house: SafeHouse) -> str:
        """The hash that the Safe's owners sign."""
        return as_hex(transaction_hash(transaction, self.web3.eth.chain_id, house.address))

    def told(self, transaction: SafeTransaction) -> str:
        """A file as the transaction service tells a transaction; returns its path."""
        path = self.workshop.folder / f"{keccak(transaction.data).hex()}.json"
        path.write_text(json.dumps(as_service(transaction)), encoding="utf-8")
        return str(path)

    def verify(self, folder: Path, *named: str) -> Done:
        """Hold a proposal under way to the artefact, the node's address in the environment."""
        with patch.dict(os.environ, {"PARAMGEN_RPC": self.workshop.anvil.url}):
            return self.workshop.paramgen(
                "verify", str(folder), "--artefact", self.artefact, "--json", *named
            )

    def assert_equal(self, state: str, folder: Path, *named: str) -> None:
        """Every value under way is the artefact's, and the chain would take it."""
        verified = self.verify(folder, *named)
        assert verified.code == 0, (verified.stdout, verified.stderr)
        assert json.loads(verified.stdout)["live"]["state"].startswith(state)

    def differing(self, folder: Path, *named: str) -> dict[str, tuple[str, str]]:
        """What differs, by where it does."""
        verified = self.verify(folder, *named)
        assert verified.code == 2, verified.stderr
        told = json.loads(verified.stdout)["disagreements"]
        return {each["where"]: (each["proposed"], each["compiled"]) for each in told}

    def assert_landed(self) -> None:
        """Every word of every market is the artefact's, and nothing is left to plan."""
        contracts = json.loads(self.workshop.deployments.read_text(encoding="utf-8"))
        (chain,) = contracts["chains"].values()
        for asset, market in wanted()["markets"].items():
            token = chain["contracts"][f"token/{asset}"]["address"]
            words = self.steward.functions.marketWords(token).call()
            found = {word.value: value for word, value in zip(ORDER, words[:4], strict=True)}
            assert {name: found[name] for name in market["words"]} == {
                name: int(word, 16) for name, word in market["words"].items()
            }
        assert self.workshop.plan(self.artefact).code == 0


def list_first(workshop: Workshop) -> Listed:
    """Bring the workshop's chain onto the first artefact."""
    first = workshop.artefact(sample_artefact(2), "first.json")
    document = workshop.update("--artefact", first, "--yes")
    web3 = Web3(HTTPProvider(workshop.anvil.url))
    web3.eth.default_account = DEPLOYER
    steward = web3.eth.contract(address=document["contracts"]["steward"], abi=STEWARD_ABI)
    return Listed(workshop, web3, steward, workshop.artefact(wanted()))


def as_service(found: SafeTransaction) -> dict[str, Any]:
    """As the service tells it: wide integers as text, no refund as nothing, more than is asked."""
    return {
        "to": found.to, "value": str(found.value), "data": as_hex(found.data),
        "operation": int(found.operation), "nonce": found.nonce, "safeTxGas": 0, "baseGas": 0,
        "gasPrice": "0", "gasToken": NOBODY, "refundReceiver": None, "confirmationsRequired": 2,
    }  # fmt: skip


def carried(folder: Path, form: str) -> Any:
    """What the folder's file of this form carries."""
    return FORMATS[form].read((folder / FORMATS[form].file).read_bytes())
