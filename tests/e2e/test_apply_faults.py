"""Whatever fails between this machine and the chain, nothing half applied is called done.

Each fault is injected into a real run: `update_params` with ape's own connection, through a proxy
that drops, delays and rewrites, to an anvil that drops, holds back and reorganises. A run either
finishes all the same, or ends with exit code 3 and a report that says what landed; the next run
finishes it, with the state of a run that nothing disturbed and nothing deployed twice.
"""

import time

import pytest
from ape_foundry.provider import FoundryProvider
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak

from scripts import deploy
from tests.e2e.bench import (
    ALL,
    ARTEFACT,
    BATCH,
    OFF,
    ON,
    ORACLE,
    SEND,
    STEPS,
    Bench,
    finished,
    restored,
    stopped,
)
from tests.e2e.conftest import ANVIL, DEPLOYER, Anvil, Workshop, start_anvil
from tests.support.artefacts import sample_artefact
from tests.support.faults import (
    after,
    always,
    at,
    before,
    during,
    lost_answer,
    lost_request,
    proxy,
    refused,
    slow,
    swallowed,
)

EVER = 10_000
SOMEONE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture(scope="module")
def node():
    if not ANVIL.exists():
        pytest.skip("anvil has no build for this platform in node_modules")
    process, found = start_anvil()
    yield found
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def bench(node, tmp_path):
    with restored(node), proxy(node.url) as found:
        bench = Bench(Workshop(tmp_path, Anvil(found.url)), found, node)
        bench.want(ARTEFACT)
        yield bench


@pytest.fixture(scope="module")
def undisturbed(node, tmp_path_factory):
    """The addresses that a run leaves which nothing disturbed."""
    with restored(node), proxy(node.url) as found:
        bench = Bench(Workshop(tmp_path_factory.mktemp("calm"), Anvil(found.url)), found, node)
        bench.want(ARTEFACT)
        assert finished(bench) == ALL
        return bench.contracts()


def hash_of(signed):
    return "0x" + keccak(bytes.fromhex(signed.removeprefix("0x"))).hex()


# --- the RPC does not answer -------------------------------------------------------------------


@pytest.mark.parametrize("fault", [lost_request, lost_answer], ids=["before", "after"])
def test_a_connection_lost_before_or_after_the_node_has_it_is_seen_through(
    fault, bench, undisturbed
):
    bench.proxy.faults[SEND] = during(range(1, EVER, 2), fault)
    assert finished(bench) == ALL
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_an_answer_that_comes_too_late_is_seen_through(bench, undisturbed, monkeypatch):
    monkeypatch.setattr(FoundryProvider, "timeout", 1)
    bench.proxy.faults[SEND] = at(ORACLE, slow(1.5))
    assert finished(bench) == ALL
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_an_rpc_that_falls_silent_ends_the_run_as_incomplete(bench, undisturbed):
    def silence():
        for method in ("eth_getTransactionReceipt", "eth_getTransactionCount", "eth_call", SEND):
            bench.proxy.faults[method] = lost_request

    bench.proxy.faults[SEND] = at(ORACLE, after(silence))
    stopped(bench, "oracle/asset-0", "pending")
    bench.proxy.faults.clear()
    finished(bench)
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


# --- dropped and replaced ----------------------------------------------------------------------


def test_a_transaction_that_the_rpc_swallows_is_dropped_and_sent_by_the_next_run(
    bench, undisturbed
):
    bench.proxy.faults[SEND] = during(range(ORACLE, EVER), swallowed(hash_of))
    entry = stopped(bench, "oracle/asset-0", "dropped")
    assert entry["transaction"] is not None
    bench.proxy.faults.clear()
    assert finished(bench) == ALL - ORACLE + 1
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_a_transaction_that_the_pool_drops_is_sent_again_by_the_same_run(bench, undisturbed):
    def drop():
        bench.node.ask("anvil_dropAllTransactions")
        bench.mine()

    bench.proxy.faults[SEND] = during(range(ORACLE, ORACLE + 1), holding(bench, drop))
    assert finished(bench) == ALL
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_a_transaction_that_stays_pending_is_adopted_once_it_lands(bench, undisturbed):
    bench.proxy.faults[SEND] = at(ORACLE, before(bench.hold))
    entry = stopped(bench, "oracle/asset-0", "pending")
    bench.mine()
    finished(bench)
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)
    adopted = bench.recorded()["contracts"]["oracle/asset-0"]
    assert adopted["transaction"] == entry["transaction"]


@pytest.mark.parametrize("step", [ORACLE, BATCH], ids=["deployment", "batch"])
def test_a_fee_bump_by_the_wallet_counts_as_the_step_itself(step, bench, undisturbed):
    bench.proxy.faults[SEND] = at(step, holding(bench, lambda: bumped(bench)))
    assert finished(bench) == ALL
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)
    entry = bench.report()["steps"][step - 1]
    sent = bench.node.ask("eth_getTransactionByHash", entry["transaction"])
    assert int(sent["maxFeePerGas"], 16) == 10**11


