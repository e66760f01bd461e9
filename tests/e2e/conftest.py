"""An anvil of one's own, and `ape run` as a user runs it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import pytest
from click.testing import CliRunner

from examples.venues.book import Desk
from examples.venues.chain import Check, Local
from paramgen.artefact import canonical
from paramgen.cli.connected import connected
from paramgen.cli.main import main
from scripts import update_params

ROOT = Path(__file__).resolve().parents[2]
ANVIL = ROOT / "node_modules" / ".bin" / "anvil"
DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""First account of the mnemonic that anvil and ape share."""

NETWORK = "ethereum:local:foundry"
PATIENCE = 60
LONGEST = 300


@dataclass(frozen=True)
class Anvil:
    """A running node."""

    url: str

    def ask(self, method: str, *parameters: Any) -> Any:
        """Call the node's JSON-RPC."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        request = urllib.request.Request(  # noqa: S310
            self.url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)["result"]

    def sent(self) -> int:
        """Transactions mined from the deployer."""
        return int(self.ask("eth_getTransactionCount", DEPLOYER, "latest"), 16)

    def blocks(self) -> int:
        """Height of the chain."""
        return int(self.ask("eth_blockNumber"), 16)


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Workshop:
    """A folder for what runs write, and the node that they run on."""

    folder: Path
    anvil: Anvil

    @property
    def deployments(self) -> Path:
        """The local network's deployments."""
        return self.folder / "deployments" / "ethereum-local.json"

    def artefact(self, document: dict[str, Any], name: str = "wanted.json") -> str:
        """Write an artefact; returns its path."""
        path = self.folder / name
        path.write_bytes(canonical(document))
        return str(path)

    def run(self, script: click.Command, *options: str) -> Done:
        """Run a script that reads and writes the workshop's folders."""
        return self.invoke(script, *_folders(self.folder), *options)

    def invoke(self, script: click.Command, *options: str) -> Done:
        """Run a script in this process, which saves ape's start; there is no terminal."""
        runner = CliRunner(mix_stderr=False, env={"APE_FOUNDRY_HOST": self.anvil.url})
        result = runner.invoke(script, ["--network", NETWORK, *options], prog_name="test")
        return Done(result.exit_code, result.stdout, result.stderr)

    def paramgen(self, *arguments: str) -> Done:
        """Run `paramgen` in this process against the node; there is no terminal."""
        stdout, stderr = StringIO(), StringIO()
        environment = {"APE_FOUNDRY_HOST": self.anvil.url}
        with patch.dict(os.environ, environment), redirect_stdout(stdout), redirect_stderr(stderr):
            code = main(arguments)
        return Done(code, stdout.getvalue(), stderr.getvalue())

    def plan(self, artefact: str, *options: str) -> Done:
        """Run `paramgen plan` with the node's deployments."""
        where = ("--network", NETWORK, "--deployments", str(self.folder / "deployments"))
        return self.paramgen("plan", "--artefact", artefact, *where, *options)

    def update(self, *options: str) -> dict[str, Any]:
        """Run update_params, which must succeed; returns its JSON document."""
        done = self.run(update_params.cli, "--json", *options)
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)


def ape_run(folder: Path, network: str, script: str, *options: str) -> list[str]:
    """The command line of `ape run` as a user writes it."""
    ape = str(Path(sys.executable).with_name("ape"))
    return [ape, "run", script, "--network", network, *_folders(folder), *options]


def outside(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, without a terminal, to its end."""
    return subprocess.run(  # noqa: S603
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, text=True,
        capture_output=True, stdin=subprocess.DEVNULL, timeout=LONGEST, check=False,
    )  # fmt: skip


def _folders(folder: Path) -> list[str]:
    return ["--deployments", str(folder / "deployments"), "--output", str(folder / "build")]


def start_anvil(arguments: Sequence[str] = ()) -> tuple[subprocess.Popen[bytes], Anvil]:
    """Start a node on a free loopback port and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603
        [str(ANVIL), "--host", "127.0.0.1", "--port", str(port), "--silent", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    node = Anvil(f"http://127.0.0.1:{port}")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            node.blocks()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise
            time.sleep(0.2)
        else:
            return process, node


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    if not ANVIL.exists():
        pytest.skip("anvil has no build for this platform in node_modules")
    process, node = start_anvil()
    yield node
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def workshop(anvil: Anvil, tmp_path: Path) -> Iterator[Workshop]:
    """On anvil as it was when it started."""
    snapshot = anvil.ask("evm_snapshot")
    yield Workshop(tmp_path, anvil)
    assert anvil.ask("evm_revert", snapshot)


def run_story(
    story: Any, node: Anvil, folder: Path, afterwards: Callable[[], object] = lambda: None
) -> dict[str, list[Check]]:
    """A venue's story on the node, which is left as it was; its checks by step, in order.

    `afterwards` is called on the chain as the story leaves it.
    """
    snapshot, found = node.ask("evm_snapshot"), {}
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("APE_FOUNDRY_HOST", node.url)
            with connected("ethereum:local:foundry") as provider:
                for check in story(Desk(provider, folder), Local(provider.web3)):
                    found.setdefault(check.step, []).append(check)
                afterwards()
    finally:
        assert node.ask("evm_revert", snapshot)
    return found
