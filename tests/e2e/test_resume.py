"""A run that dies anywhere is finished by the next: same state, nothing deployed twice.

In process on the embedded chain, with the log on disk as it is for any other chain. A sender that
dies stands in for the kill: before its k-th transaction leaves, when the intent is on disk
already, or after it is mined, when nothing has been recorded of it.
"""

import json
from types import SimpleNamespace

import pytest

from paramgen.edge.apply import apply, prepare
from paramgen.edge.chain import Chain, waiting_for
from paramgen.edge.deploy import DeploymentError
from paramgen.edge.deployments import DeploymentsError, Intent, alone, open_deployments
from paramgen.edge.node import PUBLIC_CONFIRMATIONS, ChainError
from paramgen.edge.sending import Sender
from tests.e2e.conftest import DEPLOYER
from tests.support.artefacts import sample_artefact

ARTEFACT = sample_artefact(1, secondary=False)
TRANSACTIONS = 8


class Killed(BaseException):
    """As a signal would end the run: no handler for ordinary errors catches it."""


class Dying(Sender):
    """Sends like any other up to its k-th transaction, and dies before it leaves or right after."""

    left, sends = 0, False

    def _broadcast(self, signed):
        self.left -= 1
        if self.left:
            return super()._broadcast(signed)
        if self.sends:
            super()._broadcast(signed)
        raise Killed


def dying(chain, at, *, sends):
    """The same chain, with a sender that dies."""
    usual = chain.sending
    chain.sending = Dying(usual.node, usual.account, usual.deployments, usual.journal, usual.report)
    chain.sending.left, chain.sending.sends = at, sends
    return chain


@pytest.fixture
def file(tmp_path):
    return tmp_path / "ethereum-local.json"


@pytest.fixture
def connect(networks, accounts, file):
    """A new process' view of the chain: everything it knows is on disk or on chain."""

    def connected():
        def open_log(chain_id, genesis):
            return open_deployments(file, chain_id, genesis)

        return Chain(networks.active_provider, accounts[0], open_log)

    return connected


def run(chain, artefact=ARTEFACT):
    apply(artefact, chain, prepare(artefact, chain, mocks=True))
    return chain


def final_state(chain):
    found = chain.deployments
    token = found.address("token/asset-0")
    market = chain.state({"asset-0": token}).markets["asset-0"]
    addresses = {step: (d.contract, d.address) for step, d in found.contracts.items()}
    return market.standing, market.oracle, addresses, found.intents


def sent(chain):
    return chain.web3.eth.get_transaction_count(chain.sender)


@pytest.fixture
def uninterrupted(connect, chain, file):
    """What a run leaves that nothing disturbed; the chain is then as it was before."""
    snapshot = chain.snapshot()
    first = connect()
    before = sent(first)
    run(first)
    assert sent(first) - before == TRANSACTIONS
    state = final_state(first)
    chain.restore(snapshot)
    file.unlink()
    return state


@pytest.mark.parametrize("sends", [False, True], ids=["before-sending", "after-mining"])
@pytest.mark.parametrize("k", range(1, TRANSACTIONS + 1))
def test_a_run_killed_at_any_transaction_is_resumed(k, sends, connect, uninterrupted):
    first = dying(connect(), k, sends=sends)
    before = sent(first)
    with pytest.raises(Killed):
        run(first)
    assert sent(first) - before == k - 1 + sends

    resumed = run(connect())
    assert sent(resumed) - before == TRANSACTIONS
    assert final_state(resumed) == uninterrupted
    assert prepare(ARTEFACT, connect(), mocks=True).is_done


def test_an_adopted_contract_keeps_its_arguments_and_its_transaction(connect):
    with pytest.raises(Killed):
        run(dying(connect(), 5, sends=True))
    chain = run(connect())
    adopted = chain.deployments.contracts["oracle/asset-0"]
    assert chain.node.receipt(adopted.transaction)["contractAddress"] == adopted.address
    assert adopted.arguments[0][0] == connect().deployments.address("token/asset-0")


def test_a_nonce_that_went_elsewhere_is_not_adopted(connect, accounts):
    """The intent names nonce n; n was then used for a transfer, so nothing stands there."""
    chain = connect()
    nonce = sent(chain)
    intent = Intent("MockToken", "", chain.sender, nonce, accounts[3].address, ())
    chain.deployments.intend("token/asset-0", intent)
    accounts[0].transfer(accounts[1], 1)
    resumed = run(connect())
    assert sent(resumed) - nonce == TRANSACTIONS + 1
    assert resumed.deployments.intents == {}


def test_drift_is_seen_and_mended_by_one_transaction(connect):
    run(connect())
    chain = connect()
    steward = chain.deployments.address("steward")
    token = chain.deployments.address("token/asset-0")
    chain.transact("freeze", "ParameterSteward", steward, "zeroLtv", token)
    drifted = prepare(ARTEFACT, connect(), mocks=True)
    assert [(c.field, c.before, c.after) for c in drifted.plan.changes] == [("ltv", 0, 8_000)]
    mended = run(connect())
    assert [entry.step for entry in mended.journal.sent] == ["batch"]


def test_bounds_that_no_oracle_can_change_lead_to_a_new_oracle(connect):
    old = run(connect()).deployments.address("oracle/asset-0")
    wider = json.loads(json.dumps(ARTEFACT))
    wider["markets"]["asset-0"]["feed"]["highest_units"] = str(2_000 * 10**8)
    moved = run(connect(), wider)
    assert [entry.step for entry in moved.journal.sent] == ["oracle/asset-0", "listing/asset-0"]
    assert moved.deployments.address("oracle/asset-0") != old
    assert prepare(wider, connect(), mocks=True).is_done


# --- as on a public network --------------------------------------------------------------------


