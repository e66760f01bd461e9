"""A proposal goes through a live Safe's queue: ape-safe on a Safe 1.4.1, on anvil.

Where the Safe's service would be stands ape-safe's own mock of it, one for all runs of a test.
"""

import json
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ape
import pytest
from ape_safe.accounts import SafeAccount, SafeContainer
from ape_safe.client import MockSafeClient
from requests.exceptions import ConnectionError as Unreachable

from paramgen.targets.calls import call
from paramgen.targets.safe_transaction import MULTI_SEND_CALL_ONLY
from scripts import propose_safe
from tests.e2e.conftest import Done, Workshop
from tests.e2e.listed import Listed, carried, list_first
from tests.support.artefacts import sample_artefact
from tests.support.houses import ACCEPT, SafeHouse

ALIAS = "treasury"
RESOLVE = socket.getaddrinfo


@dataclass(frozen=True)
class Queue:
    """A chain, its Safe as the steward's governor, and the service that holds the Safe's queue."""

    listed: Listed
    house: SafeHouse
    service: MockSafeClient

    def proposal(self) -> Path:
        """The folder of a proposal to the Safe."""
        return self.listed.proposal("safe", self.house.address)

    def run(self, folder: Path, *options: str, safe: str = ALIAS) -> Done:
        """Propose as a user does."""
        named = str(folder), "--artefact", self.listed.artefact, "--safe", safe
        return self.listed.workshop.invoke(propose_safe.cli, *named, *options)

    def done(self, folder: Path, *options: str) -> dict[str, Any]:
        """Propose without a terminal, which must succeed; returns the document."""
        done = self.run(folder, "--yes", "--json", *options)
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)

    def refused(self, folder: Path, *options: str, code: int = 1, safe: str = ALIAS) -> str:
        """Propose what must be refused: nothing is posted or sent; returns why."""
        sent = self.listed.workshop.anvil.blocks(), dict(self.service.transactions)
        done = self.run(folder, *(options or ("--yes",)), safe=safe)
        assert done.code == code, (done.stdout, done.stderr)
        assert (self.listed.workshop.anvil.blocks(), self.service.transactions) == sent
        return done.stderr