def test_a_fee_bump_between_two_runs_is_adopted(bench, undisturbed):
    bench.proxy.faults[SEND] = at(ORACLE, before(bench.hold))
    entry = stopped(bench, "oracle/asset-0", "pending")
    bumped(bench)
    finished(bench)
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)
    adopted = bench.recorded()["contracts"]["oracle/asset-0"]
    assert adopted["transaction"] not in (None, entry["transaction"])


@pytest.mark.parametrize("step", [ORACLE, BATCH], ids=["deployment", "batch"])
def test_a_nonce_that_a_foreign_transaction_takes_is_replaced_and_never_landed(step, bench):
    bench.proxy.faults[SEND] = at(step, holding(bench, lambda: taken(bench, step - 1)))
    entry = stopped(bench, STEPS[step - 1], "replaced")
    assert entry["transaction"] is not None
    bench.proxy.faults.clear()
    assert finished(bench) == ALL - step + 1
    assert bench.node.sent() == ALL + 1


def test_a_nonce_taken_between_two_runs_is_not_adopted(bench):
    bench.proxy.faults[SEND] = at(ORACLE, before(bench.hold))
    stopped(bench, "oracle/asset-0", "pending")
    taken(bench, ORACLE - 1)
    assert finished(bench) == ALL - ORACLE + 1
    assert bench.node.sent() == ALL + 1


def holding(bench, act):
    """The node has it and mines nothing until something has happened."""

    def answer(request, forward):
        bench.hold()
        found = forward(request)
        act()
        return found

    return answer


def bumped(bench):
    """The same transaction at a higher fee, as a wallet's speed-up sends it."""
    block = bench.node.ask("eth_getBlockByNumber", "pending", *ON)
    waiting = block["transactions"][0]
    keys = ("to", "nonce", "gas")
    same = {key: waiting[key] for key in keys if waiting.get(key)}
    bench.send(data=waiting["input"], **fees(), **same)
    bench.mine()


def taken(bench, nonce):
    """A transfer with the nonce of the pending transaction, at a higher fee."""
    bench.send(to=SOMEONE, value="0x1", nonce=hex(nonce), **fees())
    bench.mine()


def fees():
    return {"maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": hex(10**10)}


# --- refused and reverted ----------------------------------------------------------------------


def test_a_transaction_that_the_node_refuses_is_not_sent(bench, undisturbed):
    bench.proxy.faults[SEND] = at(ORACLE, refused("insufficient funds for gas * price + value"))
    entry = stopped(bench, "oracle/asset-0", "not sent")
    assert "insufficient funds" in entry["note"]
    assert finished(bench) == ALL - ORACLE + 1
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_what_would_revert_is_refused_before_it_is_sent(bench, undisturbed):
    bench.proxy.faults["eth_call"] = reverting("listMarket(address,address,address)")
    entry = stopped(bench, "listing/asset-0", "not sent")
    assert entry["transaction"] is None
    error = bench.report()["error"]
    assert error == f"listing/asset-0: the chain refuses: CallerHasNoRole(caller={SOMEONE.lower()})"
    assert bench.node.sent() == ORACLE
    bench.proxy.faults.clear()
    assert finished(bench) == ALL - ORACLE
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def reverting(signature):
    """Calls of this method revert, of the others do not."""

    def answer(request, forward):
        sent = request["params"][0]
        if not (sent.get("input") or sent["data"]).startswith(call(signature)):
            return forward(request)
        data = call("CallerHasNoRole(address)", SOMEONE)
        error = {"code": 3, "message": "execution reverted", "data": data}
        return {"jsonrpc": "2.0", "id": request["id"], "error": error}

    return answer


def test_a_batch_that_lands_too_late_reverts_and_is_applied_by_the_next_run(bench, undisturbed):
    late = before(lambda: bench.node.ask("evm_increaseTime", 4_000))
    bench.proxy.faults[SEND] = at(BATCH, late)
    entry = stopped(bench, "batch", "reverted")
    assert "DeadlinePassed(deadline=" in entry["note"]
    assert entry["block"] is not None
    assert finished(bench) == 1
    assert (bench.node.sent(), bench.contracts()) == (ALL + 1, undisturbed)


# --- the chain's state moved -------------------------------------------------------------------


def call(signature, *words):
    data = function_signature_to_4byte_selector(signature).hex()
    return "0x" + data + "".join(word.removeprefix("0x").lower().rjust(64, "0") for word in words)


