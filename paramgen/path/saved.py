"""A path as a file: saved for review, followed step by step, and held to its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from paramgen.artefact import canonical
from paramgen.path.plan import Obstacle, Path, Paths, Step
from paramgen.saved_plan import (
    assumption_document,
    read_assumption,
    read_saved,
    read_words,
    words_document,
)

SCHEMA = "paramgen/path/1"


def to_document(paths: Paths) -> dict[str, Any]:
    """The paths as JSON values; words as text."""
    return {
        "schema": SCHEMA,
        "artefact": paths.artefact,
        "assumes": assumption_document(paths.assumes),
        "governance_at": paths.governance_at,
        "markets": {
            asset: {
                "steps": [
                    {
                        "at": step.at,
                        "words": words_document(step.words),
                        "needs_price": step.needs_price,
                    }
                    for step in path.steps
                ],
                "obstacles": [asdict(obstacle) for obstacle in path.obstacles],
            }
            for asset, path in paths.markets.items()
        },
    }


def to_bytes(paths: Paths) -> bytes:
    """The paths in canonical bytes."""
    return canonical(to_document(paths))


def from_bytes(data: bytes) -> Paths:
    """Read canonical bytes back.

    Raises
    ------
    PlanError
        When they hold no path of this schema.
    """
    return read_saved(data, SCHEMA, "path", "plan it anew", _read)


def _read(document: Mapping[str, Any]) -> Paths:
    assumed = read_assumption(document["assumes"])
    markets = {}
    for asset, path in document["markets"].items():
        start = assumed.markets[asset]
        if start is None:
            raise ValueError(f"{asset} has a path but no market")
        markets[asset] = Path(
            start,
            tuple(
                Step(int(step["at"]), read_words(step["words"]), bool(step["needs_price"]))
                for step in path["steps"]
            ),
            tuple(Obstacle(**obstacle) for obstacle in path["obstacles"]),
        )
    return Paths(document["artefact"], assumed, markets, document["governance_at"])
