"""An artefact and a chain, opened together: what differs, what was sent, and its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from ape.logging import LogLevel, logger
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from paramgen.artefact import artefact, canonical, parse_artefact
from paramgen.cli.check import warnings_of
from paramgen.cli.connected_options import DEFAULT_BOOK, Options
from paramgen.cli.reporting import REPORT, addresses_of, redacted, reported, sent_entries
from paramgen.cli.sender import sending_account
from paramgen.compiler.build import compile_book
from paramgen.edge.apply import Applied, Prepared, prepare
from paramgen.edge.chain import Chain, is_embedded, is_fork, is_local, network_key, waiting_for
from paramgen.edge.deploy import tokens
from paramgen.edge.deployments import Deployments, alone, open_deployments
from paramgen.edge.files import read, write_whole
from paramgen.edge.load import load_book
from paramgen.edge.node import Waiting
from paramgen.errors import ParamgenError
from paramgen.path import saved as saved_paths
from paramgen.path.follow import Due, due, step_artefact
from paramgen.path.plan import Paths, is_jump, make_paths
from paramgen.plan import Plan
from paramgen.saved_plan import to_document


@dataclass
class Session:
    """An artefact, a chain, and what differs between them.

    Attributes
    ----------
    paths : the steward's way, where what differs is beyond one batch of it.
    due : where a saved path is followed, what of it can be done now.
    """

    options: Options
    artefact: Mapping[str, Any]
    chain: Chain
    prepared: Prepared
    paths: Paths | None = None
    due: Due | None = None

    def finished(self, status: str, applied: Applied | None = None) -> dict[str, Any]:
        """Close the report; returns what `--json` prints."""
        self.chain.journal.close(status)
        return self.document(status, applied)

    def document(self, status: str, applied: Applied | None = None) -> dict[str, Any]:
        """What `--json` prints."""
        found = self.chain.deployments
        return {
            "status": status,
            "network": self.chain.network,
            "chain_id": self.chain.chain_id,
            "genesis": self.chain.genesis,
            "block": self.prepared.state.block if applied is None else applied.block,
            "artefact": self.artefact["hash"],
            "plan": to_document(self.prepared.plan),
            "path": None if self.paths is None else saved_paths.to_document(self.paths),
            "waiting": None if self.due is None else dict(self.due.waiting),
            "steps": [step.name for step in self.prepared.steps],
            "transactions": sent_entries(self.chain.journal),
            "verified_fields": None if applied is None else applied.verified,
            "contracts": {name: deployed.address for name, deployed in found.contracts.items()},
        }

    def write_artefact(self) -> None:
        """Leave the artefact that the chain now runs on."""
        if not self.options.dry_run and self.due is None:
            write_whole(self.options.output / "artefact.json", canonical(self.artefact))

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """Show each step on stderr: a bar on a terminal, a line elsewhere."""
        terminal = Console(stderr=True)
        if not terminal.is_terminal:
            steps = iter(range(1, total + 1))
            self.chain.report = lambda step: click.echo(
                f"[{next(steps, total)}/{total}] {step}", err=True
            )
            yield
            return
        columns = (SpinnerColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=terminal, transient=True) as bar:
            task = bar.add_task("", total=total)
            self.chain.after_send = lambda _: bar.advance(task)
            self.chain.report = lambda step: bar.update(task, description=step)
            yield


@contextmanager
def opened(
    provider: Any, options: Options, saved: Plan | None, path: Paths | None = None
) -> Iterator[Session]:
    """Compile, connect and compare; the report is kept until the session ends.

    Parameters
    ----------
    saved : the plan to hold the chain to, where one was saved.
    path : the steward's saved path, of which only what is due is prepared.

    Raises
    ------
    ParamgenError
        With a message that says what to do.
    """
    logger.set_level(LogLevel.WARNING)
    document = _artefact(options)
    file = _deployments_file(provider, options)
    account = sending_account(provider, options, document)
    written = None if options.dry_run or is_fork(provider) else file
    with alone(written), redacted(addresses_of(provider)) as redact:

        def open_log(chain_id: int, genesis: str) -> Deployments:
            public = not is_local(provider, chain_id)
            log = open_deployments(file, chain_id, genesis, public=public)
            log.path = written
            return log

        _say("compiling the contracts if they have changed, and reading the chain")
        chain = Chain(provider, account, open_log, report=_say, waiting=_waiting(provider, options))
        chain.journal.redact = redact
        mocks = chain.is_local or options.mocks
        with reported(chain, _report_file(options), _facts(document, chain)):
            if path is None:
                prepared = prepare(document, chain, mocks=mocks, saved=saved)
                paths = _paths(document, prepared, options.governance)
                yield Session(options, document, chain, prepared, paths)
                return
            state = chain.state(tokens(document, chain))
            found = due(path, document, state)
            step = step_artefact(document, found.words, state)
            prepared = prepare(step, chain, mocks=mocks)
            yield Session(options, step, chain, prepared, due=found)


def _paths(document: Mapping[str, Any], prepared: Prepared, governance: int | None) -> Paths | None:
    """The steward's way, where the governor's role would be needed to go it at once."""
    if not is_jump(prepared.plan):
        return None
    return make_paths(document, prepared.plan, prepared.state, governance)


def _waiting(provider: Any, options: Options) -> Waiting:
    usual = waiting_for(provider, options.confirmations)
    if options.patience is None:
        return usual
    return replace(usual, patience=options.patience, lag=min(usual.lag, options.patience))


def _report_file(options: Options) -> Path | None:
    return None if options.dry_run else options.report or options.output / REPORT


def _facts(document: Mapping[str, Any], chain: Chain) -> dict[str, Any]:
    """What heads the report."""
    return {
        "network": chain.network,
        "chain_id": chain.chain_id,
        "genesis": chain.genesis,
        "artefact": document["hash"],
        "sender": chain.sender,
        "confirmations": chain.node.waiting.confirmations,
    }


def _artefact(options: Options) -> Mapping[str, Any]:
    if options.artefact is None:
        _say(f"compiling {options.book or DEFAULT_BOOK}")
        compiled = compile_book(load_book(options.book or DEFAULT_BOOK, options.policy))
        for warning in warnings_of(compiled):
            _say(f"warning: {warning}")
        return artefact(compiled)
    if options.book or options.policy:
        raise ParamgenError("--artefact stands in place of --book and --policy; give one or other")
    return parse_artefact(read(options.artefact), str(options.artefact))


def _deployments_file(provider: Any, options: Options) -> Path | None:
    """The network's file; an embedded chain ends with its process and is never written down.

    A fork reads the file of the network that it forks, and leaves it as it is.
    """
    if is_embedded(provider):
        return None
    return options.deployments / f"{network_key(provider).replace(':', '-')}.json"


def _say(line: str) -> None:
    click.echo(line, err=True)
