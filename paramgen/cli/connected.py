"""Commands that speak to a chain: `ape run update_params` and `ape run deploy`.

ape resolves `--network` and logs to stdout by default; here all logs go to stderr, so that with
`--json` stdout holds one document. Errors, usage errors included, exit with 1 where nothing was
sent, and with 3 where a run ended half way (`reporting`).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ape
import click
from ape.cli import ConnectedProviderCommand
from ape.exceptions import ApeException
from ape.logging import CLICK_ECHO_KWARGS, LogLevel, logger
from eth_utils.address import is_address
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from paramgen.artefact import artefact, canonical, parse_artefact
from paramgen.cli.check import warnings_of
from paramgen.cli.live_options import Houses
from paramgen.cli.output import console, show_json
from paramgen.cli.paths import show_paths, show_waiting
from paramgen.cli.pending import Pending, pending
from paramgen.cli.pending import show as show_pending
from paramgen.cli.quantities import FiniteRange
from paramgen.cli.reporting import (
    REPORT,
    EndedError,
    addresses_of,
    message_of,
    redacted,
    reported,
    sent_entries,
)
from paramgen.cli.tables import guardrail_table, plan_table, show_parameters
from paramgen.compiler.build import compile_book
from paramgen.difference import difference
from paramgen.edge.apply import Applied, Prepared, apply, deploy, prepare
from paramgen.edge.chain import (
    Chain,
    impersonated,
    is_embedded,
    is_fork,
    is_local,
    network_key,
    waiting_for,
)
from paramgen.edge.deploy import NOBODY, tokens
from paramgen.edge.deployments import Deployments, alone, open_deployments
from paramgen.edge.files import read, write_whole
from paramgen.edge.load import load_book
from paramgen.edge.node import PUBLIC_CONFIRMATIONS, RPC_TROUBLE, Waiting
from paramgen.edge.redaction import redactor
from paramgen.errors import ParamgenError
from paramgen.path import saved as saved_paths
from paramgen.path.follow import Due, due, step_artefact
from paramgen.path.plan import Paths, is_jump, make_paths
from paramgen.plan import Plan
from paramgen.proposal.report import report
from paramgen.saved_plan import from_bytes, to_bytes, to_document

DEFAULT_BOOK = Path("examples/rwa/book.yaml")
DEPLOYMENTS = Path("deployments")
OUTPUT = Path("build")
INTERRUPTED = 130
TEST_ACCOUNT = "TEST::"
"""ape's name of a test account, before its number."""

for _level in CLICK_ECHO_KWARGS:
    CLICK_ECHO_KWARGS[_level] = {"err": True}


@dataclass(frozen=True)
class Options:
    """What the user asked for; fields are the options' names."""

    book: Path | None = None
    policy: Path | None = None
    artefact: Path | None = None
    account: str | None = None
    mocks: bool = False
    output: Path = OUTPUT
    deployments: Path = DEPLOYMENTS
    dry_run: bool = False
    yes: bool = False
    as_json: bool = False
    plan: Path | None = None
    save_plan: Path | None = None
    report: Path | None = None
    confirmations: int | None = None
    patience: float | None = None
    page: Path | None = None
    houses: Houses = field(default_factory=Houses)
    path: Path | None = None
    save_path: Path | None = None
    governance: int | None = None


@dataclass(frozen=True)
class Onlooker:
    """In place of an account where nothing is sent: nobody, with no role."""

    address: str = NOBODY


class ConnectedCommand(ConnectedProviderCommand):
    """A connected command whose callback returns the document for `--json`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; a usage error exits with 1, since 2 means a difference."""
        try:
            return list(super().parse_args(ctx, args))
        except click.UsageError as error:
            error.exit_code = 1
            raise

    def invoke(self, ctx: click.Context) -> None:
        """Run, turn what is the user's to mend into a message, and print the document."""
        as_json = bool(ctx.params.get("as_json"))
        try:
            with redirect_stdout(sys.stderr) if as_json else nullcontext():
                document = super().invoke(ctx)
        except EndedError as error:
            if as_json:
                show_json(error.document)
            raise _failure(error, error.code) from None
        except (ParamgenError, ApeException, *RPC_TROUBLE) as error:
            raise _failure(error, 1) from None
        except KeyboardInterrupt:
            click.echo("\nInterrupted. Run again to finish; nothing is deployed twice.", err=True)
            ctx.exit(INTERRUPTED)
        if as_json:
            show_json(document)