@pytest.fixture
def queue(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Queue:
    listed = list_first(workshop)
    keys = [bytes.fromhex(_key(number)) for number in range(3)]
    house = SafeHouse.on(listed.web3, keys)
    listed.hand_over(house.address)
    house.execute([call(listed.steward.address, ACCEPT)])
    service = MockSafeClient(contract=None)

    def served(safe: SafeAccount) -> MockSafeClient:
        service.contract = safe.contract
        return service

    monkeypatch.setattr(SafeAccount, "get_client", served)
    monkeypatch.setattr(SafeContainer, "data_folder", workshop.folder)
    monkeypatch.setattr("socket.getaddrinfo", _loopback_only)
    _name(workshop.folder, ALIAS, house.address)
    return Queue(listed, house, service)


def _key(number: int) -> str:
    return str(ape.accounts.test_accounts[number].private_key).removeprefix("0x")


def _loopback_only(host: str, *rest: Any) -> Any:
    assert host == "127.0.0.1", f"the address of {host} was asked for"
    return RESOLVE(host, *rest)


def _name(folder: Path, alias: str, address: str) -> None:
    known = {"address": address, "deployed_chain_ids": [31337]}
    (folder / f"{alias}.json").write_text(json.dumps(known), encoding="utf-8")


def test_owners_sign_in_turn_and_the_last_one_executes(queue: Queue):
    folder, saved = queue.proposal(), queue.listed.workshop.folder / "queued.json"
    calls = carried(folder, "safe").calls
    assert len(calls) == 2
    digest = queue.listed.digest(queue.house.next(calls), queue.house)

    posted = queue.done(folder, "--account", "TEST::1", "--save-tx", str(saved))
    assert posted["safe_tx_hash"] == digest
    assert posted["transaction"]["to"] == MULTI_SEND_CALL_ONLY
    assert (posted["status"], posted["confirmations"], posted["threshold"]) == ("posted", 1, 2)
    assert posted["verify"].endswith(f"--safe-tx {saved} --safe-tx-hash {digest}")
    (told,) = queue.service.transactions.values()
    assert (told.safe_tx_hash, len(told.confirmations)) == (digest, 1)
    named = "--safe-tx", str(saved), "--safe-tx-hash", digest
    queue.listed.assert_equal("queued", folder, *named)

    few = queue.refused(folder, "--yes", "--execute", "--account", "TEST::1")
    assert "2 owners have to sign; 1 have, and 0 are at hand" in few
    done = queue.done(folder, "--execute", "--account", "TEST::2")
    assert (done["status"], done["safe_tx_hash"]) == ("executed", digest)
    queue.listed.assert_landed()
    queue.listed.assert_equal("executed", folder, "--safe-tx-hash", digest)


def test_the_second_owner_adds_to_what_waits_and_a_lost_answer_is_unfinished(queue: Queue):
    folder = queue.proposal()
    first = queue.done(folder, "--account", "TEST::0")
    second = queue.done(folder, "--account", "TEST::2")
    assert second["safe_tx_hash"] == first["safe_tx_hash"]
    assert second["confirmations"] == 2
    assert len(queue.service.transactions) == 1

    def lost(*_: Any, **__: Any) -> None:
        raise Unreachable("the answer is lost")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ape_foundry.provider.FoundryProvider.send_transaction", lost)
        told = queue.run(folder, "--yes", "--json", "--execute")
    assert (told.code, json.loads(told.stdout)["status"]) == (3, "incomplete")
    assert "Ask the chain before you run again: paramgen verify" in told.stderr

    # Enough have signed: whoever sends signs nothing for the Safe, and need not own it.
    queue.done(folder, "--execute")
    queue.listed.assert_landed()


def test_one_call_goes_without_multi_send_and_all_signers_are_at_hand(queue: Queue):
    lower = queue.listed.workshop.artefact(sample_artefact(2, ltv=7_800), "lower.json")
    one = replace(queue, listed=replace(queue.listed, artefact=lower))
    folder = one.proposal()
    (only,) = carried(folder, "safe").calls
    done = one.done(folder, "--execute")
    assert (done["transaction"]["to"], done["transaction"]["operation"]) == (only.to, 0)
    one.listed.assert_equal("executed", folder, "--safe-tx-hash", done["safe_tx_hash"])
    assert one.listed.workshop.plan(lower).code == 0
    assert not one.service.transactions


def test_what_is_not_the_books_or_not_this_safes_is_neither_signed_nor_posted(queue: Queue):
    folder, workshop = queue.proposal(), queue.listed.workshop
    assert "no terminal to ask on" in queue.refused(folder, "--account", "TEST::0")
    assert "treasury is a Safe" in queue.refused(folder, "--yes", "--account", ALIAS)
    assert "is no owner of" in queue.refused(folder, "--yes", "--account", "TEST::4")

    _name(workshop.folder, "other", SafeHouse.on(queue.listed.web3).address)
    assert "is the Safe 0x" in queue.refused(folder, safe="other")
    assert "ape has no Safe 'nobody'" in queue.refused(folder, safe="nobody")

    file = folder / "safe.json"
    honest = file.read_text(encoding="utf-8")
    file.write_text(honest.replace('"value": "0"', '"value": "1"', 1), encoding="utf-8")
    assert "is not what the book compiles to" in queue.refused(folder, code=2)
    told = queue.run(folder, "--yes", "--json")
    assert (told.code, json.loads(told.stdout)["status"]) == (2, "different")
    file.write_text(honest, encoding="utf-8")

    other = replace(queue.listed, artefact=str(workshop.folder / "first.json"))
    assert "is not what" in replace(queue, listed=other).refused(folder, code=2)

    workshop.anvil.ask("anvil_setCode", MULTI_SEND_CALL_ONLY, "0x")
    assert "is not MultiSendCallOnly 1.4.1" in queue.refused(folder)