def frozen(bench, sender=DEPLOYER):
    """The guardian's `zeroLtv`: a field of the plan is not what it was."""
    found = bench.contracts()
    data = call("zeroLtv(address)", found["token/asset-0"])
    bench.node.ask("eth_sendTransaction", {"from": sender, "to": found["steward"], "data": data})


def test_a_field_that_moves_between_deployment_and_batch_stops_the_batch(bench):
    assert finished(bench) == ALL
    bench.want(sample_artefact(2, secondary=False, ltv=7_500))
    bench.proxy.faults[SEND] = at(1, after(lambda: frozen(bench)))
    code, _, stderr = bench.run()
    assert code == 3
    assert "asset-0.ltv was changed on chain while this ran" in stderr
    assert bench.statuses()["oracle/asset-1"] == "landed"
    assert bench.statuses()["batch"] == "not sent"
    assert finished(bench) == 1


def test_a_field_that_moves_under_the_batch_makes_it_revert_as_a_whole(bench):
    assert finished(bench) == ALL
    guardian = "0x" + keccak(text="GUARDIAN_ROLE").hex()
    steward = bench.contracts()["steward"]
    bench.send(to=steward, data=call("grantRole(bytes32,address)", guardian, SOMEONE))
    bench.want(sample_artefact(1, secondary=False, ltv=7_500))
    bench.proxy.faults[SEND] = at(1, before(lambda: frozen(bench, SOMEONE)))
    code, document, stderr = bench.run()
    assert code == 3
    assert bench.statuses() == {"batch": "reverted"}
    assert "StateChanged(expected=" in document["steps"][0]["note"], stderr
    assert finished(bench) == 1


def test_a_state_that_moved_before_the_batch_was_sent_is_named_and_nothing_is_sent(bench):
    assert finished(bench) == ALL
    plan = str(bench.workshop.folder / "plan.json")
    bench.want(sample_artefact(1, secondary=False, ltv=7_500))
    assert bench.run("--dry-run", "--save-plan", plan)[0] == 0
    before = bench.node.sent()
    frozen(bench)
    while bench.node.sent() == before:  # it is mined after the node has answered
        time.sleep(0.01)
    sent = bench.node.sent()
    code, document, stderr = bench.run("--plan", plan)
    assert (code, document) == (1, None)
    assert "asset-0 is not as it was" in stderr
    assert bench.node.sent() == sent


# --- nonce gaps --------------------------------------------------------------------------------


def test_a_pending_transaction_below_holds_the_run_and_is_never_replaced(bench):
    bench.hold()
    foreign = bench.send(to=SOMEONE, value="0x1")
    code, document, stderr = bench.run()
    assert (code, document) == (1, None)
    assert "1 pending transactions from nonce 0" in stderr
    assert SEND not in bench.proxy.asked
    bench.mine()
    assert bench.node.ask("eth_getTransactionReceipt", foreign)["status"] == "0x1"
    assert finished(bench) == ALL
    assert bench.node.sent() == ALL + 1


def test_a_transaction_queued_above_takes_its_nonce_and_nothing_else(bench):
    bench.send(to=SOMEONE, value="0x1", nonce="0x2")
    for _ in range(2):
        code, _, _ = bench.run()
        if code == 0:
            break
    assert code == 0
    assert bench.node.sent() == ALL + 1


# --- reorganisations ---------------------------------------------------------------------------


def reorganise(bench, depth):
    bench.node.ask("anvil_reorg", depth, [])


@pytest.mark.parametrize("step", [1, ORACLE, ALL - 1], ids=["steward", "oracle", "guardrails"])
def test_a_reorganisation_during_a_run_is_mended_by_it(step, bench, undisturbed):
    """The step's block is taken out while the next one leaves; blocks keep coming."""

    def out():
        reorganise(bench, 1)
        bench.proxy.faults["eth_getTransactionReceipt"] = before(lambda: bench.node.ask("evm_mine"))

    bench.proxy.faults[SEND] = at(step + 1, before(out))
    assert finished(bench) == ALL
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_a_reorganisation_that_takes_out_the_batch_is_mended_before_the_run_ends(
    bench, undisturbed
):
    """The batch's receipt has been seen; its block is gone when it is looked at again."""

    def batch_is_out():
        bench.proxy.faults["eth_getTransactionReceipt"] = at(
            2, before(lambda: reorganise(bench, 1))
        )

    bench.proxy.faults[SEND] = at(BATCH, after(batch_is_out))
    assert finished(bench) == ALL
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


@pytest.mark.parametrize("depth", [1, ALL])
def test_a_reorganisation_between_two_runs_is_mended_by_the_next(depth, bench, undisturbed):
    assert finished(bench) == ALL
    reorganise(bench, depth)
    assert bench.node.sent() == ALL - depth
    assert finished(bench) == depth
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_a_reorganisation_after_which_the_nonce_went_elsewhere_is_never_landed(bench):
    def foreign():
        reorganise(bench, 1)
        bench.send(to=SOMEONE, value="0x1")

    bench.proxy.faults[SEND] = at(ORACLE + 1, before(foreign))
    code, _, _ = bench.run()
    assert code == 3
    assert bench.statuses()["oracle/asset-0"] == "replaced"
    bench.proxy.faults.clear()
    finished(bench)


