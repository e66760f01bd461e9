"""What only the whole book can tell: names that name nothing, missing evidence, sums, dates.

References are followed in the plain tree, so that a faulty number elsewhere hides none of them;
what compares values works on the typed book.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paramgen.book.loaded import Lines
from paramgen.book.policy import Guardrail, Policy
from paramgen.book.resolve import POLICY_EVIDENCE, attach_evidence, inputs
from paramgen.book.schema import Asset, Book
from paramgen.book.validation import did_you_mean
from paramgen.errors import Problem
from paramgen.units import Dimension

Root = Mapping[str, Any]

_ASSET = ("assets", "*")
_REFERENCES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    ((*_ASSET, "counterparties", "*"), "counterparties", "counterparty"),
    ((*_ASSET, "jurisdiction"), "jurisdictions", "jurisdiction"),
    ((*_ASSET, "basket", "members", "*", "asset"), "assets", "asset"),
)
_HISTORIES = (
    (*_ASSET, "market", "history"),
    (*_ASSET, "oracle", "history"),
    (*_ASSET, "oracle", "primary", "history"),
    (*_ASSET, "oracle", "secondary", "history"),
)
_CALIBRATIONS = (
    (*_ASSET, "market", "calibration"),
    (*_ASSET, "oracle", "calibration"),
    (*_ASSET, "oracle", "primary", "calibration"),
    (*_ASSET, "oracle", "secondary", "calibration"),
    (*_ASSET, "lending", "calibration"),
)
_LISTS = ((*_ASSET, "counterparties"), (*_ASSET, "basket", "members"))


# References, in plain trees ----------------------------------------------------------------------


def reference_problems(root: Root, lines: Lines, refused: frozenset[str]) -> list[Problem]:
    """Return every name in a book that names nothing, or something of another kind.

    Parameters
    ----------
    root : the book as mappings, lists and texts.
    refused : paths that have a problem already; what they would have named counts as known.
    """
    problems = evidence_problems(root, root, lines, refused)
    for pattern, section, noun in _REFERENCES:
        known = _names(root, section, refused)
        for path, name in _matches(root, pattern):
            if isinstance(name, str) and known is not None and name not in known:
                bound = f"names no {noun} of the book."
                problems.append(lines.problem(path, name, bound, did_you_mean(name, known)))
    problems += _source_problems(root, lines, refused)
    problems += _repetition_problems(root, lines)
    problems += _cycle_problems(root, lines)
    if POLICY_EVIDENCE in (_names(root, "sources", refused) or ()):
        bound = "is a reserved name: it stands for the policy itself."
        problems.append(lines.problem(f"sources.{POLICY_EVIDENCE}", "", bound))
    return problems


def evidence_problems(
    tree: Root, book_root: Root, lines: Lines, refused: frozenset[str]
) -> list[Problem]:
    """Return every `evidence:` in a book or policy that names no source of the book."""
    known = _names(book_root, "sources", refused)
    if known is None:
        return []
    bound = "names no source of the book."
    return [
        lines.problem(path, name, bound, did_you_mean(name, known))
        for path, name in _named(tree, "evidence", "")
        if name not in known
    ]


def guardrail_problems(root: Root, lines: Lines, guarded: Mapping[str, Dimension]) -> list[Problem]:
    """Return guardrails of unknown fields, and fields without one.

    Parameters
    ----------
    guarded : what each field under the steward's guardrails measures.
    """
    rails = root.get("guardrails")
    if not isinstance(rails, dict):
        return []
    problems = [
        lines.problem(
            f"guardrails.{name}", "", "is no field under guardrails.", did_you_mean(name, guarded)
        )
        for name in rails
        if name not in guarded
    ]
    absent = [name for name in guarded if f"guardrails.{name}" not in lines.places]
    if absent:
        bound = f"must guard every field; it lacks {', '.join(absent)}."
        problems.append(lines.problem("guardrails", "", bound))
    return problems


def prior_problems(root: Root, book_root: Root, lines: Lines) -> list[Problem]:
    """Return the classes that assets use and for which the policy has no volatility prior."""
    priors = root.get("volatility_priors")
    if not isinstance(priors, dict):
        return []
    used: dict[str, list[str]] = {}
    for path, name in _matches(book_root, (*_ASSET, "class")):
        if isinstance(name, str) and f"volatility_priors.{name}" not in lines.places:
            used.setdefault(name, []).append(path.split(".")[1])
    return [
        lines.problem(
            "volatility_priors",
            "",
            f"must have a prior for the class {name}, which {', '.join(assets)} "
            f"{'has' if len(assets) == 1 else 'have'}.",
        )
        for name, assets in used.items()
    ]


def _source_problems(root: Root, lines: Lines, refused: frozenset[str]) -> list[Problem]:
    """Return every reference to a history or a calibration that names none."""
    names = _names(root, "sources", refused)
    if names is None:
        return []
    sources = root["sources"]
    kinds = (
        ("history", _HISTORIES, _is_history, "A history is a source of kind history, with a file."),
        ("calibration", _CALIBRATIONS, _is_calibration,
         "A calibration is a file of `paramgen calibrate`, in a source of that kind."),
    )  # fmt: skip
    problems = []
    for kind, patterns, is_one, hint in kinds:
        known = {name for name in names if is_one(sources.get(name))}
        problems += [
            lines.problem(
                path, name, f"names no {kind} of the book.", did_you_mean(name, known) or hint
            )
            for pattern in patterns
            for path, name in _matches(root, pattern)
            if isinstance(name, str) and name not in known
        ]
    return problems


def _is_history(source: Any) -> bool:
    # A source whose own text was refused may be one.
    return not isinstance(source, dict) or "history" in source or source.get("kind") == "history"


def _is_calibration(source: Any) -> bool:
    return not isinstance(source, dict) or source.get("kind") == "calibration"


def _repetition_problems(root: Root, lines: Lines) -> list[Problem]:
    problems = []
    for pattern in _LISTS:
        for path, members in _matches(root, pattern):
            seen: set[str] = set()
            for index, member in enumerate(members if isinstance(members, list) else ()):
                name = member.get("asset") if isinstance(member, dict) else member
                if isinstance(name, str) and name and name in seen:
                    problems.append(lines.problem(f"{path}.{index}", name, "is listed twice."))
                seen.add(str(name))
    return problems


def _cycle_problems(root: Root, lines: Lines) -> list[Problem]:
    below: dict[str, list[str]] = {}
    for path, name in _matches(root, (*_ASSET, "basket", "members", "*", "asset")):
        below.setdefault(path.split(".")[1], []).append(str(name))
    hint = "A basket's members are other assets, whose own baskets do not lead back to it."
    return [
        lines.problem(f"assets.{asset}.basket", asset, "is a basket of itself.", hint)
        for asset in below
        if asset in _reachable(asset, below)
    ]


def _reachable(start: str, below: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(below.get(start, ()))
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead.extend(below.get(name, ()))
    return found


def _names(root: Root, section: str, refused: frozenset[str]) -> set[str] | None:
    """Return the ids in a section; None where the section itself has a problem already."""
    entries = root.get(section)
    if section in refused or (entries is None and section == "sources"):
        return None
    lost = {path.partition(".")[2] for path in refused if path.startswith(f"{section}.")}
    return lost | set(entries if isinstance(entries, dict) else ())


def _matches(tree: Any, pattern: Sequence[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and value of all that a pattern with `*` reaches in a plain tree."""
    if not pattern:
        yield path, tree
        return
    for key, child in _entries(tree):
        if pattern[0] in ("*", key):
            yield from _matches(child, pattern[1:], f"{path}.{key}" if path else key)