@pytest.fixture
def public(project, accounts, chain):
    """An artefact that gives every address, as a public network needs."""
    sender = accounts[0]
    token = sender.deploy(project.MockToken, "asset", "A", 6)
    feed = sender.deploy(project.MockAggregator, 8, 1)
    now = chain.pending_timestamp - 1
    feed.push(100 * 10**8, now, sender=sender)

    def artefact(governor, as_of=now):
        document = json.loads(json.dumps(ARTEFACT))
        market = document["markets"]["asset-0"]
        market["deployments"] = {
            "ethereum:local": {"token": token.address, "primary": feed.address}
        }
        market["feed"]["price_as_of"] = as_of
        roles = {"governor": governor, "steward": accounts[2].address}
        document["policy"]["roles"] = {"ethereum:local": {**roles, "guardian": accounts[3].address}}
        return document

    return artefact


def test_missing_addresses_are_all_named_and_nothing_is_sent(connect):
    chain = connect()
    before = sent(chain)
    with pytest.raises(DeploymentError) as error:
        prepare(ARTEFACT, chain, mocks=False)
    for missing in ("asset-0.deployments.ethereum:local.token", "primary", "roles"):
        assert missing in str(error.value)
    assert sent(chain) == before


def test_given_addresses_are_used_and_no_mock_is_deployed(connect, public):
    chain = connect()
    artefact = public(chain.sender)
    applied = apply(artefact, chain, prepare(artefact, chain, mocks=False))
    assert applied.verified > 0
    kinds = {found.contract for found in chain.deployments.contracts.values()}
    assert kinds == {"ParameterSteward", "ParameterRegistry", "KinkedRateModel", "FallbackOracle"}


def test_what_only_the_governor_may_do_is_left_to_governance(connect, public, accounts):
    chain = connect()
    artefact = public(accounts[5].address)
    with pytest.raises(ChainError, match="is not the governor") as error:
        apply(artefact, chain, prepare(artefact, chain, mocks=False))
    assert "listing/asset-0" in str(error.value)
    assert chain.deployments.address("oracle/asset-0") is not None


def test_a_refusal_is_shown_by_its_name_and_costs_no_transaction(connect, public):
    chain = connect()
    artefact = public(chain.sender, as_of=1_600_000_000)
    with pytest.raises(ChainError, match=r"TimeOutOfBounds\(asOf=1600000000"):
        apply(artefact, chain, prepare(artefact, chain, mocks=False))
    assert set(chain.deployments.contracts) == {"steward", "registry", "rate model"}
    assert chain.deployments.intents == {}


# --- the file against the chain ----------------------------------------------------------------


def test_another_genesis_keeps_its_entries_and_is_not_believed(connect, file):
    run(connect())
    document = json.loads(file.read_text())
    ours = next(iter(document["chains"]))
    other = f"{ours.split(':')[0]}:0x{'22' * 32}"
    document["chains"] = {other: document["chains"][ours]}
    file.write_text(json.dumps(document))
    chain = connect()
    assert chain.deployments.contracts == {}
    run(chain)
    assert set(json.loads(file.read_text())["chains"]) == {ours, other}


def test_a_chain_restarted_from_the_same_genesis_is_an_error_that_says_so(connect, chain, file):
    snapshot = chain.snapshot()
    run(connect())
    chain.restore(snapshot)
    with pytest.raises(DeploymentsError, match="there is no code") as error:
        prepare(ARTEFACT, connect(), mocks=True)
    assert str(file) in str(error.value)


def test_other_code_at_a_recorded_address_is_an_error(connect, file):
    chain = run(connect())
    document = json.loads(file.read_text())
    contracts = document["chains"][chain.deployments.key]["contracts"]
    contracts["oracle/asset-0"]["address"] = contracts["primary/asset-0"]["address"]
    file.write_text(json.dumps(document))
    with pytest.raises(DeploymentsError, match="not what was deployed"):
        prepare(ARTEFACT, connect(), mocks=True)


def test_code_of_other_sources_is_an_error_that_says_what_to_do(connect, file):
    chain = run(connect())
    document = json.loads(file.read_text())
    contracts = document["chains"][chain.deployments.key]["contracts"]
    contracts["oracle/asset-0"]["contract"] = "MockAggregator"
    file.write_text(json.dumps(document))
    with pytest.raises(DeploymentsError, match="other sources"):
        prepare(ARTEFACT, connect(), mocks=True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "other"}'])
def test_a_damaged_file_is_never_taken_for_an_empty_one(text, connect, file):
    file.write_text(text)
    with pytest.raises(DeploymentsError, match="cannot be read"):
        connect()
    assert file.read_text() == text


def test_two_runs_at_once_are_refused(file):
    with alone(file), pytest.raises(DeploymentsError, match="another run"), alone(file):
        pass


def test_the_deployer_of_the_tests_is_apes_first_account(accounts):
    assert accounts[0].address == DEPLOYER


@pytest.mark.parametrize(
    ("name", "chain_id", "asked", "option", "blocks"),
    [
        ("local", 31_337, 7, None, 0),
        ("local", 31_337, 7, 2, 2),
        ("sepolia", 11_155_111, 0, None, PUBLIC_CONFIRMATIONS),
        ("mainnet", 1, 7, None, 7),
        ("mainnet", 1, 7, 0, 0),
    ],
)
def test_confirmations_are_the_networks_unless_the_user_says_otherwise(
    name, chain_id, asked, option, blocks
):
    ecosystem = SimpleNamespace(name="ethereum")
    network = SimpleNamespace(name=name, ecosystem=ecosystem, required_confirmations=asked)
    waiting = waiting_for(SimpleNamespace(chain_id=chain_id, network=network), option)
    assert waiting.confirmations == blocks
    assert (waiting.oldest_head is None) == (name == "local")