def test_a_step_counts_as_landed_only_under_its_confirmations(bench):
    bench.options = ("--confirmations", "2")
    stopped(bench, "steward", "landed")
    assert "not confirmed yet" in bench.report()["error"]
    bench.patience = "20"
    bench.proxy.faults["eth_getTransactionReceipt"] = before(lambda: bench.node.ask("evm_mine"))
    finished(bench)
    assert bench.node.sent() == ALL


# --- an RPC that lies --------------------------------------------------------------------------


def test_an_rpc_that_turns_to_another_chain_gets_nothing_more(bench, undisturbed):
    def turn():
        bench.proxy.faults["eth_chainId"] = always("0x1")

    bench.proxy.faults[SEND] = at(ORACLE, after(turn))
    code, _, stderr = bench.run()
    assert code == 3
    assert "answers for chain 1, and answered for 31337" in stderr
    assert bench.statuses()["listing/asset-0"] == "not sent"
    bench.proxy.faults.clear()
    finished(bench)
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_an_rpc_that_gives_a_known_chain_another_id_is_refused(bench):
    assert finished(bench) == ALL
    bench.proxy.faults["eth_chainId"] = always("0x1")
    code, document, stderr = bench.run()
    assert (code, document) == (1, None)
    assert "by the id 31337, and the RPC says 1" in stderr
    assert bench.node.sent() == ALL


def test_a_node_that_falls_behind_is_waited_for_then_named(bench, undisturbed):
    old = bench.node.ask("eth_getBlockByNumber", "0x0", *OFF)

    def behind(request, forward):
        return (
            always(old)(request, forward) if request["params"][0] == "latest" else forward(request)
        )

    def fall():
        bench.proxy.faults["eth_getBlockByNumber"] = behind

    bench.proxy.faults[SEND] = at(ORACLE, after(fall))
    code, _, stderr = bench.run()
    assert code == 3
    assert "the node is behind" in stderr
    bench.proxy.faults.clear()
    finished(bench)
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def test_a_nonce_from_a_node_behind_is_never_used_twice(bench, undisturbed):
    bench.patience = "10"
    bench.proxy.faults[SEND] = at(ORACLE, after(lambda: stale_counts(bench)))
    assert finished(bench) == ALL
    assert (bench.node.sent(), bench.contracts()) == (ALL, undisturbed)


def stale_counts(bench):
    """The next counts are what they were before the transaction."""
    stale = always(hex(ORACLE - 1))
    bench.proxy.faults["eth_getTransactionCount"] = during(range(1, 4), stale)


def test_a_node_behind_the_deployments_file_is_refused_and_nothing_is_deployed_again(bench):
    snapshot = bench.node.ask("evm_snapshot")
    assert finished(bench) == ALL
    assert bench.node.ask("evm_revert", snapshot)
    code, document, stderr = bench.run()
    assert (code, document) == (1, None)
    assert "the node is behind (run again)" in stderr
    assert bench.node.sent() == 0


# --- what is secret ----------------------------------------------------------------------------


def test_no_key_and_no_credential_of_the_rpc_is_in_any_output_or_file(node, tmp_path, caplog):
    credentials = ("/v3/0123456789abcdef", "alice", "open-sesame")
    with restored(node), proxy(node.url, credentials[0]) as found:
        url = found.url.replace("http://", "http://alice:open-sesame@")
        bench = Bench(Workshop(tmp_path, Anvil(url)), found, node)
        bench.want(ARTEFACT)
        found.faults[SEND] = during(range(ORACLE, EVER), lost_request)
        stopped(bench, "oracle/asset-0", "dropped")
        found.faults["eth_getBlockByNumber"] = lost_request
        code, _, stderr = bench.run()
        assert code == 1
        assert "the RPC failed: ConnectionError" in stderr
        found.faults.clear()
        finished(bench)
    files = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    everything = "\n".join([*bench.outputs, *files, caplog.text])
    for secret in (*credentials, private_key()):
        assert secret not in everything


def private_key():
    """The deployer's, as the mnemonic that anvil and ape share gives it."""
    import ape  # noqa: PLC0415

    return ape.accounts.test_accounts[0].private_key.removeprefix("0x")


def test_deploy_alone_reports_what_landed(bench):
    bench.proxy.faults[SEND] = during(range(ORACLE, EVER), swallowed(hash_of))
    code, document, _ = bench.run(script=deploy.cli)
    assert code == 3
    assert document == bench.report()
    assert bench.statuses()["oracle/asset-0"] == "dropped"
