"""The calls that bring a chain from what a plan assumes to what its artefact says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paramgen.difference import (
    PARAMETER_IDS,
    Assumption,
    Difference,
    batches,
    expected_state_hash,
    refusals,
    target_rails,
    updates,
)
from paramgen.encode import Word
from paramgen.mirror.domains import MASK, parameters
from paramgen.mirror.guardrails import Guardrail
from paramgen.mirror.steward import MAX_BATCH, Section, judge
from paramgen.targets.calls import (
    Call,
    ProposalError,
    arguments,
    call,
    from_hex,
    selector,
)
from paramgen.targets.registry import VENUES
from paramgen.targets.setters import Setting

SET_GUARDRAILS = "setGuardrails(uint256[],uint256[])"
SET_PRICE_MOVE_LIMIT = "setPriceMoveLimit(uint256)"
APPLY_BATCH = "applyBatch((address,uint8,uint256,uint256,uint256,uint256)[],bytes32,uint64,bytes32)"

WORD_ORDER = (Word.COLLATERAL, Word.RATE, Word.ORACLE, Word.REFERENCE)
"""As the words stand in the contract's `Update`."""


def actions_of(
    artefact: Mapping[str, Any], assumed: Assumption, left: Difference, deadline: int
) -> tuple[Call, ...]:
    """The calls in the order in which they have to run: rails, limit, batches.

    Parameters
    ----------
    assumed : the configuration that the proposal rests on.
    left : what separates the artefact from it.
    deadline : Unix seconds after which the steward refuses the batch.

    Raises
    ------
    ProposalError : nothing differs, something has to be deployed first, or the chain would refuse
        the values whoever asks.
    """
    steward = _require_proposable(artefact, assumed, left)
    return tuple(_actions(artefact, assumed, left, steward, deadline))


def _require_proposable(artefact: Mapping[str, Any], assumed: Assumption, left: Difference) -> str:
    steward = assumed.steward
    if left.is_empty:
        raise ProposalError("nothing differs between book and chain; there is nothing to propose")
    if steward is None or left.missing:
        what = "the steward" if steward is None else ", ".join(left.missing)
        raise ProposalError(
            f"not on chain {assumed.chain_id} yet: {what}. Deploy and list first "
            "(`ape run deploy`), then plan and propose."
        )
    refused = [
        *_outside_envelopes(artefact, assumed, left),
        *(f"{asset}: {text}" for asset, all_ in refusals(artefact, left.words).items()
          for text in all_),
    ]  # fmt: skip
    if refused:
        lines = "\n".join(f"    {line}" for line in refused)
        raise ProposalError(f"the chain would refuse this whoever asks:\n{lines}")
    return steward


def _outside_envelopes(
    artefact: Mapping[str, Any], assumed: Assumption, left: Difference
) -> Iterator[str]:
    """Fields that not even the governor may set so."""
    rails = {**assumed.guardrails, **target_rails(artefact)}
    in_force = {i: Guardrail.unpack(rails.get(i, 0)) for i in PARAMETER_IDS.values()}
    names = {identifier: name for name, identifier in PARAMETER_IDS.items()}
    for asset, landing in left.words.items():
        standing = assumed.markets[asset]
        for word, target in landing.items():
            current = 0 if standing is None else standing.words[word]
            section = Section(0, (0,) * len(parameters(word)))
            judged = judge(word, in_force, current, target, section, now=0, by_governor=True)
            for refusal in judged.refusals:
                yield f"{asset}.{names[refusal.arguments[0]]}: {refusal}"


def _actions(
    artefact: Mapping[str, Any],
    assumed: Assumption,
    left: Difference,
    steward: str,
    deadline: int,
) -> Iterator[Call]:
    if left.guardrails:
        ids = [PARAMETER_IDS[change.field] for change in left.guardrails]
        yield call(steward, SET_GUARDRAILS, ids, [change.after for change in left.guardrails])
    if left.price_move_limit is not None:
        yield call(steward, SET_PRICE_MOVE_LIMIT, left.price_move_limit)
    artefact_hash = from_hex(artefact["hash"], "artefact hash")
    for words in batches(left.words, MAX_BATCH):
        batch = [update.as_tuple() for update in updates(words, assumed.markets)]
        expected = expected_state_hash(words, assumed.markets, assumed.chain_id, steward)
        state_hash = from_hex(expected, "state hash")
        yield call(steward, APPLY_BATCH, batch, state_hash, deadline, artefact_hash)


# --- what calls say -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """One thing that a call would set, by a name that a person knows.

    `field` is the path of what is set: `guardrail 14`, `0x….rate`, `state hash`.
    """

    field: str
    value: str


def said_by(found: Call) -> tuple[Said, ...]:
    """Everything that a call of the steward or of a venue would set; raw calldata of any other."""
    for signature, tell in _TELL.items():
        values = arguments(found, signature)
        if values is not None:
            return tuple(tell(*values))
    return _said_by_venue(found) or (Said("calldata", "0x" + found.data.hex()),)


def _said_by_venue(found: Call) -> tuple[Said, ...]:
    for venue in VENUES.values():
        try:
            settings = venue.tell(found)
        except ProposalError:
            continue
        return tuple(Said(_thing(each), venue.said(each)) for each in settings)
    return ()


def _thing(setting: Setting) -> str:
    """What is set, beside the address that is called with it."""
    within = " in ".join(reversed(setting.of[1:]))
    return f"{setting.name} of {within}" if within else setting.name


def function_of(found: Call) -> str:
    """Name of the function that is called; the selector of one that is not known."""
    for signature in (*_TELL, *(name for venue in VENUES.values() for name in venue.signatures)):
        if found.data[:4] == selector(signature):
            return signature.partition("(")[0]
    return "0x" + found.data[:4].hex()


def _tell_guardrails(ids: tuple[int, ...], rails: tuple[int, ...]) -> Iterator[Said]:
    names = {identifier: name for name, identifier in PARAMETER_IDS.items()}
    if len(ids) != len(rails):
        yield Said("guardrails", f"{len(ids)} ids for {len(rails)} words")
    for identifier, rail in zip(ids, rails, strict=False):
        yield Said(f"guardrail of {names.get(identifier, identifier)}", f"0x{rail:064x}")


def _tell_limit(limit: int) -> Iterator[Said]:
    yield Said("price move limit", f"{limit} bp")


def _tell_batch(
    batch: tuple[tuple[Any, ...], ...], state_hash: bytes, deadline: int, artefact_hash: bytes
) -> Iterator[Said]:
    for address, mask, *words in batch:
        yield Said(f"{address}.mask", str(mask))
        for word, value in zip(WORD_ORDER, words, strict=True):
            if mask & MASK[word] or value:
                yield Said(f"{address}.{word.value}", f"0x{value:064x}")
    yield Said("state hash", "0x" + state_hash.hex())
    yield Said("deadline", str(deadline))
    yield Said("artefact hash", "0x" + artefact_hash.hex())


_TELL: Mapping[str, Any] = {
    SET_GUARDRAILS: _tell_guardrails,
    SET_PRICE_MOVE_LIMIT: _tell_limit,
    APPLY_BATCH: _tell_batch,
}
