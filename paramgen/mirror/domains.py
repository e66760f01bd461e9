"""The steward's parameters by word: their numbers, and the mask that names words in an update.

Mirrors `contracts/libraries/Domains.sol`.
"""

from __future__ import annotations

from collections.abc import Mapping

from paramgen.encode import FIELDS, Field, Word

MASK: Mapping[Word, int] = {
    Word.COLLATERAL: 1,
    Word.RATE: 2,
    Word.ORACLE: 4,
    Word.REFERENCE: 8,
}
"""Bits of an update's mask."""

FIRST_ID: Mapping[Word, int] = {
    Word.ORACLE: 0,
    Word.RATE: 13,
    Word.COLLATERAL: 17,
    Word.REFERENCE: 22,
}
"""Number of a word's first parameter."""


def parameters(word: Word) -> tuple[tuple[int, Field], ...]:
    """The numbered parameters of a word; a reference's time is judged by the clock alone."""
    guarded = [field for field in FIELDS[word] if field.name != "reference_as_of"]
    return tuple(enumerate(guarded, start=FIRST_ID[word]))
