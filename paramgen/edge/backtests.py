"""What a backtest reads beside the book, and what it leaves in a folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from paramgen.backtest.liquidity import PoolHistory
from paramgen.backtest.run import ReplayedFold, Request
from paramgen.backtest.walk import LEGS
from paramgen.book.evidence import Evidence, EvidenceKind, HistoryFormat
from paramgen.book.loaded import InputFile, Loaded, PriceHistory
from paramgen.book.schema import Asset
from paramgen.book.validation import did_you_mean
from paramgen.edge.files import write_whole
from paramgen.edge.histories import HistoryError, read_history
from paramgen.edge.pools import read_pool
from paramgen.errors import Place, Problem

_PLACE = Place("--history")
_KEYS = ("time", "price", "decimals")


@dataclass(frozen=True)
class Given:
    """One history from the command line.

    Attributes
    ----------
    written : as given. asset, leg : whose feed. file : where. form : which columns.
    """

    written: str
    asset: str
    leg: str
    file: Path
    form: HistoryFormat


@dataclass
class _Found:
    """What was read of the histories given, and what was wrong with them."""

    loaded: Loaded
    problems: list[Problem] = field(default_factory=list)


def parse_history(text: str) -> Given:
    """Read `ASSET[.secondary]=FILE[,time=COLUMN][,price=COLUMN][,decimals=N]`.

    Raises
    ------
    ValueError
        Saying what is wrong with the text.
    """
    target, equals, rest = text.partition("=")
    asset, _, leg = target.strip().partition(".")
    file, *parts = rest.split(",")
    if not equals or not asset or not file.strip():
        raise ValueError("is not ASSET=FILE or ASSET.secondary=FILE.")
    if (leg or LEGS[0]) not in LEGS:
        raise ValueError(f"names no feed; {' or '.join(f'{asset}.{one}' for one in LEGS)} does.")
    return Given(text, asset, leg or LEGS[0], Path(file.strip()), _form(parts))


def _form(parts: Sequence[str]) -> HistoryFormat:
    found: dict[str, str | int] = {}
    for part in parts:
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key not in _KEYS or not value:
            raise ValueError(f"has {part.strip()!r}; after the file come {', '.join(_KEYS)}=….")
        found[key] = value
    try:
        return HistoryFormat.model_validate(found)
    except ValidationError as error:
        raise ValueError(f"has decimals that are no count: {error.errors()[0]['msg']}.") from None


def with_histories(loaded: Loaded, given: Sequence[Given]) -> tuple[Loaded, tuple[Problem, ...]]:
    """The book with histories in place of what it declares of these feeds; all problems at once.

    A primary's history stands for the asset's prices as well: gaps, volatility and band are fitted
    to it.
    """
    found = _Found(loaded)
    for history in given:
        _attach(found, history)
    return found.loaded, tuple(found.problems)


def _attach(found: _Found, given: Given) -> None:
    asset = found.loaded.book.assets.get(given.asset)
    if asset is None:
        hint = did_you_mean(given.asset, tuple(found.loaded.book.assets))
        _refuse(found, given, "names no asset of the book.", hint)
        return
    if given.leg == LEGS[1] and asset.oracle.secondary is None:
        hint = f"Declare assets.{given.asset}.oracle.secondary with its heartbeat and tolerance."
        _refuse(found, given, "is for a secondary feed, and the asset has none.", hint)
        return
    try:
        data = given.file.read_bytes()
        history = read_history(data, given.file.name, given.form)
    except OSError as error:
        _refuse(found, given, f"cannot be read: {error.strerror}.")
    except HistoryError as error:
        _refuse(found, given, f"{error.key}: {error.value} {error.bound}", error.hint)
    else:
        found.loaded = _attached(found.loaded, given, data, history)


def _refuse(found: _Found, given: Given, bound: str, hint: str = "") -> None:
    found.problems.append(Problem(_PLACE, given.asset, given.written, bound, hint))


def _attached(loaded: Loaded, given: Given, data: bytes, history: PriceHistory) -> Loaded:
    name = f"history-{given.asset}-{given.leg}"
    sha256 = hashlib.sha256(data).hexdigest()
    source = Evidence(
        source=f"history given for {given.asset}, {given.leg} feed",
        as_of=datetime.fromtimestamp(float(history.times[-1]), UTC),
        kind=EvidenceKind.HISTORY,
        file=given.file.name,
        sha256=sha256,
        history=given.form,
    )
    book = loaded.book
    assets = {**book.assets, given.asset: _resting_on(book.assets[given.asset], given.leg, name)}
    updates = {"assets": assets, "sources": {**book.sources, name: source}}
    return replace(
        loaded,
        book=book.model_copy(update=updates),
        inputs=(*loaded.inputs, InputFile(f"history:{name}", given.file.name, sha256)),
        histories={**loaded.histories, name: history},
    )


def _resting_on(asset: Asset, leg: str, name: str) -> Asset:
    feed = getattr(asset.oracle, leg).model_copy(update={"history": name, "longest_gap": None})
    updates: Mapping[str, object] = {leg: feed}
    if leg != LEGS[0]:
        return asset.model_copy(update={"oracle": asset.oracle.model_copy(update=updates)})
    updates = {**updates, "history": name, "band": None}
    market = asset.market.model_copy(update={"history": name})
    oracle = asset.oracle.model_copy(update=updates)
    return asset.model_copy(update={"market": market, "oracle": oracle})


def parse_pool(text: str) -> tuple[str, Path]:
    """Read `ASSET=FILE`, the history of a pool's tick and active liquidity.

    Raises
    ------
    ValueError
        When it is written otherwise.
    """
    asset, equals, file = (part.strip() for part in text.partition("="))
    if not equals or not asset or not file:
        raise ValueError("is not ASSET=FILE.")
    return asset, Path(file)


def read_pools(
    loaded: Loaded, given: Sequence[tuple[str, Path]]
) -> tuple[Loaded, dict[str, PoolHistory], tuple[Problem, ...]]:
    """The pools' histories by asset, their hashes among the book's inputs; all problems at once."""
    pools: dict[str, PoolHistory] = {}
    problems: list[Problem] = []
    for asset, file in given:
        about = Problem(Place("--pool"), asset, str(file))
        if asset not in loaded.book.assets:
            hint = did_you_mean(asset, tuple(loaded.book.assets))
            problems.append(replace(about, bound="names no asset of the book.", hint=hint))
            continue
        try:
            data = file.read_bytes()
            pools[asset] = read_pool(data, file.name)
        except OSError as error:
            problems.append(replace(about, bound=f"cannot be read: {error.strerror}."))
        except HistoryError as error:
            bound = f"{error.key}: {error.value} {error.bound}"
            problems.append(replace(about, bound=bound, hint=error.hint))
        else:
            sha256 = hashlib.sha256(data).hexdigest()
            item = InputFile(f"pool:{asset}", file.name, sha256)
            loaded = replace(loaded, inputs=(*loaded.inputs, item))
    return loaded, pools, tuple(problems)


# Output ------------------------------------------------------------------------------------------

EVENTS, SUMMARY, REPORT = "events.parquet", "summary.json", "report.html"

_EVENTS = pa.schema(
    [
        ("time", pa.timestamp("s", tz="UTC")),
        ("asset", pa.string()),
        ("policy", pa.string()),
        ("cadence", pa.int64()),
        ("fold", pa.int32()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("price", pa.int64()),
        ("cause", pa.string()),
    ],
    metadata={"price": "8 decimals", "cadence": "seconds, 0 for every update"},
)


def identity(request: Request) -> dict[str, str]:
    """What a backtest is made from: every file by its hash, every price, and what is asked."""
    loaded = request.loaded
    whole = hashlib.sha256()
    for name, history in sorted(loaded.histories.items()):
        whole.update(name.encode() + history.times.tobytes() + history.prices.tobytes())
    asked = [request.assets, request.walk, request.policies, request.cadences, request.episodes]
    files = [(item.role, item.sha256) for item in loaded.inputs]
    return {
        "prices": whole.hexdigest(),
        "files": repr(files),
        "asked": repr((asked, request.reset_after)),
    }


def events_parquet(replayed: Sequence[ReplayedFold]) -> bytes:
    """Every event of these folds, in order of asset, fold, policy, cadence and time."""
    rows = [
        {
            "time": event.time,
            "asset": fold.asset,
            "policy": fold.policy,
            "cadence": fold.cadence,
            "fold": fold.fold.index,
            "before": event.before.name.lower(),
            "after": event.after.name.lower(),
            "price": event.price,
            "cause": event.cause,
        }
        for fold in replayed
        for event in fold.events
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=_EVENTS), sink, compression="zstd")
    return bytes(sink.getvalue())


@contextmanager
def streamed_events(folder: Path) -> Iterator[Callable[[int, object], None]]:
    """Lend a taker of results that leaves each fold's events as a part while the run lasts.

    The parts are whole files and stand beside where the events will. A run that is killed leaves
    them to be looked at; the next one writes them anew, of the folds it takes from before as well.
    """
    parts = folder / f"{EVENTS}.parts"
    shutil.rmtree(parts, ignore_errors=True)

    def take(index: int, result: object) -> None:
        if isinstance(result, ReplayedFold):
            write_whole(parts / f"part-{index:06d}.parquet", events_parquet([result]))

    try:
        yield take
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def write_results(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files of a backtest, each whole; all bytes are at hand before the first."""
    for name, content in files.items():
        write_whole(folder / name, content)
