"""The whole book at once: every asset derived, landed and checked, all problems together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paramgen.book.loaded import Lines, Loaded
from paramgen.book.policy import Guardrail as Rule
from paramgen.compiler.asset import Derived, compiled_decay, derive_asset
from paramgen.compiler.calibrated import mismatches
from paramgen.compiler.fits import Fits, Records, feed_staleness, fit_asset, fit_gaps
from paramgen.compiler.land import Flaw, Landed, decay_excess, land
from paramgen.compiler.opinions import Opinions, opinions
from paramgen.compiler.premia import Benchmark, benchmark
from paramgen.compiler.venues import Listed, listings
from paramgen.encode import GUARDED, EncodingError, Field
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.mirror.guardrails import Guardrail
from paramgen.params.binding import ParameterError
from paramgen.params.history import History
from paramgen.targets.venue import Refusal
from paramgen.units import Dimension


@dataclass(frozen=True)
class CompiledAsset:
    """One asset, derived and landed."""

    derived: Derived
    landed: Landed
    fits: Fits
    opinions: Opinions
    listed: Mapping[str, Listed]


@dataclass(frozen=True)
class Compiled:
    """A book compiled: what the artefact is written from."""

    loaded: Loaded
    assets: Mapping[str, CompiledAsset]
    guardrails: Mapping[str, Guardrail]


def fit_book(
    loaded: Loaded, only: Sequence[str] = ()
) -> tuple[Mapping[str, Fits], tuple[Problem, ...]]:
    """Fit the histories of every asset, or of those named; problems are collected."""
    records = records_of(loaded)
    fits: dict[str, Fits] = {}
    problems: list[Problem] = []
    for name in only or loaded.book.assets:
        asset = loaded.book.assets[name]
        try:
            unfit = _unfit(loaded, name, records)
            problems += unfit
            if not unfit:
                fits[name] = fit_asset(asset, loaded.policy, records)
        except ParameterError as error:
            problems.append(_refused(loaded, name, error))
    return fits, tuple(problems)


def records_of(loaded: Loaded) -> Records:
    """The book's histories and calibrations as the fits take them."""
    return Records(
        histories={
            name: History(found.times, found.prices, found.dropped)
            for name, found in loaded.histories.items()
        },
        calibrations=loaded.calibrations,
        appraisals=frozenset(
            name
            for name, found in loaded.book.sources.items()
            if found.history is not None and found.history.appraisal
        ),
        hashes={name: found.sha256 or "" for name, found in loaded.book.sources.items()},
    )


def _unfit(loaded: Loaded, name: str, records: Records) -> list[Problem]:
    """What of an asset's calibrations does not answer the book."""
    asset = loaded.book.assets[name]
    gaps = fit_gaps(asset.oracle.primary, loaded.policy, records)
    limit = feed_staleness(asset.oracle.primary, loaded.policy, gaps.tail)
    problems = []
    for found in mismatches(asset, loaded.policy, loaded.calibrations, limit):
        path = f"assets.{name}.{found.path}"
        place = _place(loaded, path)
        problems.append(Problem(place, path, found.calibration, found.bound, found.hint))
    return problems


def compile_book(loaded: Loaded) -> Compiled:
    """Compile every asset of a book.

    Raises
    ------
    InvalidInputError
        With every parameter of every asset that evidence and policy do not allow.
    """
    fits, problems = fit_book(loaded)
    marks = _benchmark(loaded)
    guardrails, faults = compile_guardrails(loaded)
    found = [*problems, *faults]
    assets: dict[str, CompiledAsset] = {}
    for name, fit in fits.items():
        asset, refused = _compile_asset(loaded, name, marks, fit)
        found.extend(refused)
        if asset is not None:
            assets[name] = asset
    found.extend(_outside_envelope(loaded, assets, guardrails))
    if found:
        raise InvalidInputError(found)
    return Compiled(loaded, assets, guardrails)


def compile_asset(loaded: Loaded, name: str) -> CompiledAsset:
    """Compile one asset of a book, whatever the others' state.

    Raises
    ------
    InvalidInputError
        As `compile_book`, for this asset; or when the book has no such asset.
    """
    chosen_assets(loaded, [name])
    fits, problems = fit_book(loaded, [name])
    if problems:
        raise InvalidInputError(problems)
    asset, refused = _compile_asset(loaded, name, _benchmark(loaded), fits[name])
    if asset is None:
        raise InvalidInputError(refused)
    return asset


def _compile_asset(
    loaded: Loaded, name: str, marks: Benchmark, fit: Fits
) -> tuple[CompiledAsset | None, Sequence[Problem]]:
    try:
        derived = derive_asset(name, loaded.book, loaded.policy, marks, fit)
    except ParameterError as error:
        return None, [_refused(loaded, name, error)]
    landed, flaws = land(derived.quantities)
    if landed is None:
        return None, [_flawed(loaded, name, flaw) for flaw in flaws]
    excess = decay_excess(landed, compiled_decay(derived, loaded.policy))
    if excess > 0.0:
        flaw = Flaw(
            "decay_rate",
            f"{excess:.3g}",
            "is what the encoded decay exceeds the compiled one by.",
            "Report this: encoding must round decay up.",
        )
        return None, [_flawed(loaded, name, flaw)]
    asset = loaded.book.assets[name]
    second = opinions(asset, loaded.policy, derived, fit)
    listed, refused = listings(asset, landed, second.lltv)
    if refused:
        return None, [_unlisted(loaded, name, venue, refusal) for venue, refusal in refused]
    return CompiledAsset(derived, landed, fit, second, listed), ()


