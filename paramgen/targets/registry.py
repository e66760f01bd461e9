"""Every form of governance by name. A new one is a file and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from paramgen.targets.envelope import Format
from paramgen.targets.governor import GOVERNOR
from paramgen.targets.governor_bravo import GOVERNOR_BRAVO
from paramgen.targets.safe import SAFE
from paramgen.targets.timelock import TIMELOCK

FORMATS: Final[Mapping[str, Format]] = {
    form.name: form for form in (GOVERNOR, GOVERNOR_BRAVO, TIMELOCK, SAFE)
}
