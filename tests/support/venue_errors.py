"""By how much each venue's curve exceeds the compiled one, as docs/targets.md shows it.

`python -m tests.support.venue_errors` prints the rows.
"""

from __future__ import annotations

from dataclasses import asdict

from paramgen.targets.venue import compiled_curve, excess
from tests.support.aave import encoded
from tests.support.venues import PLAIN, case_of

CURVES = {
    "5 % to a kink of 90 %, 25 % beyond": ("0", "500", "2500", "0.9"),
    "1.2345678 + 4.321 %, kink 85.004999 %, 75.555555 % beyond": (
        "123.45678", "432.1", "7555.5555", "0.85004999",
    ),
}  # fmt: skip
VARIANTS = {
    "aave-config-engine": "Aave (engine, steward, risk oracle)",
    "compound-v2": "Compound V2, 12 s blocks",
    "compound-v2 fast blocks": "Compound V2, 0.25 s blocks",
    "comet": "Comet",
    "euler": "Euler",
    "fraxlend": "Fraxlend",
}


def rows() -> list[str]:
    """One row a venue: its name, then the most and the stated bound for each curve."""
    return [f"| {name} | {' | '.join(_cells(variant))} |" for variant, name in VARIANTS.items()]


def _cells(variant: str) -> list[str]:
    case, cells = case_of(variant), []
    for written in CURVES.values():
        curve = encoded(*written)
        parameters = PLAIN.changed(**asdict(curve))
        settings = case.venue.settings(parameters, case.market)
        drawn = case.venue.curve(settings, case.market)
        assert drawn is not None
        bound = case.venue.resolution(case.market).bound(curve)
        cells += (_shown(excess(drawn, compiled_curve(curve)).most), _shown(bound))
    return cells


def _shown(basis_points: object) -> str:
    return f"{float(basis_points):.2g}"  # type: ignore[arg-type]


if __name__ == "__main__":
    print("\n".join(rows()))  # noqa: T201
