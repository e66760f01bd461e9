"""Load a book with its policy and its evidence, and say everything that is wrong with them."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from eth_utils.address import is_checksum_formatted_address, to_checksum_address
from pydantic import ValidationError

from paramgen.book.calibration import Calibration
from paramgen.book.checks import (
    book_problems,
    evidence_problems,
    guardrail_problems,
    policy_problems,
    prior_problems,
    reference_problems,
)
from paramgen.book.evidence import Evidence, EvidenceKind, HistoryFormat
from paramgen.book.loaded import InputFile, Lines, Loaded, PriceHistory
from paramgen.book.policy import Policy
from paramgen.book.resolve import POLICY_EVIDENCE, attach_evidence
from paramgen.book.schema import Book
from paramgen.book.validation import read_model, salvage
from paramgen.edge.calibration_files import CalibrationError, read_calibration
from paramgen.edge.histories import HistoryError, read_history
from paramgen.edge.yaml_tree import MAX_BYTES, Document, read_document
from paramgen.encode import GUARDED
from paramgen.errors import InvalidInputError, Place, Problem

MAX_EVIDENCE_BYTES = 256 * 1024 * 1024

_GUARDED = {row.name: row.dimension for row in GUARDED}


def load_book(path: Path, policy: Path | None = None) -> Loaded:
    """Read a book, the policy that it names, and every file that its evidence pins.

    Parameters
    ----------
    path : the book. Files that it names are relative to its folder and stay inside it.
    policy : a policy to use in place of the one that the book names; may lie anywhere.

    Returns
    -------
    Loaded, with evidence inherited by every input.

    Raises
    ------
    InvalidInputError
        With all problems of book, policy, references and evidence files at once.
    """
    loader = _Loader(path)
    book = loader.read_book()
    chosen = loader.read_policy(policy)
    loader.read_evidence()
    if loader.problems or book is None or chosen is None:
        raise InvalidInputError(list(dict.fromkeys(loader.problems)))
    return Loaded(
        book=attach_evidence(book),
        policy=attach_evidence(chosen, POLICY_EVIDENCE),
        inputs=tuple(loader.inputs),
        histories=loader.histories,
        calibrations=loader.calibrations,
        lines=loader.places(),
    )


def load_policy(path: Path) -> Policy:
    """Read a policy that no book is held against.

    Raises
    ------
    InvalidInputError
        With all its problems at once.
    """
    loader = _Loader(path)
    policy = loader.read_policy(path)
    if loader.problems or policy is None:
        raise InvalidInputError(list(dict.fromkeys(loader.problems)))
    return policy


@dataclass
class _Loader:
    """What has been read so far, and what was wrong with it."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    inputs: list[InputFile] = field(default_factory=list)
    histories: dict[str, PriceHistory] = field(default_factory=dict)
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    book: Document | None = None
    policy: Document | None = None

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def root(self) -> dict[str, Any]:
        """The book's tree, empty where there is none to be had."""
        return dict((self.book.root if self.book else None) or {})

    @property
    def lines(self) -> Lines:
        return self.book.lines if self.book else Lines(str(self.path))

    def read_book(self) -> Book | None:
        """Validate the book, and what only the whole of it can tell."""
        data = self._bytes(self.path, Problem(Place(str(self.path)), "file"), MAX_BYTES)
        if data is None:
            return None
        self.book = document = read_document(data, str(self.path))
        self._note("book", self.path.name, data)
        self.problems += document.problems
        if document.root is None:
            return None
        book, problems = read_model(Book, document.root, document.lines, document.refused)
        self.problems += problems
        self.problems += reference_problems(document.root, document.lines, document.refused)
        self.problems += _checksum_problems(document)
        sound = book or salvage(Book, document.root)
        if sound is not None:
            self.problems += book_problems(sound, document.lines)
        return book

    def read_policy(self, given: Path | None) -> Policy | None:
        """Validate the policy and hold it against the book."""
        found = self._policy_file(given)
        if found is None:
            return None
        path, about = found
        data = self._bytes(path, about, MAX_BYTES)
        if data is None:
            return None
        name = str(self.root.get("policy", "")) if given is None else str(given)
        self.policy = document = read_document(data, str(path))
        self._note("policy", name, data)
        self.problems += document.problems
        if document.root is None:
            return None
        policy, problems = read_model(Policy, document.root, document.lines, document.refused)
        self.problems += problems
        self._hold_policy_against_book(document)
        sound = policy or salvage(Policy, document.root)
        if sound is not None:
            self.problems += policy_problems(sound, document.lines, _GUARDED)
        return policy

    def read_evidence(self) -> None:
        """Check every pinned file against its hash, and read the histories."""
        sources = self.root.get("sources")
        entries = sources if isinstance(sources, dict) else {}
        for name in sorted(entries):
            source = _evidence(entries[name])
            if source is not None and source.file is not None:
                self._read_source(name, source, source.file)

    def places(self) -> Mapping[str, Place]:
        """Place by path, the policy's paths under `policy.`."""
        policy = self.policy.lines.places if self.policy else {}
        return dict(self.lines.places) | {f"policy.{path}": at for path, at in policy.items()}

    def _hold_policy_against_book(self, document: Document) -> None:
        root, lines = document.root or {}, document.lines
        refused = self.book.refused if self.book else frozenset()
        self.problems += guardrail_problems(root, lines, _GUARDED)
        self.problems += prior_problems(root, self.root, lines)
        self.problems += evidence_problems(root, self.root, lines, refused)
        self.problems += _checksum_problems(document)

    def _policy_file(self, given: Path | None) -> tuple[Path, Problem] | None:
        if given is not None:
            return given, Problem(Place(str(given)), "file")
        name = self.root.get("policy")
        if not isinstance(name, str):
            return None
        return self._inside(name, self.lines.problem("policy", name, ""))

    def _read_source(self, name: str, source: Evidence, file: str) -> None:
        path = f"sources.{name}"
        found = self._inside(file, self.lines.problem(f"{path}.file", file, ""))
        data = None if found is None else self._bytes(*found, MAX_EVIDENCE_BYTES)
        if data is None:
            return
        sha256 = self._note(f"evidence:{name}", file, data)
        if sha256 != source.sha256:
            hint = f"The file's is {sha256}; write that if the change is meant."
            bound = f"is not the sha256 of {file}."
            self._refuse(f"{path}.sha256", source.sha256 or "", bound, hint)
            return
        try:
            if source.kind is EvidenceKind.CALIBRATION:
                self.calibrations[name] = read_calibration(data)
            elif source.kind is EvidenceKind.HISTORY or source.history is not None:
                self.histories[name] = read_history(data, file, source.history or HistoryFormat())
        except CalibrationError as error:
            self._refuse(f"{path}.file", file, str(error), "Calibrate anew with this version.")
        except HistoryError as error:
            self._refuse(f"{path}.{error.key}", error.value, error.bound, error.hint)

    def _inside(self, name: str, about: Problem) -> tuple[Path, Problem] | None:
        """Return where a file named in the book lies, unless that is outside the book's folder."""
        parts = PurePosixPath(name).parts
        plain = not {"\0", "\\"} & set(name) and not PureWindowsPath(name).drive
        relative = plain and bool(parts) and parts[0] != "/" and ".." not in parts
        path = self.folder.joinpath(*parts) if relative else self.folder
        if not relative or not _lies_in(path, self.folder):
            bound = "must name a file inside the book's folder, relative to it."
            self.problems.append(_with(about, bound))
            return None
        return path, about

    def _bytes(self, path: Path, about: Problem, limit: int) -> bytes | None:
        try:
            if not path.exists():
                self.problems.append(_with(about, f"{path} does not exist.", _near(path)))
            elif not path.is_file():
                self.problems.append(_with(about, f"{path} is not a file."))
            elif path.stat().st_size > limit:
                self.problems.append(_with(about, f"{path} must have at most {limit} bytes."))
            else:
                return path.read_bytes()
        except OSError as error:
            self.problems.append(_with(about, f"{path} cannot be read: {error.strerror}."))
        return None

    def _note(self, role: str, name: str, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.inputs.append(InputFile(role, name, sha256))
        return sha256

    def _refuse(self, path: str, value: str, bound: str, hint: str) -> None:
        self.problems.append(self.lines.problem(path, value, bound, hint))


def _evidence(source: Any) -> Evidence | None:
    """Return the source if it is sound; what is wrong with it is a problem already."""
    try:
        return Evidence.model_validate(source)
    except ValidationError:
        return None


def _lies_in(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of symbolic links
        return False


def _with(about: Problem, bound: str, hint: str = "") -> Problem:
    return Problem(about.place, about.field, about.value, bound, hint)


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    names = [other.name for other in path.parent.iterdir() if other.is_file()]
    near = difflib.get_close_matches(path.name, sorted(names), n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else ""


def _checksum_problems(document: Document) -> list[Problem]:
    """Return addresses in mixed case whose case is not their checksum (EIP-55)."""
    return [
        document.lines.problem(
            path,
            text,
            "has a wrong checksum.",
            f"Check every digit; if they are right, write {to_checksum_address(text)}.",
        )
        for path, text in _texts(document.root, "")
        if is_checksum_formatted_address(text) and text != to_checksum_address(text)
    ]


def _texts(tree: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield path, tree
        return
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree or ())
    for key, child in entries:
        yield from _texts(child, f"{path}.{key}" if path else str(key))
