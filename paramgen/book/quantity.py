"""Inputs of a book: an exact value, the evidence it rests on, and how it was written.

A scalar such as `4.8 %` and a mapping `{value: 4.8 %, evidence: report}` mean the same; a scalar
takes the evidence of the nearest enclosing section.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from paramgen.units import Dimension, UnitError, parse


class Frozen(BaseModel):
    """Base of every part of the source language: immutable, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def refuse(bound: str, hint: str = "") -> PydanticCustomError:
    """An error whose bound and hint reach the user unchanged."""
    return PydanticCustomError("paramgen", "{bound}", {"bound": bound, "hint": hint})


_NUMBER = r"[+-]?[0-9][0-9 _\u00a0\u202f]*(\.[0-9]+)?"
_PATTERNS = {
    Dimension.FRACTION: rf"^\s*{_NUMBER}\s*(%|bp)?\s*$",
    Dimension.RATE: rf"^\s*{_NUMBER}\s*(%|bp)/y\s*$",
    Dimension.TIME: rf"^\s*{_NUMBER}\s*(s|min|h|d|w|y)\s*$",
    Dimension.MONEY: rf"^\s*{_NUMBER}\s*USD\s*$",
    Dimension.NUMBER: rf"^\s*{_NUMBER}\s*$",
}


_SHOWN_IN = {Dimension.RATE: (100, " %/y"), Dimension.TIME: (1, " s"), Dimension.MONEY: (1, " USD")}
_HUNDRED = 100
_LOWEST_CONFIDENCE = Fraction(9, 10)


def _show(end: Fraction | None, dimension: Dimension) -> str:
    scale, unit = _SHOWN_IN.get(dimension, (1, ""))
    return "" if end is None else f"{float(end * scale):g}{unit}"


class Input(Frozen):
    """One number of a book.

    Attributes
    ----------
    value : exact, in the dimension's own unit.
    written : the text it was read from, for reports and the artefact.
    evidence : id of the evidence it rests on; filled in from the enclosing section.
    note : why this value.
    """

    dimension: ClassVar[Dimension]
    low: ClassVar[Fraction | None] = None
    high: ClassVar[Fraction | None] = None
    advice: ClassVar[str] = ""

    value: Fraction
    written: str = Field(default="", exclude=True)
    evidence: str = ""
    note: str = ""

    def __float__(self) -> float:
        return float(self.value)

    @model_validator(mode="before")
    @classmethod
    def _accept_scalar(cls, data: Any) -> Any:
        """A scalar is the value; a mapping carries evidence and a note beside it."""
        if isinstance(data, str):
            return cls._read(data) | {"written": data.strip()}
        if isinstance(data, dict):
            text = data.get("value")
            if not isinstance(text, str):
                raise refuse("needs a value.", "Write it as in {value: …, evidence: …}.")
            inner = sorted({"written", "kind"} & data.keys())
            if inner:
                raise refuse(f"has the unknown key '{inner[0]}'.")
            return data | cls._read(text) | {"written": text.strip()}
        if isinstance(data, list):
            raise refuse("must be one quantity, not a list.")
        return data

    @classmethod
    def _read(cls, text: str) -> dict[str, Any]:
        try:
            value = parse(text, cls.dimension)
        except UnitError as error:
            raise refuse(str(error)) from None
        if (cls.low is not None and value < cls.low) or (cls.high is not None and value > cls.high):
            raise refuse(cls._bound(), cls._did_you_mean(text, value))
        return {"value": value}

    @classmethod
    def _bound(cls) -> str:
        low, high = _show(cls.low, cls.dimension), _show(cls.high, cls.dimension)
        if cls.high is None:
            return f"must be ≥ {low}."
        return f"must lie in [{low}, {high}]."

    @classmethod
    def _did_you_mean(cls, text: str, value: Fraction) -> str:
        bare = re.fullmatch(r"[0-9. ]+", text.strip()) is not None
        percent = cls.dimension is Dimension.FRACTION and bare and 1 < value <= _HUNDRED
        return f'Did you mean "{text.strip()} %"?' if percent else cls.advice

    @classmethod
    def _pattern(cls) -> str:
        return _PATTERNS[cls.dimension]

    def at(self, value: Fraction) -> Self:
        """The same input at another value, unchecked: for derivatives and what-if."""
        return self.model_copy(update={"value": value, "written": f"{float(value):.12g}"})

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del core_schema, handler
        scalar: JsonSchemaValue = {
            "type": "string",
            "pattern": cls._pattern(),
            "description": cls.__doc__ or "",
        }
        if cls.dimension in (Dimension.FRACTION, Dimension.NUMBER):
            # An editor reads a bare number as one; other dimensions need their unit.
            scalar["type"] = ["string", "number"]
            ends = {"minimum": cls.low, "maximum": cls.high}
            scalar |= {key: float(end) for key, end in ends.items() if end is not None}
        text = {"type": "string"}
        detailed: JsonSchemaValue = {
            "type": "object",
            "properties": {"value": scalar, "evidence": text, "note": text},
            "required": ["value"],
            "additionalProperties": False,
        }
        return {"anyOf": [scalar, detailed]}


