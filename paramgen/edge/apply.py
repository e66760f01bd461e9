"""Prepares, applies and reads back: the impure half of a plan.

`prepare` reads and sends nothing. `apply` sends what `prepare` listed, then one batch of every
word that differs, and holds every field that is then on chain against the artefact.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from paramgen.difference import PlanError, batches, expected_state_hash, target_words, updates
from paramgen.edge.chain import Chain
from paramgen.edge.deploy import (
    Step,
    deployment_steps,
    record_created,
    require_addresses,
    setting_steps,
    steward_address,
    tokens,
)
from paramgen.edge.node import ChainError
from paramgen.encode import FIELDS, Word
from paramgen.mirror.steward import MAX_BATCH
from paramgen.plan import ChainState, Plan, Verdict, make_plan, why_not

PATIENCE = 3_600
"""Seconds of chain time in which a batch may land."""


@dataclass(frozen=True)
class Prepared:
    """What differs, and the transactions that come before the batch."""

    plan: Plan
    state: ChainState
    steps: tuple[Step, ...]
    mocks: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The steps, the batches among them, as the journal names them."""
        batched = len(list(batches(self.plan.words, MAX_BATCH)))
        return (*(step.name for step in self.steps), *map(_batch_name, range(batched)))

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to send."""
        return self.plan.is_empty and not self.steps


@dataclass(frozen=True)
class Applied:
    """What was done: fields read back equal, and the block at which they were."""

    verified: int
    block: int


def prepare(
    artefact: Mapping[str, Any], chain: Chain, *, mocks: bool, saved: Plan | None = None
) -> Prepared:
    """Settle what an earlier run left, read the chain, and list what differs.

    Parameters
    ----------
    mocks : whether mock tokens and feeds may stand for addresses that the book does not give.
    saved : a plan that a person has approved; it must still fit artefact and chain.

    Raises
    ------
    PlanError
        When the saved plan is of another artefact, or the state has moved.
    DeploymentError, DeploymentsError, ChainError
        As their modules say.
    """
    if saved is not None and saved.artefact != artefact["hash"]:
        raise PlanError(
            f"the saved plan is of artefact {saved.artefact}, not {artefact['hash']}.\n"
            "    Name its book or artefact, or make the plan anew."
        )
    chain.node.require_fresh(time.time())
    chain.reopen_lost()
    chain.settle_intents()
    if chain.deployments.address("steward") is not None:
        record_created(chain)
    chain.check_code()
    require_addresses(artefact, chain, mocks=mocks)
    state = chain.state(tokens(artefact, chain))
    if saved is not None:
        _require_standing(saved, state)
    plan = make_plan(artefact, state)
    _require_acceptable(plan)
    deployments = deployment_steps(artefact, chain, state, mocks=mocks)
    return Prepared(plan, state, (*deployments, *setting_steps(plan, chain)), mocks)


def apply(artefact: Mapping[str, Any], chain: Chain, prepared: Prepared) -> Applied:
    """Send everything that is missing, then the batch; read every field back.

    Whatever landed is looked at again before the batch and after it, since a reorganisation may
    have taken it out. `chain.journal` says at every moment what became of each step.

    Raises
    ------
    ChainError
        When the chain refuses, a transaction did not land, or a field read back is not the
        artefact's.
    PlanError
        When someone else changed what the plan rests on while this ran.
    """
    chain.journal.expect(prepared.names)
    with _reviewed(chain):
        _send_steps(artefact, chain, prepared)
        state = chain.state(tokens(artefact, chain))
        plan = make_plan(artefact, state)
        _require_approved(prepared.plan, plan)
        _require_deployed(artefact, chain, state, prepared)
        for number, words in enumerate(batches(plan.words, MAX_BATCH)):
            _apply_batch(chain, _batch_name(number), artefact["hash"], words, state)
        chain.recheck()
        return read_back(artefact, chain)


def deploy(artefact: Mapping[str, Any], chain: Chain, prepared: Prepared) -> None:
    """Send the steps before the batch, the governor's last.

    Raises
    ------
    ChainError
        When the chain refuses, or a transaction did not land.
    """
    chain.journal.expect(step.name for step in prepared.steps)
    with _reviewed(chain):
        _send_steps(artefact, chain, prepared)


def read_back(artefact: Mapping[str, Any], chain: Chain) -> Applied:
    """Compare every field on chain with the artefact, at one block.

    Raises
    ------
    ChainError
        Naming each field that differs.
    """
    state = chain.state(tokens(artefact, chain))
    left = make_plan(artefact, state)
    if not left.is_empty:
        raise ChainError("read back, these are not as applied:\n" + "\n".join(_differing(left)))
    words = [word for market in artefact["markets"].values() for word in target_words(market)]
    return Applied(verified=sum(len(FIELDS[word]) for word in words), block=state.block)


@contextmanager
def _reviewed(chain: Chain) -> Iterator[None]:
    """A run that fails says what stands now, not what stood when it passed there."""
    try:
        yield
    except Exception:
        chain.sending.review()
        raise


def _send_steps(artefact: Mapping[str, Any], chain: Chain, prepared: Prepared) -> None:
    for step in prepared.steps:
        if not step.by_governor:
            step.run()
    left = [step for step in prepared.steps if step.by_governor]
    if left:
        _require_governor(artefact, chain, left)
    for step in left:
        step.run()
    chain.recheck()


def _differing(plan: Plan) -> Iterator[str]:
    yield from (f"    {asset} is not listed" for asset in plan.missing)
    yield from (f"    {change.asset}.{change.field}" for change in plan.changes)
    yield from (f"    the guardrail of {change.field}" for change in plan.guardrails)
    if plan.price_move_limit is not None:
        yield "    the price move limit"


def _batch_name(number: int) -> str:
    return "batch" if number == 0 else f"batch {number + 1}"


def _apply_batch(
    chain: Chain,
    step: str,
    artefact_hash: str,
    words: Mapping[str, Mapping[Word, int]],
    state: ChainState,
) -> None:
    steward = steward_address(chain)
    standings = state.standings()
    batch = updates(words, standings)
    expected = expected_state_hash(words, standings, state.chain_id, state.steward)
    found = chain.state_hash(steward, [u.asset for u in batch], [u.mask for u in batch])
    if expected != found:
        raise ChainError(
            f"the configuration moved between two reads (state hash {found}, not {expected}). "
            "Someone else is updating these markets; plan anew."
        )
    chain.transact(
        step,
        "ParameterSteward",
        steward,
        "applyBatch",
        [update.as_tuple() for update in batch],
        bytes.fromhex(found.removeprefix("0x")),
        chain.now() + PATIENCE,
        bytes.fromhex(artefact_hash.removeprefix("0x")),
    )


def _require_standing(saved: Plan, state: ChainState) -> None:
    reasons = why_not(saved, state)
    if reasons:
        raise PlanError(
            "the saved plan does not fit this chain any more:\n"
            + "\n".join(f"    {reason}" for reason in reasons)
            + "\nNothing was sent. Make the plan anew and review it."
        )


def _require_acceptable(plan: Plan) -> None:
    """Refuse beforehand what the chain would refuse of the governor too."""
    fields = [
        f"    {change.asset}.{change.field}: {change.reason}"
        for change in plan.changes
        if change.verdict is Verdict.REFUSED
    ]
    tuples = [f"    {asset}: {text}" for asset, all_ in plan.refusals.items() for text in all_]
    if fields or tuples:
        raise PlanError("the chain would refuse this:\n" + "\n".join(fields + tuples))


def _require_governor(artefact: Mapping[str, Any], chain: Chain, left: Sequence[Step]) -> None:
    if chain.state(tokens(artefact, chain)).caller_is_governor:
        return
    raise ChainError(
        f"{chain.sender} is not the governor of {steward_address(chain)}, who alone may do: "
        f"{', '.join(step.name for step in left)}.\n    Everything else is deployed; a governance "
        "proposal has to follow."
    )


def _require_approved(approved: Plan, plan: Plan) -> None:
    """After deployment nothing may differ that did not when the plan was shown."""
    shown = {(change.asset, change.field): change for change in approved.changes}
    for change in plan.changes:
        before = shown.get((change.asset, change.field))
        if before is None or before.before not in (None, change.before):
            raise PlanError(
                f"{change.asset}.{change.field} was changed on chain while this ran. The batch was "
                "not sent; plan anew."
            )
    if plan.guardrails or plan.price_move_limit is not None:
        raise PlanError(
            "these were changed on chain while this ran:\n"
            + "\n".join(_differing(replace(plan, changes=(), missing=())))
            + "\nThe batch was not sent; plan anew."
        )


def _require_deployed(
    artefact: Mapping[str, Any], chain: Chain, state: ChainState, prepared: Prepared
) -> None:
    """After deployment every market stands with its oracle and accrual target."""
    left = deployment_steps(artefact, chain, state, mocks=prepared.mocks)
    if left:
        raise PlanError(
            "these were undone on chain while this ran:\n"
            + "\n".join(f"    {step.name}" for step in left)
            + "\nThe batch was not sent; plan anew."
        )
