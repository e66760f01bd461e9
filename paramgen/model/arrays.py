"""The two array types of the model, and the year its rates are counted in."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Float: TypeAlias = npt.NDArray[np.float64]
FloatLike: TypeAlias = Float | float
Bool: TypeAlias = npt.NDArray[np.bool_]
BoolLike: TypeAlias = Bool | bool

YEAR_SECONDS: Final = 31_536_000
"""Seconds in a year of 365 days (ACT/365F), the year of every rate in this package's model."""


def as_float(values: npt.ArrayLike) -> Float:
    """Return `values` as a float64 array, without copying where it already is one."""
    return np.asarray(values, dtype=np.float64)


def offenders(mask: BoolLike) -> str:
    """Name the positions where `mask` holds, for an error a person can act on."""
    return ", ".join(str(i) for i in np.flatnonzero(np.atleast_1d(mask)))
