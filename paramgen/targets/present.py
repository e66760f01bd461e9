"""What a venue holds now, asked of its own getters, and what of a change can be left out for it.

Nothing here speaks to a chain: whoever does gives the function that asks. What stands is said in
the settings' own units, so that a setting equals what stands exactly where sending it would change
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eth_utils.address import to_checksum_address

from paramgen.targets.calls import ProposalError
from paramgen.targets.setters import Held, Setting

Key = tuple[tuple[str, ...], str]
"""Of what, and the name: what tells settings apart."""

Present = Mapping[Key, Held]
"""What stands of settings, None where there is nothing yet; what is no value has no key."""

Groups = Sequence[Sequence[str]]
"""Names of the settings that one call, or one row of it, sets together."""


class Ask(Protocol):
    """A getter's answer at one block, None where it reverts or answers in other types."""

    def __call__(
        self, to: str, signature: str, outputs: Sequence[str], /, *arguments: Any
    ) -> tuple[Any, ...] | None:
        """Ask a contract."""


@dataclass(frozen=True)
class Scene:
    """A venue at one block, as a call would find it.

    Attributes
    ----------
    time : of the block, Unix seconds.
    senders : who may be the sender of the calls, in lower case.
    """

    ask: Ask
    present: Present
    time: int
    senders: frozenset[str]


@dataclass(frozen=True)
class Objection:
    """Why a venue would refuse a change as it stands.

    Attributes
    ----------
    where : what of what.
    proposed : the value, as a person reads it.
    why : what the venue would take, and from when on.
    """

    where: str
    proposed: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} = {self.proposed}: {self.why}"


def told(
    ask: Ask, to: str, signature: str, outputs: Sequence[str], *arguments: Any
) -> tuple[Any, ...]:
    """A getter's answer.

    Raises
    ------
    ProposalError : there is none.
    """
    found = ask(to, signature, outputs, *arguments)
    if found is None:
        raise ProposalError(
            f"{to} does not answer {signature} on this chain: it is not what the book says, or of "
            "a version that is not known here"
        )
    return found


def integer_at(ask: Ask, to: str, signature: str, *arguments: Any) -> int:
    """The one word that a getter answers.

    Raises
    ------
    ProposalError : there is none.
    """
    return int(told(ask, to, signature, ["uint256"], *arguments)[0])


def address_at(ask: Ask, to: str, signature: str, *arguments: Any) -> str:
    """The checksummed address that a getter answers.

    Raises
    ------
    ProposalError : there is none.
    """
    return str(to_checksum_address(told(ask, to, signature, ["address"], *arguments)[0]))


def key_of(setting: Setting) -> Key:
    """What tells a setting apart."""
    return setting.of, setting.name


def stands(setting: Setting, present: Present) -> bool:
    """Whether a setting is what stands already."""
    held = present.get(key_of(setting))
    return held is not None and held == setting.value


def standing_all(settings: Sequence[Setting], present: Present) -> bool:
    """Whether every value stands already, so that nothing would change."""
    values = [each for each in settings if each.value is not None and key_of(each) in present]
    return bool(values) and all(stands(each, present) for each in values)


# --- what can be left out -----------------------------------------------------------------------

Leave = Callable[[Sequence[Setting], Present], tuple[Setting, ...]]
"""What is left to send where some of it stands already."""


def all_sent(settings: Sequence[Setting], present: Present) -> tuple[Setting, ...]:
    """Everything, of a venue whose calls mean more than the values that stand."""
    del present
    return tuple(settings)


def fields_kept(groups: Groups, made: Collection[str] = ()) -> Leave:
    """Of a venue that can keep a field: what stands is kept, a row that keeps all is not sent.

    Parameters
    ----------
    made : names of what is made anew, of which nothing can be kept.
    """

    def left(settings: Sequence[Setting], present: Present) -> tuple[Setting, ...]:
        kept = [
            Setting(each.of, each.name, None)
            if each.name not in made and stands(each, present) else each
            for each in settings
        ]  # fmt: skip
        return changing(kept, groups)

    return left


def calls_left_out(groups: Groups) -> Leave:
    """Of a venue whose calls set all of their arguments: a call is left out if all of it stands."""

    def left(settings: Sequence[Setting], present: Present) -> tuple[Setting, ...]:
        return tuple(
            each for each in settings
            if not standing_all(list(_together(each, settings, groups)), present)
        )  # fmt: skip

    return left


def changing(settings: Sequence[Setting], groups: Groups) -> tuple[Setting, ...]:
    """Settings of whose row something is to change; one that keeps all is not sent."""
    return tuple(
        each for each in settings
        if any(other.value is not None for other in _together(each, settings, groups))
    )  # fmt: skip


def _together(setting: Setting, settings: Sequence[Setting], groups: Groups) -> Iterator[Setting]:
    names: Collection[str] = next((group for group in groups if setting.name in group), ())
    return (each for each in settings if each.of == setting.of and each.name in names)
