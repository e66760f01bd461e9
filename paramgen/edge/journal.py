"""What landed, step by step: the report of a run, true at every moment of it.

Every step that a run means to take is entered before the first is sent, as *not sent*, and is
noted again whenever something is learnt of it. The file is written whole each time, so a run that
is killed leaves the last that it knew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from paramgen.edge.fate import Fate, Status
from paramgen.edge.files import write_whole

SCHEMA = "paramgen/apply-report/1"


@dataclass(frozen=True)
class Entry:
    """What is known of one step.

    Attributes
    ----------
    nonce, transaction, block : None while nothing has been sent, or mined.
    earlier : whether an earlier run sent it.
    note : what a person should know of it, in words.
    """

    step: str
    status: Status = Status.NOT_SENT
    nonce: int | None = None
    transaction: str | None = None
    block: int | None = None
    earlier: bool = False
    note: str = ""


@dataclass
class Journal:
    """The entries of one run, and the file that has them. Without a path nothing is written.

    Attributes
    ----------
    facts : what heads the document: chain, artefact, sender.
    redact : takes what is secret out of a text.
    """

    path: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    redact: Callable[[str], str] = str
    entries: dict[str, Entry] = field(default_factory=dict)
    status: str = "incomplete"
    error: str | None = None

    def expect(self, steps: Iterable[str]) -> None:
        """Enter the steps that are to come, which have not been sent."""
        for step in steps:
            self.entries.setdefault(step, Entry(step))
        self.write()

    def note(
        self, step: str, fate: Fate, nonce: int, *, earlier: bool = False, note: str = ""
    ) -> None:
        """Note what is now known of a step."""
        entry = Entry(
            step, fate.status, nonce, fate.transaction, fate.block, earlier, self.redact(note)
        )
        if self.entries.get(step) != entry:
            self.entries[step] = entry
            self.write()

    def remark(self, step: str, note: str) -> None:
        """Say something of a step whose status stands."""
        known = self.entries.get(step, Entry(step))
        self.entries[step] = replace(known, note=self.redact(note))
        self.write()

    def close(self, status: str, error: str | None = None) -> None:
        """Note how the run ended."""
        self.status = status
        self.error = None if error is None else self.redact(error)
        self.write()

    @property
    def sent(self) -> list[Entry]:
        """What this run sent, in order."""
        return [e for e in self.entries.values() if e.transaction is not None and not e.earlier]

    @property
    def has_sent(self) -> bool:
        """Whether a transaction of this run or of one before it is out, whatever became of it."""
        return any(entry.status is not Status.NOT_SENT for entry in self.entries.values())

    def document(self) -> dict[str, Any]:
        """The report as it is written."""
        return {
            "schema": SCHEMA,
            **self.facts,
            "status": self.status,
            "error": self.error,
            "steps": [asdict(entry) for entry in self.entries.values()],
        }

    def write(self) -> None:
        """Write the file whole."""
        if self.path is not None:
            text = json.dumps(self.document(), indent=2, sort_keys=True)
            write_whole(self.path, f"{text}\n".encode())
