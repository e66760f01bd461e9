"""Every form of governance and every venue by name. A new one is a file and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from paramgen.targets.aave_engine import AAVE_ENGINE
from paramgen.targets.aave_risk_steward import AAVE_RISK_STEWARD
from paramgen.targets.comet import COMET
from paramgen.targets.compound_v2 import COMPOUND_V2
from paramgen.targets.envelope import Format
from paramgen.targets.euler import EULER
from paramgen.targets.fraxlend import FRAXLEND
from paramgen.targets.governor import GOVERNOR
from paramgen.targets.governor_bravo import GOVERNOR_BRAVO
from paramgen.targets.morpho import MORPHO
from paramgen.targets.risk_oracle import RISK_ORACLE
from paramgen.targets.safe import SAFE
from paramgen.targets.timelock import TIMELOCK
from paramgen.targets.venue import Venue

FORMATS: Final[Mapping[str, Format]] = {
    form.name: form for form in (GOVERNOR, GOVERNOR_BRAVO, TIMELOCK, SAFE)
}

VENUES: Final[Mapping[str, Venue]] = {
    venue.name: venue
    for venue in (
        AAVE_ENGINE,
        AAVE_RISK_STEWARD,
        RISK_ORACLE,
        COMPOUND_V2,
        COMET,
        EULER,
        MORPHO,
        FRAXLEND,
    )
}
