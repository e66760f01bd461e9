"""One asset as the book, our contracts and its feeds have it, whatever venue reads its oracle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from examples.venues.book import ASSET, Desk, integers, on_venues, one_asset
from examples.venues.chain import Check, Local, ours
from paramgen.book.loaded import Loaded
from paramgen.book.venues import Entry
from paramgen.edge.rpc import pin
from paramgen.edge.venues import objections, standing_of
from paramgen.mirror.decay import WAD, decay_factor
from paramgen.mirror.oracle import Status
from paramgen.mirror.rate import Curve
from paramgen.proposal.document import Request
from paramgen.proposal.venue import Standing, Target, target_of, venue_files
from paramgen.proposal.verify import verify
from paramgen.targets.aave import NEW_EMODE
from paramgen.targets.present import key_of, stands
from paramgen.targets.safe import SAFE

LEGS = ("primary", "secondary")
TARGET = "venue"
"""What the book calls the one venue that it lists the asset on."""

FALLEN = Fraction("0.9")
"""What both feeds fall to: far beyond the band."""


class Market:
    """A book applied to a chain, and what people and feeds do to it there."""

    def __init__(self, desk: Desk, local: Local) -> None:
        self.desk, self.local = desk, local
        self.book = one_asset()
        self.apply()
        found = self.contracts
        self.steward = local.at(found["steward"], ours("ParameterSteward"))
        self.oracle = local.at(found[f"oracle/{ASSET}"], ours("FallbackOracle"))
        self.token = local.at(found[f"token/{ASSET}"], ours("MockToken"))
        self.feeds = [local.at(found[f"{leg}/{ASSET}"], ours("MockAggregator")) for leg in LEGS]

    def apply(self, book: Loaded | None = None) -> Mapping[str, Any]:
        """Compile and apply the book, or its next edition; what `update_params --json` prints."""
        self.book = book or self.book
        self.artefact, told = self.desk.apply(self.book)
        self.entry = self.artefact["markets"][ASSET]
        self.fields = integers(self.entry)
        self.contracts: Mapping[str, str] = told["contracts"]
        return told

    def carry_out(self, step: str, entry: Entry) -> Iterator[Check]:
        """Propose what the book says of a venue, verify it, and send its file's calls.

        The deployer stands for the Safe that the file is written for.
        """
        told = self.apply(on_venues(self.book, ASSET, {TARGET: entry}))
        yield Check(step, "our own contracts meanwhile", told["status"], "nothing to do")
        request = Request(
            title=f"Configure {ASSET} on {entry.kind}",
            summary="What the book compiles to, in the venue's own values.",
            carrier=self.local.deployer,
            deadline=0,
            created_at=self.local.now(),
        )
        target, before = target_of(self.artefact, TARGET), pin(self.local.web3)
        standing = standing_of(before, target)
        refused = objections(before, target, standing, request.carrier)
        yield Check(step, "why the venue would refuse it", refused, ())
        files = venue_files(self.artefact, TARGET, request, SAFE, standing)
        found = verify(files, self.artefact)
        yield Check(step, "what verify finds wrong in the proposal", found, ())
        for call in SAFE.read(files[SAFE.file]).calls:
            self.local.send_raw(call.to, call.data)
        yield from self._carried_out(step, target, standing)

    def _carried_out(self, step: str, target: Target, before: Standing) -> Iterator[Check]:
        """What moved is what was sent, and nothing is left; but for a category, which is new."""
        now = standing_of(pin(self.local.web3), target)
        sent = target.venue.leave(target.settings, before.present)
        values = [each for each in sent if each.value is not None and each.name not in NEW_EMODE]
        moves = {key for key, held in before.present.items() if now.present[key] != held}
        yield Check(step, "moved, as proposed", moves, {key_of(each) for each in values})
        left = [each.name for each in values if not stands(each, now.present)]
        yield Check(step, "not yet as compiled", left, [])

    # --- what the book says -----------------------------------------------------------------------

    @property
    def price(self) -> int:
        """The reviewed price, 8 decimals."""
        return int(self.entry["feed"]["price_units"])

    @property
    def decimals(self) -> int:
        """Of the asset's token."""
        return int(self.entry["decimals"])

    @property
    def curve(self) -> Curve:
        """The compiled borrow curve."""
        names = ("base_rate", "slope_1", "slope_2", "kink")
        return Curve(**{name: self.fields[name] for name in names})

    def decayed(self, age: int) -> int:
        """The price that is served at an age beyond T, rounded down."""
        fields = self.fields
        exponent = fields["decay_step"], fields["decay_rate"]
        limits = fields["decay_floor"], fields["primary_staleness"]
        return self.price * decay_factor(*exponent, *limits, age) // WAD

    # --- what is so on chain ----------------------------------------------------------------------

    def status(self) -> Status:
        """The oracle's verdict now."""
        return Status(self.oracle.functions.status().call()[0])

    def paused(self, status: Status) -> str:
        """The oracle's own error in a pause, which a venue passes on."""
        return f"Paused(asset={self.token.address.lower()}, status={status:d})"

    # --- what is done -----------------------------------------------------------------------------

    def say(self, price: int, at: int | None = None) -> None:
        """Both feeds answer."""
        for feed in self.feeds:
            self.local.send(feed.functions.push(price, at or self.local.now()))

    def poke(self) -> None:
        """Anyone lets the oracle look, which moves its checkpoint or persists a trip."""
        self.local.send(self.oracle.functions.poke(), self.local.liquidator)

    def fall_silent(self) -> int:
        """The feeds answer once more, and the checkpoint is theirs; returns when that was."""
        heard = self.local.now()
        self.say(self.price, heard)
        self.poke()
        return heard

    def fall(self) -> int:
        """Both feeds fall beyond the band and somebody pokes; returns where they fell to."""
        fallen = int(self.price * FALLEN)
        self.say(fallen)
        self.poke()
        return fallen

    def reset_to(self, price: int) -> Any:
        """The governor's restart at a reviewed price of now, good for this pause alone."""
        arguments = self.token.address, price, self.local.now(), self.epoch()
        return self.steward.functions.resetOracle(*arguments)

    def epoch(self) -> int:
        """How often the oracle tripped or was reset."""
        return int(self.oracle.functions.stored(_CONTEST).call() >> _EPOCH)


_CONTEST, _EPOCH = 2, 64
"""The contest word of `IFallbackOracle.Word`; its epoch's offset, `OracleWords.sol`."""
