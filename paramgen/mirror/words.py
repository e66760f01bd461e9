"""Packed 256-bit words: named fields, least significant first, without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from paramgen.encode import FIELDS, Word

WORD_BITS = 256


@dataclass(frozen=True)
class Field:
    """`width` bits of a word from bit `offset`."""

    name: str
    offset: int
    width: int

    @property
    def maximum(self) -> int:
        """The largest integer the field holds."""
        return (1 << self.width) - 1


@dataclass(frozen=True)
class Layout:
    """The fields of one word."""

    name: str
    fields: tuple[Field, ...]

    @classmethod
    def of(cls, name: str, widths: Mapping[str, int]) -> Layout:
        """Lay fields out in order of declaration, from bit 0 up.

        Raises
        ------
        ValueError
            The widths add up to more than 256 bits.
        """
        fields: list[Field] = []
        offset = 0
        for field_name, width in widths.items():
            fields.append(Field(field_name, offset, width))
            offset += width
        if offset > WORD_BITS:
            raise ValueError(f"{name}: {offset} bits do not fit into a word")
        return cls(name, tuple(fields))

    def pack(self, values: Mapping[str, int]) -> int:
        """The word that holds `values`; every field is given, none is cut.

        Raises
        ------
        ValueError
            A field is missing or unknown, or its value lies outside [0, 2^width).
        """
        if values.keys() != {field.name for field in self.fields}:
            differing = values.keys() ^ {field.name for field in self.fields}
            raise ValueError(f"{self.name}: fields missing or unknown: {sorted(differing)}")
        word = 0
        for field in self.fields:
            value = values[field.name]
            if not 0 <= value <= field.maximum:
                raise ValueError(
                    f"{self.name}.{field.name} = {value} lies outside [0, {field.maximum}]"
                )
            word |= value << field.offset
        return word

    def unpack(self, word: int) -> Mapping[str, int]:
        """The fields of `word`; bits beyond the last field are ignored, as the contracts do."""
        return MappingProxyType(
            {field.name: word >> field.offset & field.maximum for field in self.fields}
        )


ORACLE_STATE = Layout.of(
    "state",
    {
        "price": 54,
        "anchor": 54,
        "previous_anchor": 54,
        "price_time": 32,
        "anchor_time": 32,
        "previous_age": 24,
        "contested": 1,
        "tripped": 1,
    },
)
ORACLE_CONTEST = Layout.of("contest", {"outside_since": 32, "outside_round_time": 32, "epoch": 64})


def parameters(word: Word, prefix: str = "") -> Layout:
    """The layout of a word of parameters, as the field table lays it out.

    Parameters
    ----------
    prefix : taken off each field's name, where the word's own name repeats in its fields.
    """
    names = {row.name.removeprefix(prefix): row.bits for row in FIELDS[word]}
    return Layout.of(word.value, names)


ORACLE_CONFIGURATION = parameters(Word.ORACLE)
ORACLE_REFERENCE = parameters(Word.REFERENCE, "reference_")
RATE_CURVE = parameters(Word.RATE)