def _named(tree: Any, key: str, path: str) -> Iterator[tuple[str, str]]:
    for name, child in _entries(tree):
        below = f"{path}.{name}" if path else name
        if name == key and isinstance(child, str):
            yield below, child
        yield from _named(child, key, below)


def _entries(tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list):
        yield from ((str(index), child) for index, child in enumerate(tree))


# Agreement of values, in the typed book ----------------------------------------------------------


def book_problems(book: Book, lines: Lines) -> list[Problem]:
    """Return what a typed book says that cannot all be true: dates, sums, missing evidence."""
    problems = [
        lines.problem(path, "", "rests on no evidence.", _ON_EVIDENCE)
        for path, found in inputs(attach_evidence(book))
        if not found.evidence
    ]
    for path, moment in _moments(book):
        if moment > book.as_of:
            bound = f"must not be after the book's as_of, {book.as_of.isoformat()}."
            problems.append(lines.problem(path, moment.isoformat(), bound))
    for name, asset in book.assets.items():
        problems += _asset_problems(f"assets.{name}", asset, lines)
    return problems


_ON_EVIDENCE = "Write `evidence: <source id>` beside it or on a section around it."


def policy_problems(
    policy: Policy, lines: Lines, guarded: Mapping[str, Dimension]
) -> list[Problem]:
    """Return what a typed policy says that cannot hold: order of LLTVs, units, shared keys."""
    problems = []
    lltvs = [lltv.value for lltv in policy.enabled_lltvs]
    for index, lltv in enumerate(lltvs):
        if lltv >= 1 or (index and lltv <= lltvs[index - 1]):
            written = policy.enabled_lltvs[index].written
            bound = "must ascend strictly and stay below 100 %."
            problems.append(lines.problem(f"enabled_lltvs.{index}", written, bound))
    for name, rail in policy.guardrails.items():
        if name in guarded:
            problems += _unit_problems(f"guardrails.{name}", rail, guarded[name], lines)
    for network, roles in policy.roles.items():
        held = [roles.governor.lower(), roles.steward.lower(), roles.guardian.lower()]
        if len(set(held)) < len(held) or any(int(address, 16) == 0 for address in held):
            bound = "must be held by three different accounts, none of them zero."
            problems.append(lines.problem(f"roles.{network}", "", bound))
    return problems


