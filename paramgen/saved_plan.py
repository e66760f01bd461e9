"""A plan as a file: saved for review, read back, and held to its schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from paramgen.artefact import canonical
from paramgen.artefact import word as word_text
from paramgen.difference import Assumption, PlanError, RailChange, Standing
from paramgen.encode import Word
from paramgen.plan import Change, Plan, Verdict
from paramgen.targets.envelope import plain_json

SCHEMA = "paramgen/plan/1"
Saved = TypeVar("Saved")


def to_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values; words and integers beyond 2^53 as text."""
    return {
        "schema": SCHEMA,
        "artefact": plan.artefact,
        "assumes": assumption_document(plan.assumes),
        "changes": [
            {
                "asset": change.asset,
                "field": change.field,
                "unit": change.unit,
                "before": None if change.before is None else str(change.before),
                "after": str(change.after),
                "because": change.because,
                "verdict": change.verdict.value,
                "reason": change.reason,
            }
            for change in plan.changes
        ],
        "guardrails": [
            {
                "field": change.field,
                "before": word_text(change.before),
                "after": word_text(change.after),
            }
            for change in plan.guardrails
        ],
        "price_move_limit": plan.price_move_limit,
        "words": {asset: words_document(landing) for asset, landing in plan.words.items()},
        "missing": list(plan.missing),
        "refusals": {asset: list(refused) for asset, refused in plan.refusals.items()},
    }


def assumption_document(assumed: Assumption) -> dict[str, Any]:
    """What a plan or a proposal rests on, as JSON values."""
    return {
        "chain_id": assumed.chain_id,
        "genesis": assumed.genesis,
        "block": assumed.block,
        "steward": assumed.steward,
        "state_hash": assumed.state_hash,
        "price_move_limit": assumed.price_move_limit,
        "guardrails": {str(i): word_text(rail) for i, rail in assumed.guardrails.items()},
        "markets": {
            asset: standing
            and {
                "address": standing.address,
                "epoch": standing.epoch,
                "words": words_document(standing.words),
            }
            for asset, standing in assumed.markets.items()
        },
    }


def to_bytes(plan: Plan) -> bytes:
    """The plan in canonical bytes."""
    return canonical(to_document(plan))


def from_bytes(data: bytes) -> Plan:
    """Read canonical bytes back.

    Raises
    ------
    PlanError
        When they hold no plan of this schema.
    """
    return read_saved(data, SCHEMA, "plan", "make it anew", _read_plan)


def read_saved(
    data: bytes, schema: str, what: str, remedy: str, read: Callable[[Mapping[str, Any]], Saved]
) -> Saved:
    """Read what was saved under a schema; `what` and `remedy` are for the errors.

    Raises
    ------
    PlanError
        When the bytes are no JSON of this schema, or `read` finds them damaged.
    """
    try:
        document = plain_json(data)
    except ValueError as error:
        raise PlanError(f"this is no saved {what}: {error}") from error
    found = document.get("schema") if isinstance(document, dict) else None
    if found != schema:
        raise PlanError(f"this is no saved {what}: schema {found!r}, wanted {schema!r}")
    try:
        return read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlanError(f"this saved {what} is damaged: {error!r}; {remedy}") from error


def _read_plan(document: Mapping[str, Any]) -> Plan:
    return Plan(
        artefact=document["artefact"],
        assumes=read_assumption(document["assumes"]),
        changes=tuple(
            Change(
                asset=change["asset"],
                field=change["field"],
                unit=change["unit"],
                before=None if change["before"] is None else int(change["before"]),
                after=int(change["after"]),
                because=change["because"],
                verdict=Verdict(change["verdict"]),
                reason=change["reason"],
            )
            for change in document["changes"]
        ),
        guardrails=tuple(
            RailChange(change["field"], int(change["before"], 16), int(change["after"], 16))
            for change in document["guardrails"]
        ),
        price_move_limit=document["price_move_limit"],
        words={asset: read_words(landing) for asset, landing in document["words"].items()},
        missing=tuple(document["missing"]),
        refusals={asset: tuple(refused) for asset, refused in document["refusals"].items()},
    )


def read_assumption(assumed: Mapping[str, Any]) -> Assumption:
    """Read `assumption_document` back.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError : it is none.
    """
    return Assumption(
        chain_id=assumed["chain_id"],
        genesis=assumed["genesis"],
        block=assumed["block"],
        steward=assumed["steward"],
        state_hash=assumed["state_hash"],
        price_move_limit=assumed["price_move_limit"],
        guardrails={int(i): int(rail, 16) for i, rail in assumed["guardrails"].items()},
        markets={
            asset: standing
            and Standing(standing["address"], read_words(standing["words"]), standing["epoch"])
            for asset, standing in assumed["markets"].items()
        },
    )


def words_document(words: Mapping[Word, int]) -> dict[str, str]:
    """Words by name, as text."""
    return {word.value: word_text(value) for word, value in words.items()}


def read_words(words: Mapping[str, str]) -> dict[Word, int]:
    """Read `words_document` back."""
    return {Word(name): int(value, 16) for name, value in words.items()}
