"""What was compiled of an asset, in the values of every venue where the book lists it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from paramgen.book.schema import Asset
from paramgen.book.venues import Entry
from paramgen.compiler.land import Landed
from paramgen.targets.registry import VENUES
from paramgen.targets.setters import Setting
from paramgen.targets.venue import (
    FIELDS,
    Excess,
    Expressed,
    Parameters,
    Refusal,
    Venue,
    compiled_curve,
    excess,
)
from paramgen.units import PRICE_UNITS, Rounding, quantise, round_fraction


@dataclass(frozen=True)
class Listed:
    """One asset on one venue.

    Attributes
    ----------
    settings : what the venue is to hold.
    excess : of its curve above the compiled one, None where it sets no curve.
    """

    venue: Venue
    market: Entry
    settings: tuple[Setting, ...]
    excess: Excess | None


def listings(
    asset: Asset, landed: Landed, lltv: float | None
) -> tuple[dict[str, Listed], tuple[tuple[str, Refusal], ...]]:
    """By name of the book, the asset on each venue; and by that name what a venue cannot express.

    Parameters
    ----------
    lltv : the largest enabled LLTV that the asset carries.
    """
    parameters = Parameters(
        {name: landed.parameters[name].integer for name in FIELDS},
        asset.decimals,
        price_units(asset),
        None if lltv is None else quantise(lltv),
    )
    found = {
        name: (market, VENUES[market.kind].express(parameters, market))
        for name, market in asset.venues.items()
    }
    listed = {
        name: _listed(parameters, market, expressed)
        for name, (market, expressed) in found.items()
        if not expressed.refusals
    }
    return listed, tuple(_refused(found))


def price_units(asset: Asset) -> int:
    """The reviewed price in 1e-8 USD, rounded down as the oracle takes it."""
    scaled: Fraction = asset.oracle.price.value * PRICE_UNITS
    return round_fraction(scaled, Rounding.DOWN)


def _refused(found: Mapping[str, tuple[Entry, Expressed]]) -> Iterator[tuple[str, Refusal]]:
    for name, (_, expressed) in found.items():
        for refusal in expressed.refusals:
            yield name, refusal


def _listed(parameters: Parameters, market: Entry, expressed: Expressed) -> Listed:
    venue = VENUES[market.kind]
    drawn = venue.curve(expressed.settings, market)
    above = None if drawn is None else excess(drawn, compiled_curve(parameters.curve))
    return Listed(venue, market, expressed.settings, above)
