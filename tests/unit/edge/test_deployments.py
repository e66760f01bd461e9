"""The deployments file knows each chain by id and genesis, and believes no RPC against it."""

import json

import pytest

from paramgen.edge.deployments import Deployed, DeploymentsError, Intent, open_deployments

GENESIS, OTHER = "0x" + "11" * 32, "0x" + "22" * 32
STEWARD = Deployed("ParameterSteward", "0xaa", "0xcc", (), "0x01", 7, "0xbb", "0xee", 3, "0xdd")
CREATED = Deployed("ParameterRegistry", "0xab", "0xcc", (), None, 7, "", "0xaa")
TOKEN = Deployed("MockToken", "0xac", "0xcc", (), "0x02", 8, "0xbc", "0xee", 4, "0xde")
INTENT = Intent("ParameterSteward", "", "0xee", 3, "0xaa", (), None, "0xdd", "0x01", 7)


@pytest.fixture
def file(tmp_path):
    found = tmp_path / "network.json"
    log = open_deployments(found, 1, GENESIS)
    log.record("steward", STEWARD)
    log.record("registry", CREATED)
    log.record("token", TOKEN)
    return found


def test_what_was_recorded_is_read_again(file):
    found = open_deployments(file, 1, GENESIS).contracts
    assert found == {"steward": STEWARD, "registry": CREATED, "token": TOKEN}


def test_a_known_genesis_with_another_chain_id_is_refused(file):
    with pytest.raises(DeploymentsError, match="by the id 1, and the RPC says 5"):
        open_deployments(file, 5, GENESIS)


def test_a_public_chain_id_with_another_genesis_is_refused(file):
    with pytest.raises(DeploymentsError, match="knows chain 1 by its genesis 0x1111"):
        open_deployments(file, 1, OTHER, public=True)
    assert open_deployments(file, 1, OTHER).contracts == {}
    assert open_deployments(file, 1, GENESIS, public=True).contracts != {}


def test_a_contract_that_the_chain_lost_goes_with_what_it_created(file):
    open_deployments(file, 1, GENESIS).reopen("steward", INTENT)
    found = open_deployments(file, 1, GENESIS)
    assert found.contracts == {"token": TOKEN}
    assert found.intents == {"steward": INTENT}


def test_a_file_of_before_block_hashes_were_kept_is_read(file):
    document = json.loads(file.read_text())
    chain = document["chains"][f"1:{GENESIS}"]
    for key in ("block_hash", "sender", "nonce", "data_hash"):
        del chain["contracts"]["token"][key]
    file.write_text(json.dumps(document))
    assert open_deployments(file, 1, GENESIS).contracts["token"].block_hash == ""
