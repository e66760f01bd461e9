"""What a lending venue makes of compiled parameters: its own values, its calls, its curve.

A venue takes the integers that the artefact holds, expresses them in its own units, each rounded
against risk (rates and bonus up, everything else down), and refuses what it cannot express, naming
the nearest that it can. Its calls are read back into the same values by the same description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from paramgen.encode import BY_NAME
from paramgen.mirror.rate import WAD, Curve
from paramgen.targets.calls import Call, ProposalError
from paramgen.targets.present import Ask, Leave, Objection, Present, Scene
from paramgen.targets.setters import Held, Setter, Setting, Unit, read, written
from paramgen.units import BPS, PRICE_UNITS, YEAR_365, Year
from paramgen.wording import number, shown

FIELDS = (
    "ltv", "liquidation_threshold", "liquidation_bonus", "supply_cap", "debt_ceiling",
    "base_rate", "slope_1", "slope_2", "kink",
)  # fmt: skip
"""The compiled fields that venues take."""


@dataclass(frozen=True)
class Parameters:
    """One asset as the artefact holds it.

    Attributes
    ----------
    integers : by field, in the field table's encoding.
    decimals : of the asset's token.
    price : reviewed price in 1e-8 USD, which turns money into tokens.
    lltv : largest enabled LLTV that the asset carries, None where none does.
    """

    integers: Mapping[str, int]
    decimals: int
    price: int
    lltv: Fraction | None = None

    def __getitem__(self, field: str) -> int:
        return self.integers[field]

    def value(self, field: str) -> Fraction:
        """What the field's integer stands for."""
        return BY_NAME[field].decode(self.integers[field])

    def changed(self, **integers: int) -> Parameters:
        """The same with other integers."""
        return replace(self, integers={**self.integers, **integers})

    @property
    def curve(self) -> Curve:
        """The compiled borrow curve, 1e-18 per second."""
        return Curve(*(self[name] for name in ("base_rate", "slope_1", "slope_2", "kink")))

    @property
    def collateral_tokens(self) -> Fraction:
        """The supply cap in whole tokens of the asset, at the reviewed price."""
        return Fraction(self["supply_cap"] * PRICE_UNITS, self.price)


def parameters_of(market: Mapping[str, Any]) -> Parameters:
    """One market of an artefact."""
    known, lltv = market["parameters"], market["beside"]["morpho_lltv"]
    return Parameters(
        {field: int(known[field]["integer"]) for field in FIELDS},
        int(market["decimals"]),
        int(market["feed"]["price_units"]),
        None if lltv is None else Fraction(lltv),
    )


# --- refusals -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """A compiled value that a venue cannot express.

    Attributes
    ----------
    field, integer : the compiled field as encoded.
    bound : what the venue takes, in its own words.
    nearest : the field's nearest integer that it takes, None where there is none.
    """

    field: str
    integer: int
    bound: str
    nearest: int | None

    @property
    def value(self) -> str:
        """The refused value as a person reads it."""
        return _read(self.field, self.integer)

    @property
    def hint(self) -> str:
        """What could be expressed instead."""
        if self.nearest is None:
            return "No other value can be."
        return f"The nearest expressible {self.field} is {_read(self.field, self.nearest)}."

    def __str__(self) -> str:
        return f"{self.field} = {self.value} {self.bound} {self.hint}"


def _read(field: str, integer: int) -> str:
    """Exact: a refusal has to show the digit that is in the way."""
    if field not in BY_NAME:
        return str(integer)
    (text,), unit = shown(field, integer)
    return f"{text} {unit}".strip() + f" (encoded {integer})"


class NotExpressibleError(ProposalError):
    """Everything that a venue cannot express, at once."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(map(str, refusals)))


