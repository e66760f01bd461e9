"""A run of `update_params` behind a proxy that can fail it, and how the run should have ended."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field

from scripts import update_params
from tests.e2e.conftest import DEPLOYER, Anvil, Workshop
from tests.support.artefacts import sample_artefact
from tests.support.faults import Proxy

ARTEFACT = sample_artefact(1, secondary=False)
STEPS = [
    "steward",
    "token/asset-0",
    "primary/asset-0",
    "primary/asset-0 price",
    "oracle/asset-0",
    "listing/asset-0",
    "guardrails",
    "batch",
]
ALL = len(STEPS)
ORACLE, BATCH = STEPS.index("oracle/asset-0") + 1, ALL
SEND = "eth_sendRawTransaction"
ON, OFF = [True], [False]


@dataclass
class Bench:
    """A workshop whose node is behind a proxy, and the node itself."""

    workshop: Workshop
    proxy: Proxy
    node: Anvil
    patience: str = "1"
    options: tuple[str, ...] = ()
    outputs: list[str] = field(default_factory=list)

    def run(self, *options, script=update_params.cli):
        """One run; its exit code and its JSON document, None where it printed none."""
        wanted = ("--artefact", str(self.workshop.folder / "wanted.json"))
        usual = ("--json", "--yes", "--patience", self.patience, *self.options)
        done = self.workshop.run(script, *wanted, *usual, *options)
        self.outputs += [done.stdout, done.stderr]
        return done.code, json.loads(done.stdout) if done.stdout else None, done.stderr

    def want(self, artefact):
        self.workshop.artefact(artefact)

    def report(self):
        return json.loads((self.workshop.folder / "build" / "apply-report.json").read_text())

    def statuses(self):
        return {entry["step"]: entry["status"] for entry in self.report()["steps"]}

    def contracts(self):
        return {name: found["address"] for name, found in self.recorded()["contracts"].items()}

    def recorded(self):
        chains = json.loads(self.workshop.deployments.read_text())["chains"]
        return next(iter(chains.values()))

    def send(self, **transaction):
        """A transaction of the deployer's from elsewhere, by way of the node's own key."""
        return self.node.ask("eth_sendTransaction", {"from": DEPLOYER, **transaction})

    def mine(self):
        self.node.ask("evm_setAutomine", *ON)
        self.node.ask("evm_mine")

    def hold(self):
        """From now on nothing is mined."""
        self.node.ask("evm_setAutomine", *OFF)


@contextmanager
def restored(node):
    """The node as it is now, once more at the end."""
    snapshot = node.ask("evm_snapshot")
    yield
    node.ask("evm_setAutomine", *ON)
    node.ask("anvil_dropAllTransactions")
    assert node.ask("evm_revert", snapshot)


def finished(bench):
    """A run that ends well: everything read back, nothing left open; what it sent."""
    code, document, stderr = bench.run()
    assert code == 0, stderr
    assert document["status"] == "applied"
    assert document["verified_fields"] > 0
    assert bench.recorded()["intents"] == {}
    assert bench.report()["status"] == "applied"
    assert set(bench.statuses().values()) == {"landed"}
    return len(document["transactions"])


def stopped(bench, step, status):
    """A run that ends half way: exit code 3, and the same report on stdout and on disk."""
    code, document, stderr = bench.run()
    assert code == 3, (code, stderr)
    assert document == bench.report()
    assert document["status"] == "incomplete"
    assert bench.statuses()[step] == status, stderr
    number = STEPS.index(step)
    assert {bench.statuses()[s] for s in STEPS[:number]} <= {"landed"}
    assert {bench.statuses()[s] for s in STEPS[number + 1 :]} <= {"not sent"}
    assert f"{step}" in stderr
    return next(entry for entry in document["steps"] if entry["step"] == step)
