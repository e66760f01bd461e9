"""What `paramgen plan`, `ape run update_params` and `ape run deploy` do with a session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from paramgen.cli.connected import confirm
from paramgen.cli.connected_options import Options
from paramgen.cli.output import console
from paramgen.cli.paths import show_paths, show_waiting
from paramgen.cli.pending import Pending, pending
from paramgen.cli.pending import show as show_pending
from paramgen.cli.session import Session, opened
from paramgen.cli.tables import guardrail_table, plan_table, show_parameters
from paramgen.difference import difference
from paramgen.edge.apply import Prepared, apply, deploy
from paramgen.edge.files import read, write_whole
from paramgen.errors import ParamgenError
from paramgen.path import saved as saved_paths
from paramgen.path.plan import Paths
from paramgen.proposal.report import report
from paramgen.saved_plan import from_bytes, to_bytes


def run_plan(provider: Any, options: Options) -> Mapping[str, Any]:
    """Show what differs and save it where asked; nothing is sent.

    Raises
    ------
    ParamgenError
        With a message that says what to do.
    """
    with opened(provider, replace(options, dry_run=True), None) as session:
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
    with opened(provider, replace(options, dry_run=True), None) as session:
        return _beside(session)


def _beside(session: Session) -> tuple[Pending, ...]:
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
    with opened(provider, options, saved, path) as session:
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
    with opened(provider, options, None) as session:
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


def _require_no_jump(session: Session) -> None:
    """Who is not the governor is told of the path before anything is sent."""
    if session.paths is not None and not session.prepared.state.caller_is_governor:
        raise ParamgenError(
            f"{session.chain.sender} is not the governor, and the steward may not go this far at "
            "once.\n    Save the path above with --save-path FILE and follow it with --path FILE, "
            "or write a proposal with `paramgen propose`. Nothing was sent."
        )


def _confirm(session: Session) -> None:
    count = len(session.prepared.names)
    where = f"{session.chain.network} (chain {session.chain.chain_id})"
    question = f"Send about {count} transactions to {where}?"
    confirm(question, yes=session.options.yes, instead="--yes to apply, or --dry-run")


def _show(session: Session) -> None:
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


def _save(session: Session) -> None:
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