def _failure(error: Exception, code: int) -> click.ClickException:
    failure = click.ClickException(redactor(())(message_of(error)))
    failure.exit_code = code
    return failure


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every connected command."""
    path = click.Path(path_type=Path, dir_okay=False)
    folder = click.Path(path_type=Path, file_okay=False)
    options = (
        click.option("--book", type=path, help=f"The book to compile. [default: {DEFAULT_BOOK}]"),
        click.option("--policy", type=path, help="A policy in place of the one the book names."),
        click.option("--artefact", type=path, help="A compiled artefact in place of a book."),
        click.option("--account", metavar="ALIAS",
                     help="ape's account that sends (TEST::1 on local networks); on a fork, an "
                     "address to impersonate."),
        click.option("--mocks", is_flag=True, help="Mock what is missing, off local networks too."),
        click.option("-o", "--output", type=folder, default=OUTPUT, show_default=True,
                     help="Folder for the artefact."),
        click.option("--deployments", type=folder, default=DEPLOYMENTS, show_default=True,
                     help="Folder of the networks' deployments."),
        click.option("--report", type=path,
                     help=f"Where to write what became of each step. [default: OUTPUT/{REPORT}]"),
        click.option("--confirmations", type=click.IntRange(0), metavar="BLOCKS",
                     help="Blocks on top of a transaction's own before it counts as landed. "
                     f"[default: 0 on local networks, {PUBLIC_CONFIRMATIONS} or the network's own "
                     "elsewhere]"),
        click.option("--patience", type=FiniteRange(0, min_open=True), metavar="SECONDS",
                     help="How long a transaction may take to land. "
                     f"[default: {Waiting.patience:.0f}]"),
        click.option("--dry-run", is_flag=True, help="Show what would be done, do nothing."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--json", "as_json", is_flag=True,
                     help="One JSON document on stdout, nothing else."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def connected(network: str) -> Iterator[Any]:
    """A connection to one of ape's networks, for commands that ape does not run.

    Raises
    ------
    ParamgenError
        When there is no such network, or it does not answer.
    """
    try:
        with ape.networks.parse_network_choice(network) as provider:
            yield provider
    except ApeException as error:
        raise ParamgenError(f"{network}: {error}") from error


def run_plan(provider: Any, options: Options) -> Mapping[str, Any]:
    """Show what differs and save it where asked; nothing is sent.

    Raises
    ------
    ParamgenError
        With a message that says what to do.
    """
    with _opened(provider, replace(options, dry_run=True), None) as session:
        _show(session)
        _save(session)
        if session.prepared.is_done:
            click.echo("No difference.")
        document = session.document("nothing to do" if session.prepared.is_done else "different")
        if not options.houses.are_named:
            return document
        found = _beside(session)
        if not options.as_json:
            show_pending(found)
        return {**document, "pending": [each.document() for each in found]}


def run_pending(provider: Any, options: Options) -> tuple[Pending, ...]:
    """What governance has under way beside what would change; nothing is sent.

    Raises
    ------
    ParamgenError
        With a message that says what to do.
    """
    with _opened(provider, replace(options, dry_run=True), None) as session:
        return _beside(session)


def _beside(session: _Session) -> tuple[Pending, ...]:
    prepared = session.prepared
    return pending(session.chain, prepared.state, prepared.plan, session.options.houses)


def run_update(provider: Any, options: Options) -> Mapping[str, Any]:
    """Plan, show, ask, apply, read back, write; the document says what was done.

    Raises
    ------
    ParamgenError
        With a message that says what to do.
    """
    if options.plan is not None and options.path is not None:
        raise ParamgenError("--path says itself what is next; give it without --plan")
    saved = None if options.plan is None else from_bytes(read(options.plan))
    path = None if options.path is None else saved_paths.from_bytes(read(options.path))
    with _opened(provider, options, saved, path) as session:
        _show(session)
        _save(session)
        if session.due is not None and session.due.waiting and session.prepared.is_done:
            click.echo("Nothing is due; no transaction sent.")
            return session.finished("not due")
        if session.prepared.is_done:
            click.echo("Nothing to do; no transaction sent.")
            session.write_artefact()
            return session.finished("nothing to do")
        if options.dry_run:
            click.echo("Dry run; no transaction sent.")
            return session.document("dry run")
        _require_no_jump(session)
        _confirm(session)
        with session.progress(len(session.prepared.names)):
            applied = apply(session.artefact, session.chain, session.prepared)
        session.write_artefact()
        if not options.as_json and session.due is None:
            show_parameters(session.artefact)
        click.echo(
            f"Applied: {len(session.chain.journal.sent)} transactions, {applied.verified} fields "
            f"read back equal at block {applied.block}."
        )
        return session.finished("applied", applied)


def run_deploy(provider: Any, options: Options) -> Mapping[str, Any]:
    """Deploy and list what is missing; apply nothing.

    Raises
    ------
    ParamgenError
        With a message that says what to do.
    """
    with _opened(provider, options, None) as session:
        if not session.prepared.steps:
            click.echo("Nothing to deploy; no transaction sent.")
            return session.finished("nothing to do")
        click.echo(f"To deploy: {_summary(session.prepared)}.")
        if options.dry_run:
            click.echo("Dry run; no transaction sent.")
            return session.document("dry run")
        _confirm(session)
        with session.progress(len(session.prepared.steps)):
            deploy(session.artefact, session.chain, session.prepared)
        click.echo(f"Deployed: {len(session.chain.journal.sent)} transactions.")
        return session.finished("deployed")


# --- the session -------------------------------------------------------------------------------


@dataclass
class _Session:
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
def _opened(
    provider: Any, options: Options, saved: Plan | None, path: Paths | None = None
) -> Iterator[_Session]:
    logger.set_level(LogLevel.WARNING)
    document = _artefact(options)
    file = _deployments_file(provider, options)
    account = _account(provider, options, document)
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
                yield _Session(options, document, chain, prepared, paths)
                return
            state = chain.state(tokens(document, chain))
            found = due(path, document, state)
            step = step_artefact(document, found.words, state)
            prepared = prepare(step, chain, mocks=mocks)
            yield _Session(options, step, chain, prepared, due=found)


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


def _account(provider: Any, options: Options, document: Mapping[str, Any]) -> Any:
    if is_fork(provider):
        return _rehearsing(provider, options, document)
    if options.account is not None:
        return account_named(provider, options.account, yes=options.yes)
    if provider.network.is_local or is_embedded(provider):
        return ape.accounts.test_accounts[0]
    if options.dry_run:
        return Onlooker()
    raise ParamgenError(
        f"{network_key(provider)} needs an account to send from: name one with --account; "
        "`ape accounts list` shows yours."
    )


def account_named(provider: Any, alias: str, *, yes: bool) -> Any:
    """ape's account that signs under this name.

    Parameters
    ----------
    yes : sign without asking again.

    Raises
    ------
    ParamgenError
        When there is none, or it is a Safe, which has no key.
    """
    local = provider.network.is_local or is_embedded(provider)
    if local and (number := alias.removeprefix(TEST_ACCOUNT)).isdecimal():
        return ape.accounts.test_accounts[int(number)]
    containers = ape.accounts.containers
    safes = frozenset(containers["safe"].aliases if "safe" in containers else ())
    keys = set(ape.accounts.aliases) - safes
    if alias in safes - keys:
        raise ParamgenError(f"{alias} is a Safe; propose to it with `ape run propose_safe`")
    if alias not in keys:
        known = ", ".join(sorted(keys)) or "none"
        raise ParamgenError(f"ape has no account {alias!r}; it has: {known}")
    account = ape.accounts.load(alias)
    if yes:
        # ape takes the passphrase from APE_ACCOUNTS_<alias>_PASSPHRASE, or asks for it once.
        account.set_autosign(True)
    return account


def _rehearsing(provider: Any, options: Options, document: Mapping[str, Any]) -> Any:
    """On a fork: the account named, else the policy's governor; no key is needed of either."""
    roles = document["policy"]["roles"].get(network_key(provider), {})
    address = options.account or roles.get("governor")
    if address is None:
        return ape.accounts.test_accounts[0]
    if not is_address(address):
        raise ParamgenError(f"--account takes an address on a fork, not {address!r}")
    return impersonated(provider, address)


