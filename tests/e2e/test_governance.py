"""What `paramgen propose` writes is carried out as it stands by a Safe, a Governor and a timelock.

Each house is the steward's governor, which it became by its own decision; afterwards the words on
chain are those of the artefact.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paramgen.encode import Word, pack, unpack
from paramgen.proposal.actions import APPLY_BATCH
from paramgen.targets.calls import Call, arguments, call
from paramgen.targets.envelope import Envelope
from paramgen.targets.registry import FORMATS
from tests.e2e.conftest import DEPLOYER, Workshop, start_anvil
from tests.e2e.listed import Listed, carried, list_first
from tests.support.artefacts import sample_artefact
from tests.support.houses import (
    ACCEPT,
    DELAY,
    SafeHouse,
    VotingHouse,
    pass_time,
)


@pytest.fixture
def listed(workshop: Workshop) -> Listed:
    return list_first(workshop)


def document(folder: Path, form: str) -> dict[str, Any]:
    return json.loads((folder / FORMATS[form].file).read_bytes())


def forged(calls: Sequence[Call]) -> tuple[Call, ...]:
    """The calls with the LTV of the first market of the batch one basis point higher."""
    *before, batch = calls
    rows, *rest = arguments(batch, APPLY_BATCH)
    first = rows[0]
    fields = unpack(Word.COLLATERAL, first[2])
    word = pack(Word.COLLATERAL, {**fields, "ltv": fields["ltv"] + 1})
    return (
        *before,
        call(batch.to, APPLY_BATCH, [(*first[:2], word, *first[3:]), *rows[1:]], *rest),
    )


def is_ltv(where: str) -> bool:
    return where.startswith("live: call 2: ") and where.endswith(".ltv")


def test_a_safe_carries_out_the_exported_batch(listed: Listed):
    house = SafeHouse.on(listed.web3)
    listed.hand_over(house.address)
    house.execute([call(listed.steward.address, ACCEPT)])
    assert listed.steward.functions.defaultAdmin().call() == house.address

    folder = listed.proposal("safe", house.address)
    batch = carried(folder, "safe")
    assert len(batch.calls) == 2
    queued = house.next(batch.calls)
    digest = listed.digest(queued, house)
    told = listed.told(queued)
    listed.assert_equal("queued", folder, "--safe-tx", told, "--safe-tx-hash", digest)

    other = listed.told(house.next(forged(batch.calls)))
    differing = listed.differing(folder, "--safe-tx", other)
    assert [pair for where, pair in differing.items() if is_ltv(where)] == [("79.01 %", "79 %")]
    refused = listed.verify(folder, "--safe-tx", other, "--safe-tx-hash", digest)
    assert refused.code == 1
    assert "not " + digest in refused.stderr

    house.execute(batch.calls)
    listed.assert_landed()
    listed.assert_equal("executed", folder, "--safe-tx-hash", digest)
    listed.assert_equal("executed", folder, "--safe-tx", told)


def test_a_governor_votes_queues_and_executes_the_proposal(listed: Listed):
    house = VotingHouse.on(listed.web3)
    listed.hand_over(house.timelock.address)
    house.accept_by_vote(listed.steward.address)

    folder = listed.proposal("governor", house.governor.address)
    written = document(folder, "governor")
    receipt = house.send(house.governor, written["calldata"])
    (created,) = house.governor.events.ProposalCreated().process_receipt(receipt)
    assert created["args"]["proposalId"] == int(written["proposal_id"])
    named = "--proposal-id", written["proposal_id"]
    listed.assert_equal("pending", folder, *named)
    house.pass_vote(int(written["proposal_id"]))
    listed.assert_equal("succeeded", folder, *named)
    proposal = carried(folder, "governor")
    house.carry_out(proposal.calls, proposal.description)
    listed.assert_landed()
    listed.assert_equal("executed", folder, *named)


def test_a_forged_proposal_of_a_governor_is_told_by_its_fields(listed: Listed):
    house = VotingHouse.on(listed.web3)
    listed.hand_over(house.timelock.address)
    folder = listed.proposal("governor", house.governor.address)
    honest = carried(folder, "governor")
    forgery = Envelope(honest.chain_id, honest.carrier, "", honest.description + ".", 0, b"")
    written = json.loads(FORMATS["governor"].write(forged(honest.calls), forgery))
    house.send(house.governor, written["calldata"])
    told = listed.differing(folder, "--proposal-id", written["proposal_id"])
    assert [pair for where, pair in told.items() if is_ltv(where)] == [("79.01 %", "79 %")]
    assert "live: description" in told
    # The seat was offered and not yet taken.
    assert told["chain: governor of the steward"] == (house.governor.address, DEPLOYER)


def test_a_timelock_schedules_waits_and_executes_the_operation(listed: Listed):
    house = VotingHouse.on(listed.web3)
    listed.hand_over(house.timelock.address)
    house.accept_by_operation(listed.steward.address)

    folder = listed.proposal("timelock", house.timelock.address, DELAY)
    written = document(folder, "timelock")
    house.send(house.timelock, written["schedule"])
    assert house.timelock.functions.isOperationPending(written["operation_id"]).call()
    named = "--operation-id", written["operation_id"]
    listed.assert_equal("waiting", folder, *named)
    pass_time(listed.web3, DELAY)
    listed.assert_equal("ready", folder, *named)
    house.send(house.timelock, written["execute"])
    listed.assert_landed()
    listed.assert_equal("executed", folder, *named)


def test_a_proposal_whose_market_moved_is_told_before_it_fails(listed: Listed):
    house = VotingHouse.on(listed.web3)
    folder = listed.proposal("timelock", house.timelock.address, DELAY)
    written = document(folder, "timelock")
    house.send(house.timelock, written["schedule"])
    moved = sample_artefact(2, supply_cap=7)
    listed.workshop.update("--artefact", listed.workshop.artefact(moved, "moved.json"), "--yes")
    told = listed.differing(folder, "--operation-id", written["operation_id"])
    assert set(told) == {"chain: governor of the steward", "chain, call 2: state hash"}


def test_a_plan_shows_what_is_under_way_and_whether_it_still_passes(listed: Listed):
    """A governor's proposal waits in the timelock too, a Safe's in a file; each is shown once."""
    web3, voting, safe = listed.web3, VotingHouse.on(listed.web3), SafeHouse.on(listed.web3)
    listed.hand_over(voting.timelock.address)
    voting.accept_by_vote(listed.steward.address)
    folder = listed.proposal("governor", voting.governor.address)
    written = document(folder, "governor")
    voting.send(voting.governor, written["calldata"])
    queued = listed.told(safe.next(carried(folder, "governor").calls))
    houses = ("--governor", voting.governor.address, "--timelock", voting.timelock.address,
              "--safe", safe.address, "--safe-tx", queued, "--json")  # fmt: skip

    def under_way(artefact: str) -> list[dict[str, Any]]:
        return json.loads(listed.workshop.plan(artefact, *houses).stdout)["pending"]

    voted, told = under_way(listed.artefact)
    assert (voted["id"], voted["state"]) == (written["proposal_id"], "pending")
    assert set(voted["shared_fields"]) == {
        "price move limit",
        *(f"asset-{n}.{field}" for n in range(2) for field in ("ltv", "kink")),
    }
    assert voted["touches"] == voted["shared_fields"]
    assert voted["would_pass"]
    assert (told["state"], told["would_pass"]) == ("queued", False)
    (why,) = told["why_not"]
    assert why == f"governor of the steward is {voting.timelock.address}, not {safe.address}"

    # Another batch of the same markets lands first: the vote goes on, and would fail.
    lower = listed.workshop.artefact(sample_artefact(2, ltv=7_800), "lower.json")
    other = document(
        replace(listed, artefact=lower).proposal("timelock", voting.timelock.address, DELAY),
        "timelock",
    )
    voting.send(voting.timelock, other["schedule"])
    assert [each["id"] for each in under_way(listed.artefact)][1] == other["operation_id"]
    pass_time(web3, DELAY)
    voting.send(voting.timelock, other["execute"])
    voted, _ = under_way(listed.artefact)
    assert not voted["would_pass"]
    assert voted["why_not"][0].startswith("call 2: state hash is 0x")
    shown = listed.workshop.plan(listed.artefact, *houses[:-1]).stdout
    assert "Under way beside this plan" in shown
    assert "    whichever lands second is refused for: asset-1, asset-0\n" in shown
    assert "    would pass now: no: call 2: state hash is 0x" in shown


def test_another_chain_is_refused(listed: Listed):
    folder = listed.proposal("timelock", "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6", DELAY)
    process, other = start_anvil(["--timestamp", "1700000000"])
    try:
        named = "--operation-id", document(folder, "timelock")["operation_id"]
        refused = listed.verify(folder, *named, "--rpc", other.url)
    finally:
        process.terminate()
        process.wait(timeout=10)
    assert refused.code == 1
    assert "the node is on chain 31337 (genesis 0x" in refused.stderr
    assert other.url not in refused.stderr