# --- curves -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Polyline:
    """A borrow rate that is linear between its points: (utilisation, rate a second), both exact."""

    points: tuple[tuple[Fraction, Fraction], ...]

    @classmethod
    def kinked(cls, kink: Fraction, zero: Fraction, vertex: Fraction, full: Fraction) -> Polyline:
        """From 0 over the kink to full utilisation."""
        return cls(((Fraction(0), zero), (kink, vertex), (Fraction(1), full)))

    def at(self, utilisation: Fraction) -> Fraction:
        """Rate a second at a utilisation in [0, 1]."""
        for (left, low), (right, high) in zip(self.points, self.points[1:], strict=False):
            if utilisation <= right:
                return low + (high - low) * (utilisation - left) / (right - left)
        raise ValueError(f"utilisation {utilisation} is above 1")

    def breaks(self) -> Iterator[Fraction]:
        """Utilisations at which the slope may change, ends included."""
        return (at for at, _ in self.points)


@dataclass(frozen=True)
class Excess:
    """By how much a venue's curve lies above the compiled one, basis points a year of 365 d."""

    least: Fraction
    most: Fraction


def compiled_curve(curve: Curve) -> Polyline:
    """The compiled curve before its own rounding, which adds less than 2e-18 a second."""
    base, vertex = curve.base_rate, curve.base_rate + curve.slope_1
    rates = (Fraction(rate, WAD) for rate in (base, vertex, vertex + curve.slope_2))
    return Polyline.kinked(Fraction(curve.kink, WAD), *rates)


def excess(venue: Polyline, compiled: Polyline) -> Excess:
    """The exact range of their difference: it is linear between the breaks of both."""
    breaks = {*venue.breaks(), *compiled.breaks()}
    found = [basis_points(venue.at(u) - compiled.at(u)) for u in breaks]
    return Excess(min(found), max(found))


def basis_points(rate: Fraction) -> Fraction:
    """A rate a second in basis points a year of 365 d."""
    return rate * YEAR_365.seconds * BPS


@dataclass(frozen=True)
class Resolution:
    """What rounding may add to a curve: `rate` a second in all, and the step of the kink."""

    rate: Fraction
    kink: Fraction = Fraction(0)

    def bound(self, curve: Curve) -> Fraction:
        """Stated bound on the excess of a venue's curve, basis points a year.

        A kink that moves down by d lifts the curve by at most d times the steeper slope.
        """
        kink = Fraction(curve.kink, WAD)
        lowest = max(kink - self.kink, self.kink) or kink
        slopes = Fraction(curve.slope_1, WAD) / lowest, Fraction(curve.slope_2, WAD) / (1 - kink)
        return basis_points(self.rate + self.kink * max(slopes))


# --- a venue ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expressed:
    """Compiled parameters in a venue's own values, and what could not be said."""

    settings: tuple[Setting, ...]
    refusals: tuple[Refusal, ...] = ()


def together(parts: Iterable[Expressed]) -> Expressed:
    """What a market's parts say, in their order."""
    found = tuple(parts)
    return Expressed(
        tuple(each for part in found for each in part.settings),
        tuple(each for part in found for each in part.refusals),
    )


@dataclass(frozen=True)
class Reading:
    """What a venue's own getter gives once the settings are in force."""

    of: str
    getter: str
    value: Held


@dataclass(frozen=True)
class Creation:
    """A contract that has to be deployed before the calls run: its name and constructor input."""

    contract: str
    arguments: bytes


@dataclass(frozen=True)
class Emission:
    """What is sent: calls in the order in which they have to run, after the creations."""

    calls: tuple[Call, ...]
    creations: tuple[Creation, ...] = ()


Encoder = Callable[[Sequence[Setting], bytes], Emission]
Decoder = Callable[[Emission], tuple[Setting, ...]]
Objects = Callable[[Sequence[Setting], Any, Scene], Iterator[Objection]]


def never(settings: Sequence[Setting], market: Any, scene: Scene) -> Iterator[Objection]:
    """Of a venue whose refusals all follow from the values, and are made before."""
    del settings, market, scene
    return iter(())