def _require_no_jump(session: _Session) -> None:
    """Who is not the governor is told of the path before anything is sent."""
    if session.paths is not None and not session.prepared.state.caller_is_governor:
        raise ParamgenError(
            f"{session.chain.sender} is not the governor, and the steward may not go this far at "
            "once.\n    Save the path above with --save-path FILE and follow it with --path FILE, "
            "or write a proposal with `paramgen propose`. Nothing was sent."
        )


def _confirm(session: _Session) -> None:
    count = len(session.prepared.names)
    where = f"{session.chain.network} (chain {session.chain.chain_id})"
    question = f"Send about {count} transactions to {where}?"
    confirm(question, yes=session.options.yes, instead="--yes to apply, or --dry-run")


def confirm(question: str, *, yes: bool, instead: str) -> None:
    """Ask on a terminal, unless the user has said yes already.

    Raises
    ------
    ParamgenError
        When there is no terminal to ask on: `instead` says what to give.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ParamgenError(f"this is no terminal to ask on: give {instead}")
    click.confirm(question, abort=True, err=True)


def _show(session: _Session) -> None:
    """What differs, for a person; a program reads it from the document."""
    if session.options.as_json:
        return
    prepared = session.prepared
    if prepared.plan.changes:
        console().print(plan_table(prepared.plan))
    if prepared.plan.guardrails:
        console().print(guardrail_table(prepared.plan))
    if prepared.steps:
        click.echo(f"Before the batch: {_summary(prepared)}.")
    if session.paths is not None:
        show_paths(session.paths)
    if session.due is not None:
        show_waiting(session.due.waiting)


def _save(session: _Session) -> None:
    options, plan = session.options, session.prepared.plan
    if options.save_plan is not None:
        write_whole(options.save_plan, to_bytes(plan))
    if options.save_path is not None:
        _save_path(options.save_path, session.paths)
    if options.page is not None:
        left = difference(session.artefact, plan.assumes)
        title = f"What would change on {session.chain.network}"
        page = report(session.artefact, plan.assumes, left, title)
        write_whole(options.page, page.encode())


def _save_path(file: Path, paths: Paths | None) -> None:
    if paths is None:
        click.echo("No path is needed: one batch is enough, or the governor's first is missing.")
        return
    write_whole(file, saved_paths.to_bytes(paths))


def _summary(prepared: Prepared) -> str:
    """Steps by kind, such as `12 tokens`."""
    kinds = Counter(step.kind for step in prepared.steps)
    return ", ".join(kind if n == 1 else f"{n} × {kind}" for kind, n in kinds.items())


def _say(line: str) -> None:
    click.echo(line, err=True)