def _moments(book: Book) -> Iterator[tuple[str, Any]]:
    for name, source in book.sources.items():
        yield f"sources.{name}.as_of", source.as_of
    for name, asset in book.assets.items():
        yield f"assets.{name}.oracle.price_as_of", asset.oracle.price_as_of
        if asset.oracle.reference is not None:
            yield f"assets.{name}.oracle.reference.as_of", asset.oracle.reference.as_of


def _asset_problems(path: str, asset: Asset, lines: Lines) -> list[Problem]:
    problems = []
    if asset.basket is not None:
        total = sum(member.weight.value for member in asset.basket.members)
        if total != 1:
            shown = f"{float(total) * 100:.12g} %"
            bound = "must have weights that sum to 100 %."
            problems.append(lines.problem(f"{path}.basket.members", shown, bound))
    if asset.circulating.value > asset.issuance.value:
        bound = f"must not exceed the issuance, {asset.issuance.written}."
        problems.append(lines.problem(f"{path}.circulating", asset.circulating.written, bound))
    return problems


def _unit_problems(path: str, rail: Guardrail, wanted: Dimension, lines: Lines) -> list[Problem]:
    steps = Dimension.FRACTION if rail.relative else wanted
    kinds = {"minimum": wanted, "maximum": wanted, "step_up": steps, "step_down": steps}
    problems = []
    for key, dimension in kinds.items():
        found = getattr(rail, key)
        bare = dimension is Dimension.FRACTION and found.kind is Dimension.NUMBER
        if found.kind is not dimension and not bare:
            bound = f"must be in the field's own unit, {_UNIT_NAMES[dimension]}."
            problems.append(lines.problem(f"{path}.{key}", found.written, bound))
    return problems


_UNIT_NAMES = {
    Dimension.FRACTION: "% or bp",
    Dimension.RATE: "%/y or bp/y",
    Dimension.TIME: "a time such as 1 h",
    Dimension.MONEY: "USD",
    Dimension.NUMBER: "a plain number",
}
