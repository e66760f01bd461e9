"""The steward's path on anvil: shown, saved, followed step by step with the steward's own key."""

import json

from eth_utils import function_signature_to_4byte_selector as selector
from eth_utils import keccak

from paramgen.cli.plan import DIFFERENT
from scripts import update_params
from tests.e2e.conftest import DEPLOYER, Workshop
from tests.support.artefacts import sample_artefact

STEWARD = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
"""Second account of the mnemonic that anvil and ape share."""


def artefact(**integers):
    return sample_artefact(1, secondary=False, **integers)


def appoint(workshop: Workshop):
    """Give the second account the steward's role and no other, as the governor would."""
    chains = json.loads(workshop.deployments.read_bytes())["chains"]
    (chain,) = chains.values()
    role, account = keccak(b"STEWARD_ROLE"), bytes.fromhex(STEWARD.removeprefix("0x"))
    data = selector("grantRole(bytes32,address)") + role + bytes(12) + account
    call = {"from": DEPLOYER, "to": chain["contracts"]["steward"]["address"]}
    workshop.anvil.ask("eth_sendTransaction", {**call, "data": "0x" + data.hex()})


def test_a_path_is_followed_to_its_end_and_no_step_lands_before_its_time(workshop: Workshop):
    workshop.update("--artefact", workshop.artefact(artefact()), "--yes")
    appoint(workshop)
    wanted = workshop.artefact(
        artefact(ltv=5_000, liquidation_threshold=6_500, supply_cap=12_000_000)
    )
    file = str(workshop.folder / "path.json")
    shown = workshop.plan(
        wanted, "--save-path", file, "--voting-time", "5 d", "--timelock-delay", "2 d"
    )
    assert shown.code == DIFFERENT
    assert "1 of 2" in shown.stdout
    assert "Governance, proposed at once" in shown.stdout
    saved = json.loads((workshop.folder / "path.json").read_bytes())
    dates = [step["at"] for step in saved["markets"]["asset-0"]["steps"]]
    assert len(dates) == 2

    steward = ("--artefact", wanted, "--account", "TEST::1", "--yes")
    at_once = workshop.run(update_params.cli, *steward)
    assert at_once.code == 1
    assert "--path" in at_once.stderr

    step = (*steward, "--path", file)
    first = workshop.update(*step)
    assert first["status"] == "applied"
    assert [sent["step"] for sent in first["transactions"]] == ["batch"]
    again = workshop.update(*step)
    assert (again["status"], again["transactions"]) == ("not due", [])
    workshop.anvil.ask("evm_setNextBlockTimestamp", dates[-1] + 60)
    workshop.anvil.ask("evm_mine")
    assert workshop.update(*step)["status"] == "applied"
    assert workshop.update(*step)["status"] == "nothing to do"
    assert workshop.update("--artefact", wanted, "--yes")["status"] == "nothing to do"


def test_a_path_that_someone_else_left_is_refused_and_nothing_is_sent(workshop: Workshop):
    workshop.update("--artefact", workshop.artefact(artefact()), "--yes")
    appoint(workshop)
    wanted = workshop.artefact(artefact(ltv=5_000))
    file = str(workshop.folder / "path.json")
    workshop.plan(wanted, "--save-path", file)
    workshop.update("--artefact", workshop.artefact(artefact(ltv=7_900), "other.json"), "--yes")
    sent = workshop.anvil.sent()
    options = ("--artefact", wanted, "--account", "TEST::1", "--yes", "--path", file)
    refused = workshop.run(update_params.cli, *options)
    assert refused.code == 1
    assert "asset-0 is on no step" in refused.stderr
    assert workshop.anvil.sent() == sent
