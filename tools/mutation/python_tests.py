"""Run Python tests against replaced bytecode: one JSON request a line, one answer a line.

pytest starts and collects once. Then each request forks; the child puts the bytecode that it was
given in place of what ape compiled, and runs the tests of one file up to the first that fails.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any, TextIO

import ape
import pytest

from paramgen.edge.bytecode import compiled

ROOT = Path(__file__).resolve().parents[2]


def replace(bytecode: dict[str, str]) -> None:
    """Let every engine that asks ape for a contract deploy this creation code instead."""
    for name, code in bytecode.items():
        contract_type = getattr(ape.project, name).contract_type
        contract_type.deployment_bytecode.bytecode = f"0x{code}"


class Server:
    """A pytest plugin that serves requests in place of running every test once."""

    def __init__(self, requests: TextIO, answers: TextIO) -> None:
        self._requests, self._answers = requests, answers
        self._failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self._failed:
            self._failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        compiled(ape.project)
        for line in self._requests:
            request = json.loads(line)
            failed = within(request["seconds"], partial(self._first_failure, session, **request))
            print(json.dumps({"failed": failed}), file=self._answers, flush=True)
        return True

    def _first_failure(
        self, session: pytest.Session, bytecode: dict[str, str], path: str, **_: Any
    ) -> str:
        replace(bytecode)
        items = [item for item in session.items if item.path == ROOT / path]
        if not items:
            raise ValueError(f"{path} holds no test")
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                break
        return self._failed


def within(seconds: int, work: Callable[[], str]) -> str:
    """What work in a child process answers; one that dies, or takes more of a core, has failed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        try:
            os.write(write, f"done {work()}".encode())
        finally:
            os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (SIGINT, SIGKILL, SIGTERM):
        raise RuntimeError("the tests were ended from without")
    with os.fdopen(read) as pipe:
        done, _, failed = pipe.read().partition(" ")
    return failed if done else "timeout"


def main(*tests: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what pytest and ape print goes beside the errors
    requests = os.fdopen(os.dup(0))
    options = ["-p", "no:cacheprovider", "--capture=no"]
    sys.path.insert(0, str(ROOT))
    sys.exit(pytest.main([*options, *tests], plugins=[Server(requests, answers)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
