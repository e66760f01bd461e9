"""The scripts that CI deploys to a testnet with, against a node with the testnet's chain id."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from tests.e2e.conftest import ANVIL, LONGEST, ROOT, Anvil, Done, start_anvil

SEPOLIA = "11155111"
KEY = "5eed" * 16
SENDER = Account.from_key(KEY).address
PASSPHRASE = "correct horse battery"  # noqa: S105 - of a key that the test makes up
KEYSTORE = json.dumps(Account.encrypt(KEY, PASSPHRASE, iterations=1024))
BLOCK_SECONDS = "1"


class Desk:
    """A job's side of the workflows: its environment, its folder, and all that it said."""

    def __init__(self, folder: Path, node: Anvil) -> None:
        self.folder, self.node = folder, node
        self.out = folder / "review"
        self.said: list[str] = []
        for name in ("home", "temporary"):
            (folder / name).mkdir()

    def review(self, **environment: str) -> Done:
        book = {"BOOK": str(ROOT / "paramgen" / "edge" / "templates" / "book.yaml")}
        return self._run("review.sh", {**book, "SENDER": SENDER, **environment})

    def deploy(self, **environment: str) -> Done:
        secrets = {"KEYSTORE": KEYSTORE, "APE_ACCOUNTS_ci_PASSPHRASE": PASSPHRASE}
        return self._run("deploy.sh", {"ACCOUNT": "ci", **secrets, **environment})

    def left(self, name: str) -> dict[str, object]:
        return json.loads((self.out / name).read_bytes())

    def _run(self, script: str, environment: dict[str, str]) -> Done:
        tools = f"{ROOT / '.venv' / 'bin'}:{ROOT / 'node_modules' / '.bin'}"
        settings = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "temporary"),
            "NETWORK": "ethereum:sepolia",
            "OUT": str(self.out),
            "DEPLOYED": str(self.folder / "deployments"),
            "MOCKS": "yes",
            "CONFIRMATIONS": "1",
            "SEPOLIA_RPC_URL": self.node.url,
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
        }
        done = subprocess.run(  # noqa: S603
            [str(ROOT / "tools" / "ci" / script)],
            cwd=ROOT, env={**settings, **environment}, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=LONGEST, check=False,
        )  # fmt: skip
        self.said += [done.stdout, done.stderr]
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[Desk]:
    """The tests of this module run in order, as the jobs of the workflows do."""
    if not ANVIL.exists():
        pytest.skip("anvil has no build for this platform in node_modules")
    process, node = start_anvil(["--chain-id", SEPOLIA, "--block-time", BLOCK_SECONDS])
    node.ask("anvil_setBalance", SENDER, hex(10**20))
    yield Desk(tmp_path_factory.mktemp("testnet"), node)
    process.terminate()
    process.wait(timeout=10)


def sent(node: Anvil) -> int:
    return int(node.ask("eth_getTransactionCount", SENDER, "latest"), 16)


def test_without_an_endpoint_a_review_compiles_and_says_what_it_left_out(desk):
    done = desk.review(SEPOLIA_RPC_URL="")
    assert done.code == 0, done.stderr
    assert "nothing was compared with ethereum:sepolia" in done.stderr
    assert (desk.out / "artefact.json").exists()
    assert not (desk.out / "plan.json").exists()


def test_a_review_plans_rehearses_and_draws_and_sends_nothing(desk):
    done = desk.review()
    assert done.code == 0, done.stderr
    assert desk.left("planned.json")["status"] == "dry run"
    assert desk.left("rehearsed.json")["status"] == "applied"
    assert b"data:image/svg" in (desk.out / "report.html").read_bytes()
    assert "fields read back equal" in (desk.folder / "summary.md").read_text()
    assert sent(desk.node) == 0
    assert not (desk.folder / "deployments").exists()


def test_a_wrong_passphrase_sends_nothing_and_fails(desk):
    done = desk.deploy(APE_ACCOUNTS_ci_PASSPHRASE=PASSPHRASE[1:])
    assert done.code == 1
    assert sent(desk.node) == 0


def test_a_plan_of_another_artefact_sends_nothing_and_fails(desk):
    plan = desk.out / "plan.json"
    ours = plan.read_text()
    plan.write_text(ours.replace(str(desk.left("artefact.json")["hash"]), "0x" + "11" * 32))
    done = desk.deploy()
    plan.write_text(ours)
    assert done.code == 1
    assert sent(desk.node) == 0


def test_an_endpoint_of_another_chain_is_refused(desk, anvil):
    done = desk.deploy(SEPOLIA_RPC_URL=anvil.url)
    assert done.code == 1
    assert sent(anvil) == sent(desk.node) == 0


def test_what_was_approved_is_applied_and_read_back(desk):
    done = desk.deploy()
    assert done.code == 0, done.stderr
    assert desk.left("read-back.json")["status"] == "nothing to do"
    assert len(desk.left("applied.json")["transactions"]) == sent(desk.node) > 0
    assert (desk.folder / "deployments" / "ethereum-sepolia.json").exists()


def test_a_deployment_that_is_repeated_sends_nothing(desk):
    before = sent(desk.node)
    done = desk.deploy()
    assert done.code == 0, done.stderr
    assert desk.left("applied.json")["status"] == "nothing to do"
    assert sent(desk.node) == before


def test_a_review_of_what_stands_finds_nothing_to_do(desk):
    done = desk.review()
    assert done.code == 0, done.stderr
    assert desk.left("rehearsed.json")["status"] == "nothing to do"


def test_no_secret_is_in_a_log_or_a_file(desk):
    files = [path for path in desk.folder.rglob("*") if path.is_file()]
    texts = [*desk.said, *(path.read_bytes().decode("utf-8", "replace") for path in files)]
    cipher = json.loads(KEYSTORE)["crypto"]["ciphertext"]
    assert len(texts) > len(desk.said) > 0
    for secret in (KEY, PASSPHRASE, cipher):
        assert not [text[:200] for text in texts if secret.lower() in text.lower()]


def test_nothing_of_the_key_stays_behind(desk):
    assert not list((desk.folder / "temporary").glob("**/*.json"))
    assert not list((desk.folder / "home").rglob("accounts/*.json"))
    assert stat.S_ISDIR((desk.folder / "temporary").stat().st_mode)