@dataclass(frozen=True)
class Priced:
    """A book derived but not landed: for prices, sensitivities and stresses."""

    loaded: Loaded
    marks: Benchmark
    fits: Mapping[str, Fits]
    assets: Mapping[str, Derived]


def price_book(loaded: Loaded, only: Sequence[str] = ()) -> Priced:
    """Derive every asset, or those named, without demanding that it lands.

    Raises
    ------
    InvalidInputError
        For assets that the book does not have, and as `compile_book`, landing aside.
    """
    chosen = chosen_assets(loaded, only)
    fits, problems = fit_book(loaded, chosen)
    marks = _benchmark(loaded)
    found, derived = list(problems), {}
    for name, fit in fits.items():
        try:
            derived[name] = derive_asset(name, loaded.book, loaded.policy, marks, fit)
        except ParameterError as error:
            found.append(_refused(loaded, name, error))
    if found:
        raise InvalidInputError(found)
    return Priced(loaded, marks, fits, derived)


def chosen_assets(loaded: Loaded, only: Sequence[str]) -> Sequence[str]:
    """The assets named, or all of the book's.

    Raises
    ------
    InvalidInputError
        For names that are no assets of the book.
    """
    known = loaded.book.assets
    unknown = [name for name in only if name not in known]
    if unknown:
        place = _place(loaded, "assets")
        hint = f"The book has {', '.join(known)}."
        raise InvalidInputError(
            [Problem(place, "assets", name, "is no asset of the book.", hint) for name in unknown]
        )
    return only or tuple(known)


def rederive(loaded: Loaded, name: str, fits: Fits) -> Derived:
    """One asset again from a changed book or policy, on the fits already had.

    Raises
    ------
    ParameterError
        When the change does not compile.
    """
    return derive_asset(name, loaded.book, loaded.policy, _benchmark(loaded), fits)


def _benchmark(loaded: Loaded) -> Benchmark:
    try:
        return benchmark(loaded.book)
    except ValueError as error:
        place = _place(loaded, "curve.par_yields")
        hint = "Check the yields against their source."
        raise InvalidInputError(
            [Problem(place, "curve.par_yields", "", f"{error}.", hint)]
        ) from None


def compile_guardrails(loaded: Loaded) -> tuple[Mapping[str, Guardrail], tuple[Problem, ...]]:
    """The steward's guardrails in each field's own integers."""
    rails: dict[str, Guardrail] = {}
    problems: list[Problem] = []
    for field in GUARDED:
        rule = loaded.policy.guardrails[field.name]
        try:
            rail = _guardrail(field, rule)
            rail.pack()
            rails[field.name] = rail
        except (EncodingError, ValueError) as error:
            path = f"guardrails.{field.name}"
            hint = (
                f"Write bounds in the field's own unit, {field.unit}; a step too large for it, as "
                "a share of the current value with relative: true."
            )
            problems.append(Problem(_place(loaded, f"policy.{path}"), path, "", f"{error}.", hint))
    return rails, tuple(problems)


def _guardrail(field: Field, rule: Rule) -> Guardrail:
    bounds = (rule.minimum, rule.maximum)
    steps = (rule.step_up, rule.step_down)
    kind = field.dimension
    step_kind = Dimension.FRACTION if rule.relative else kind
    for wanted, group in ((kind, bounds), (step_kind, steps)):
        for item in group:
            if item.kind is not wanted and item.value != 0:
                raise ValueError(f"{item.written!r} is not a {wanted.name.lower()}")
    low, high = (field.encode(item.value) for item in bounds)
    scale = 10_000 if rule.relative else field.scale
    up, down = (int(item.value * scale) for item in steps)
    return Guardrail.of(
        field,
        envelope=(low, high),
        steps=(up, down),
        cooldown=int(rule.cooldown.value),
        window=int(rule.window.value),
        budget_steps=rule.budget_steps,
        relative=rule.relative,
    )


def _outside_envelope(
    loaded: Loaded, assets: Mapping[str, CompiledAsset], rails: Mapping[str, Guardrail]
) -> Iterator[Problem]:
    for name, asset in assets.items():
        for field, encoded in asset.landed.parameters.items():
            rail = rails.get(field)
            if rail is None or rail.minimum <= encoded.integer <= rail.maximum:
                continue
            low, high = (float(encoded.field.decode(x)) for x in (rail.minimum, rail.maximum))
            yield Problem(
                _place(loaded, f"assets.{name}"),
                f"assets.{name}: {field}",
                f"{float(encoded.landed):.6g}",
                f"lies outside the policy's envelope [{low:.6g}, {high:.6g}].",
                "Widen the envelope by governance, or do not list the asset.",
            )


def _refused(loaded: Loaded, name: str, error: ParameterError) -> Problem:
    return Problem(
        _asset_place(loaded, name),
        f"assets.{name}: {error.field}",
        "" if math.isnan(error.value) else f"{error.value:.6g}",
        error.message + ("." if math.isnan(error.bound) else f" (bound {error.bound:.6g})."),
        error.hint,
    )


def _flawed(loaded: Loaded, name: str, flaw: Flaw) -> Problem:
    field = f"assets.{name}: {flaw.field}"
    return Problem(_asset_place(loaded, name), field, flaw.value, flaw.bound, flaw.hint)


def _unlisted(loaded: Loaded, name: str, venue: str, refusal: Refusal) -> Problem:
    path = f"assets.{name}.venues.{venue}"
    field = f"{path}: {refusal.field}"
    return Problem(_place(loaded, path), field, refusal.value, refusal.bound, refusal.hint)


def _place(loaded: Loaded, path: str) -> Place:
    return Lines(loaded.inputs[0].file, loaded.lines).place(path)


def _asset_place(loaded: Loaded, name: str) -> Place:
    return _place(loaded, f"assets.{name}")