class Share(Input):
    """A fraction in [0, 1], such as `35 %` or `25 bp`."""

    dimension = Dimension.FRACTION
    low, high = Fraction(0), Fraction(1)


class Rate(Input):
    """A rate per year, such as `4.8 %/y`; not negative."""

    dimension = Dimension.RATE
    low = Fraction(0)


class Volatility(Input):
    """Standard deviation of log returns per square root of a year, such as `12 %/y`."""

    dimension = Dimension.RATE
    low, high = Fraction(0), Fraction(5)


class Duration(Input):
    """A time span, such as `90 d`, `1 h` or `3720 s`."""

    dimension = Dimension.TIME
    low = Fraction(0)


class Money(Input):
    """An amount, such as `8 000 000 USD`; not negative."""

    dimension = Dimension.MONEY
    low = Fraction(0)


class Depth(Money):
    """Active liquidity, such as `2 000 000 USD`; not negative."""

    advice = "Depth is the active liquidity at the spot tick, not TVL; see docs/evidence.md#depth."


class Number(Input):
    """A plain number, such as `3` or `0.5`; not negative."""

    dimension = Dimension.NUMBER
    low = Fraction(0)


class SignedNumber(Input):
    """A plain number of any sign, such as `-0.5`."""

    dimension = Dimension.NUMBER


def _above_zero(found: Input) -> Input:
    if found.value <= 0:
        raise refuse("must be above zero.", "Leave the section out where there is none.")
    return found


def _inside_unit(found: Input) -> Input:
    if not 0 < found.value < 1:
        raise refuse("must lie strictly between 0 and 1.")
    return found


def _below_one(found: Input) -> Input:
    if found.value >= 1:
        raise refuse("must lie below 1.", "Certain default is no asset to lend against.")
    return found


def _confident(found: Input) -> Input:
    if not _LOWEST_CONFIDENCE <= found.value < 1:
        raise refuse("must lie in [0.9, 1).", "99 % is usual.")
    return found


Confidence = Annotated[Share, AfterValidator(_confident)]
PositiveDuration = Annotated[Duration, AfterValidator(_above_zero)]
PositiveDepth = Annotated[Depth, AfterValidator(_above_zero)]
PositiveMoney = Annotated[Money, AfterValidator(_above_zero)]
PositiveNumber = Annotated[Number, AfterValidator(_above_zero)]
PositiveShare = Annotated[Share, AfterValidator(_above_zero)]
InnerShare = Annotated[Share, AfterValidator(_inside_unit)]
Probability = Annotated[Share, AfterValidator(_below_one)]


class AnyQuantity(Input):
    """A quantity of whatever kind its field has: `50 bp`, `1 h`, `25 %/y`, `10 000 USD` or `3`."""

    dimension = Dimension.NUMBER
    kind: Dimension = Field(default=Dimension.NUMBER, exclude=True)

    @classmethod
    def _read(cls, text: str) -> dict[str, Any]:
        for kind in (Dimension.NUMBER, *Dimension):
            try:
                value = parse(text, kind)
            except UnitError:
                continue
            if value < 0:
                raise refuse("must not be negative.")
            return {"value": value, "kind": kind}
        raise refuse("must be a quantity, such as 50 bp, 1 h, 25 %/y, 10 000 USD or 3.")

    @classmethod
    def _pattern(cls) -> str:
        return "|".join(f"({pattern})" for pattern in _PATTERNS.values())


def _scalar(convert: Callable[[str], Any], wanted: str) -> BeforeValidator:
    def read(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        try:
            return convert(text.strip())
        except (ValueError, KeyError):
            raise refuse(f"must be {wanted}.") from None

    return BeforeValidator(read)


_WHOLE = "^([0-9]{1,3}([ _][0-9]{3})+|[0-9]+)$"
_LONGEST_COUNT = 24


def _whole(text: str) -> int:
    if re.fullmatch(_WHOLE, text) is None or len(text) > _LONGEST_COUNT:
        raise ValueError(text)
    return int(re.sub("[ _]", "", text))


Flag = Annotated[
    bool,
    _scalar({"true": True, "false": False}.__getitem__, "true or false"),
    WithJsonSchema({"enum": [True, False, "true", "false"]}),
]
Count = Annotated[
    int,
    _scalar(_whole, "a whole number, such as 12"),
    Field(ge=0),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "pattern": _WHOLE}),
]
