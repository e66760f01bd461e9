"""Proposals as a forger would write them: consistent in themselves, but with other calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paramgen.proposal.document import Request
from paramgen.targets.calls import Call
from paramgen.targets.envelope import Envelope, Format


def forged(
    files: Mapping[str, bytes], form: Format, calls: Sequence[Call], request: Request
) -> dict[str, bytes]:
    """The same proposal, its calls replaced by someone who writes a consistent file."""
    carried = form.read(files[form.file])
    envelope = Envelope(
        carried.chain_id, carried.carrier, request.title, carried.description,
        request.created_at, carried.salt or b"", carried.delay or 0,
    )  # fmt: skip
    return {**files, form.file: form.write(calls, envelope)}
