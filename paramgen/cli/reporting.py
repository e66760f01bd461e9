"""How a run that sends ends: its report on disk, what landed for a person, and the exit code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import click
from ape.exceptions import ApeException

from paramgen.edge.chain import Chain
from paramgen.edge.journal import Entry, Journal
from paramgen.edge.node import RPC_TROUBLE
from paramgen.edge.redaction import Redacting, redactor
from paramgen.errors import ParamgenError

INCOMPLETE = 3
"""Exit code of a run that ended with something sent and not all of it landed and read back."""

REPORT = "apply-report.json"
_LIBRARIES = ("ape", "web3", "urllib3")


class EndedError(ParamgenError):
    """A run that ended with a document to print, and an exit code of its own."""

    code: ClassVar[int]

    def __init__(self, message: str, document: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.document = document


class UnfinishedError(EndedError):
    """A run that ended half way: what landed, and why it did not go on."""

    code = INCOMPLETE


@contextmanager
def reported(chain: Chain, path: Path | None, facts: Mapping[str, Any]) -> Iterator[None]:
    """Keep the report of a run on disk, and end it with what became of each step.

    Parameters
    ----------
    path : the report's; None where nothing is to be sent.
    facts : what heads the report.

    Raises
    ------
    UnfinishedError
        When the run failed with something sent, by it or by an earlier one.
    ParamgenError
        When it failed with nothing sent.
    """
    journal = chain.journal
    journal.path, journal.facts = path, facts
    try:
        yield
    except (ParamgenError, ApeException, *RPC_TROUBLE) as error:
        message = journal.redact(message_of(error))
        _close(journal, message)
        if not journal.has_sent:
            raise ParamgenError(message) from None
        raise UnfinishedError(_with_entries(message, journal), journal.document()) from None
    except BaseException as error:
        _close(journal, f"interrupted by {type(error).__name__}")
        raise


@contextmanager
def redacted(addresses: tuple[str, ...]) -> Iterator[Callable[[str], str]]:
    """Keep these RPC addresses' credentials out of the libraries' logs and of what is raised."""
    redact = redactor(addresses)
    mask = Redacting(redact)
    handlers = [h for name in _LIBRARIES for h in logging.getLogger(name).handlers]
    if logging.lastResort is not None:
        handlers.append(logging.lastResort)
    for handler in handlers:
        handler.addFilter(mask)
    try:
        yield redact
    except RPC_TROUBLE as error:
        raise ParamgenError(redact(message_of(error))) from None
    finally:
        for handler in handlers:
            handler.removeFilter(mask)


def addresses_of(provider: Any) -> tuple[str, ...]:
    """Every address under which a provider may be reached, for what is secret in them."""
    found = (getattr(provider, name, None) for name in ("uri", "http_uri", "ws_uri"))
    return tuple(address for address in found if isinstance(address, str))


def sent_entries(journal: Journal) -> list[dict[str, Any]]:
    """What this run sent, for `--json`."""
    return [asdict(entry) for entry in journal.sent]


def message_of(error: BaseException) -> str:
    """What to tell a person of an error, the RPC's own among them."""
    if isinstance(error, RPC_TROUBLE):
        return (
            f"the RPC failed: {type(error).__name__}: {error}\n"
            "    What was sent is on disk as intents; run again when the RPC answers."
        )
    return str(error)


def _close(journal: Journal, message: str) -> None:
    journal.close("incomplete" if journal.has_sent else "nothing sent", message)


def _with_entries(message: str, journal: Journal) -> str:
    lines = "\n".join(_line(entry) for entry in journal.entries.values())
    where = "" if journal.path is None else f"\nThe same is in {journal.path}."
    return f"{message}\n\nWhat became of each step:\n{lines}{where}"


def _line(entry: Entry) -> str:
    what = [f"{entry.step:<28} {entry.status:<9}"]
    if entry.transaction is not None:
        what.append(entry.transaction)
    if entry.block is not None:
        what.append(f"block {entry.block}")
    if entry.earlier:
        what.append("(an earlier run)")
    return "    " + click.unstyle(" ".join(what)).rstrip()
