"""What `paramgen propose` writes is carried out as it stands by a Safe, a Governor and a timelock.

Each house is the steward's governor, which it became by its own decision; afterwards the words on
chain are those of the artefact.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from paramgen.encode import Word
from paramgen.targets.calls import call
from paramgen.targets.registry import FORMATS
from tests.e2e.conftest import DEPLOYER, Workshop
from tests.support.artefacts import sample_artefact, signed
from tests.support.houses import DELAY, SafeHouse, VotingHouse, done, pass_time

STEWARD_ABI = [
    {"type": "function", "name": name, "stateMutability": kind, "inputs": takes, "outputs": gives}
    for name, kind, takes, gives in (
        ("beginDefaultAdminTransfer", "nonpayable", [{"name": "to", "type": "address"}], []),
        ("defaultAdmin", "view", [], [{"name": "", "type": "address"}]),
        ("marketWords", "view", [{"name": "asset", "type": "address"}],
         [{"name": "", "type": "uint256"}] * 5),
    )
]  # fmt: skip
ACCEPT = "acceptDefaultAdminTransfer()"
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
        offer = self.steward.functions.beginDefaultAdminTransfer(governor)
        done(self.web3, offer.transact())
        pass_time(self.web3, 1)

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


@pytest.fixture
def listed(workshop: Workshop) -> Listed:
    first = workshop.artefact(sample_artefact(2), "first.json")
    document = workshop.update("--artefact", first, "--yes")
    web3 = Web3(HTTPProvider(workshop.anvil.url))
    web3.eth.default_account = DEPLOYER
    steward = web3.eth.contract(address=document["contracts"]["steward"], abi=STEWARD_ABI)
    return Listed(workshop, web3, steward, workshop.artefact(wanted()))


def carried(folder: Path, form: str) -> Any:
    return FORMATS[form].read((folder / FORMATS[form].file).read_bytes())


def document(folder: Path, form: str) -> dict[str, Any]:
    return json.loads((folder / FORMATS[form].file).read_bytes())


def test_a_safe_carries_out_the_exported_batch(listed: Listed):
    house = SafeHouse.on(listed.web3)
    listed.hand_over(house.address)
    house.execute([call(listed.steward.address, ACCEPT)])
    assert listed.steward.functions.defaultAdmin().call() == house.address

    batch = carried(listed.proposal("safe", house.address), "safe")
    assert len(batch.calls) == 2
    house.execute(batch.calls)
    listed.assert_landed()


def test_a_governor_votes_queues_and_executes_the_proposal(listed: Listed):
    house = VotingHouse.on(listed.web3)
    listed.hand_over(house.timelock.address)
    accept = [call(listed.steward.address, ACCEPT)]
    arguments = [accept[0].to], [0], [accept[0].data], "accept"
    done(listed.web3, house.governor.functions.propose(*arguments).transact())
    house.pass_vote(
        house.governor.functions.hashProposal(*arguments[:3], Web3.keccak(text="accept")).call()
    )
    house.carry_out(accept, "accept")

    folder = listed.proposal("governor", house.governor.address)
    written = document(folder, "governor")
    receipt = house.send(house.governor, written["calldata"])
    (created,) = house.governor.events.ProposalCreated().process_receipt(receipt)
    assert created["args"]["proposalId"] == int(written["proposal_id"])
    house.pass_vote(int(written["proposal_id"]))
    proposal = carried(folder, "governor")
    house.carry_out(proposal.calls, proposal.description)
    listed.assert_landed()


def test_a_timelock_schedules_waits_and_executes_the_operation(listed: Listed):
    house = VotingHouse.on(listed.web3)
    listed.hand_over(house.timelock.address)
    accept = (
        listed.steward.address,
        0,
        call(listed.steward.address, ACCEPT).data,
        bytes(32),
        bytes(32),
    )
    done(listed.web3, house.timelock.functions.schedule(*accept, DELAY).transact())
    pass_time(listed.web3, DELAY)
    done(listed.web3, house.timelock.functions.execute(*accept).transact())

    folder = listed.proposal("timelock", house.timelock.address, DELAY)
    written = document(folder, "timelock")
    house.send(house.timelock, written["schedule"])
    assert house.timelock.functions.isOperationPending(written["operation_id"]).call()
    pass_time(listed.web3, DELAY)
    house.send(house.timelock, written["execute"])
    listed.assert_landed()
