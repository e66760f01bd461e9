"""`ape run update_params` and `ape run deploy`, on the embedded chain and on anvil."""

import json
import os
import signal
import subprocess
import time

import pytest

from scripts import deploy, update_params
from tests.e2e.conftest import ROOT, Workshop, ape_run, outside
from tests.support.artefacts import sample_artefact

EMBEDDED = "ethereum:local:test"
FOUNDRY = "ethereum:local:foundry"
ONE_MARKET = 8
"""Transactions for one market with one feed: steward, token, feed and its price, oracle,
listing, guardrails, batch."""


def on(node):
    return {"APE_FOUNDRY_HOST": node.url}


def test_the_embedded_chain_gets_everything_in_one_run_and_is_never_written(tmp_path):
    (tmp_path / "wanted.json").write_bytes(json.dumps(sample_artefact(2)).encode())
    options = ("--artefact", str(tmp_path / "wanted.json"), "--yes")
    done = outside(ape_run(tmp_path, EMBEDDED, "update_params", *options))
    assert done.returncode == 0, done.stderr
    assert "liquidation_threshold" in done.stdout
    assert "fields read back equal" in done.stdout
    assert not (tmp_path / "deployments").exists()
    written = json.loads((tmp_path / "build" / "artefact.json").read_bytes())
    assert written == sample_artefact(2)


def test_a_usage_error_of_ape_run_exits_with_one(tmp_path):
    done = outside(ape_run(tmp_path, EMBEDDED, "update_params", "--bogus", "--json"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "No such option" in done.stderr


def test_a_second_run_on_anvil_sends_nothing_and_says_so(workshop: Workshop):
    node = workshop.anvil
    options = ("--artefact", workshop.artefact(sample_artefact(2)), "--yes")
    command = ape_run(workshop.folder, FOUNDRY, "update_params", *options)
    first = outside([*command, "--json"], on(node))
    assert first.returncode == 0, first.stderr
    document = json.loads(first.stdout)  # one document, nothing else
    sent, blocks = node.sent(), node.blocks()
    assert len(document["transactions"]) == sent
    assert document["verified_fields"] == len(document["plan"]["changes"]) > 0

    second = outside(command, on(node))
    assert second.returncode == 0, second.stderr
    assert "Nothing to do; no transaction sent." in second.stdout
    assert (node.sent(), node.blocks()) == (sent, blocks)


def test_a_run_killed_outright_is_finished_by_the_next(workshop: Workshop):
    """SIGKILL, which no handler softens, once the node has mined part of the transactions."""
    node, part = workshop.anvil, 4
    options = ("--artefact", workshop.artefact(sample_artefact(1, secondary=False)), "--yes")
    command = ape_run(workshop.folder, FOUNDRY, "update_params", *options)
    process = subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env={**os.environ, **on(node)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 200
    while node.sent() < part and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert part <= node.sent() < ONE_MARKET

    finished = workshop.update(*options)
    assert node.sent() == ONE_MARKET
    assert len(finished["transactions"]) <= ONE_MARKET - part
    assert workshop.update(*options)["status"] == "nothing to do"
    assert node.sent() == ONE_MARKET


def test_without_a_terminal_and_without_yes_nothing_is_asked_or_sent(workshop: Workshop):
    path = workshop.artefact(sample_artefact(1))
    done = workshop.run(update_params.cli, "--artefact", path)
    assert done.code == 1
    assert "--yes" in done.stderr
    assert workshop.anvil.sent() == 0
    assert not workshop.deployments.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--bogus"], "No such option"),
        (["--artefact", "nowhere.json"], "No such file"),
        (["--artefact", "wanted.json", "--book", "book.yaml"], "one or other"),
        (["--plan", "nowhere.json"], "No such file"),
        (["--artefact", "wanted.json", "--account", "nobody"], "no account 'nobody'"),
    ],
)
def test_errors_and_usage_errors_exit_with_one_and_say_what(workshop: Workshop, options, says):
    wanted = workshop.artefact(sample_artefact(1))
    options = [wanted if option == "wanted.json" else option for option in options]
    done = workshop.run(update_params.cli, "--json", "--yes", *options)
    assert (done.code, done.stdout) == (1, "")
    assert says in done.stderr
    assert workshop.anvil.sent() == 0


def test_a_dry_run_sends_and_writes_nothing(workshop: Workshop):
    path = workshop.artefact(sample_artefact(1))
    document = workshop.update("--artefact", path, "--dry-run")
    assert (document["status"], document["transactions"]) == ("dry run", [])
    assert len(document["steps"]) > 0
    assert workshop.anvil.sent() == 0
    assert [found.name for found in workshop.folder.iterdir()] == ["wanted.json"]


def test_a_saved_plan_is_applied_to_its_state_and_refused_after_it_moved(workshop: Workshop):
    before = workshop.artefact(sample_artefact(1), "before.json")
    workshop.update("--artefact", before, "--yes")
    after = workshop.artefact(sample_artefact(1, ltv=7_500), "after.json")
    plan = str(workshop.folder / "plan.json")
    workshop.update("--artefact", after, "--dry-run", "--save-plan", plan)

    other = workshop.artefact(sample_artefact(1, ltv=7_700), "other.json")
    workshop.update("--artefact", other, "--yes")
    sent = workshop.anvil.sent()
    refused = workshop.run(update_params.cli, "--artefact", after, "--plan", plan, "--yes")
    assert refused.code == 1
    assert "asset-0 is not as it was" in refused.stderr
    assert workshop.anvil.sent() == sent

    workshop.update("--artefact", after, "--dry-run", "--save-plan", plan)
    applied = workshop.update("--artefact", after, "--plan", plan, "--yes")
    assert [sent["step"] for sent in applied["transactions"]] == ["batch"]


def test_a_saved_plan_of_another_artefact_is_refused(workshop: Workshop):
    plan = str(workshop.folder / "plan.json")
    path = workshop.artefact(sample_artefact(1))
    workshop.update("--artefact", path, "--dry-run", "--save-plan", plan)
    other = workshop.artefact(sample_artefact(1, ltv=7_700), "other.json")
    refused = workshop.run(update_params.cli, "--artefact", other, "--plan", plan, "--yes")
    assert refused.code == 1
    assert "is of artefact" in refused.stderr


def test_deploy_alone_leaves_the_parameters_to_update_params(workshop: Workshop):
    path = workshop.artefact(sample_artefact(1))
    deployed = workshop.run(deploy.cli, "--artefact", path, "--json", "--yes")
    assert deployed.code == 0, deployed.stderr
    again = workshop.run(deploy.cli, "--artefact", path, "--yes")
    assert "Nothing to deploy" in again.stdout
    updated = workshop.update("--artefact", path, "--yes")
    assert [sent["step"] for sent in updated["transactions"]] == ["batch"]