@dataclass(frozen=True)
class Venue:
    """One venue. A new one is a file and a row of the registry.

    Attributes
    ----------
    name : as a book's `kind` says it.
    year : the year that its yearly rates mean, None where it has none.
    units : unit of each setting by name.
    express : parameters and the book's entry to settings.
    encode : settings and the artefact's hash to what is sent.
    decode : the inverse. Raises ProposalError where a call is none of the venue's.
    readings : what the venue's getters will give.
    curve : the borrow curve as the venue computes it, None where no setting is of it.
    resolution : what its rounding may add to the curve.
    signatures : the functions that it calls.
    tell : what one call sets. Raises ProposalError where it is none of the venue's.
    present : what stands of settings. Raises ProposalError where the contracts do not answer.
    leave : what is left to send where some of it stands already.
    objects : why the venue would refuse what is sent, as it stands.
    """

    name: str
    year: Year | None
    units: Mapping[str, Unit]
    express: Callable[[Parameters, Any], Expressed]
    encode: Encoder
    decode: Decoder
    readings: Callable[[Sequence[Setting], Any], tuple[Reading, ...]]
    curve: Callable[[Sequence[Setting], Any], Polyline | None]
    resolution: Callable[[Any], Resolution]
    signatures: tuple[str, ...]
    tell: Callable[[Call], tuple[Setting, ...]]
    present: Callable[[Sequence[Setting], Any, Ask], Present]
    leave: Leave
    objects: Objects = never

    def settings(self, parameters: Parameters, market: Any) -> tuple[Setting, ...]:
        """The settings of one asset.

        Raises
        ------
        NotExpressibleError : with everything that the venue cannot express.
        """
        found = self.express(parameters, market)
        if found.refusals:
            raise NotExpressibleError(found.refusals)
        return found.settings

    def said(self, setting: Setting) -> str:
        """A setting as a person reads it: the venue's integer with its unit, and what it means."""
        return "keep current" if setting.value is None else self.reads(setting.name, setting.value)

    def reads(self, name: str, value: Held) -> str:
        """A value that is held or to be held, by its name; none where there is nothing."""
        unit = self.units[name]
        if not isinstance(value, int):
            text = value if isinstance(value, str) else ", ".join(value or ())
            return text or "none"
        plain = f"{value} {unit.name}".strip()
        return f"{plain} = {_meaning(value, unit)}" if unit.reads else plain


def _meaning(integer: int, unit: Unit) -> str:
    percent = 100 if unit.reads.startswith("%") else 1
    return f"{number(integer / unit.scale * percent)} {unit.reads}"


def alone(decode: Decoder) -> Callable[[Call], tuple[Setting, ...]]:
    """What one call sets, of a venue whose calls do not depend on each other."""
    return lambda found: decode(Emission((found,)))


def signatures_of(setters: Sequence[Setter]) -> tuple[str, ...]:
    """The functions of setters."""
    return tuple(setter.signature for setter in setters)


def codec(setters: Sequence[Setter]) -> tuple[Encoder, Decoder]:
    """Encoder and decoder of a venue whose calls are plain setters."""

    def encode(settings: Sequence[Setting], reference: bytes) -> Emission:
        del reference
        return Emission(written(setters, settings))

    def decode(emission: Emission) -> tuple[Setting, ...]:
        return tuple(each for found in emission.calls for each in read(setters, found))

    return encode, decode


def merged(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """The settings of several assets as one list, each of them once.

    Raises
    ------
    ProposalError : two assets want one thing differently; all such at once.
    """
    found: dict[tuple[tuple[str, ...], str], Held] = {}
    torn = []
    for each in settings:
        key = each.of, each.name
        if key in found and found[key] != each.value:
            torn.append(f"{each.name} of {'.'.join(each.of)}: {found[key]} and {each.value}")
        found.setdefault(key, each.value)
    if torn:
        raise ProposalError("assets disagree on " + "; ".join(torn))
    return tuple(Setting(of, name, value) for (of, name), value in found.items())


def picked(settings: Sequence[Setting], *names: str) -> list[int] | None:
    """Values of the settings of these names, None unless all are there and none is kept."""
    known = {each.name: each.value for each in settings}
    values = [known.get(name) for name in names]
    integers = [value for value in values if isinstance(value, int)]
    return integers if len(integers) == len(names) else None


def ceil_divide(numerator: int, denominator: int) -> int:
    """⌈numerator/denominator⌉."""
    return -(-numerator // denominator)
