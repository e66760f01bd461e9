"""Calibrations as a person reads them: tables, warnings, and the entry for a book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from paramgen.book.calibration import Calibration, Estimate, Tail
from paramgen.cli.output import percent, table
from paramgen.edge.calibration_files import CalibrationFile

COLUMNS = ("parameter", "value", "interval", "method", "n", "clusters", "ξ", "p (AD)")

Row = tuple[str, ...]


def show_calibrations(found: Sequence[Calibration]) -> None:
    """Print every value with its interval and what its tail is worth."""
    share = percent(found[0].resampling.interval, 0)
    table(
        f"Calibrated, with {share} intervals by the stationary block bootstrap",
        ("feed", *COLUMNS),
        ((one.name, *row) for one in found for row in rows(one)),
    )


def rows(found: Calibration) -> Iterator[Row]:
    """Each value of a calibration as cells: parameter, value, interval, and of its tail."""
    if found.staleness is not None:
        limit = found.staleness.limit
        yield ("staleness T", *_cells(limit, _seconds), found.staleness.binding, "", "", "", "")
    if found.price is not None:
        price = found.price
        yield ("σ per √year", *_cells(price.volatility, percent), "realised variance", *[""] * 4)
        yield (f"z over {_seconds(price.horizon)}", *_cells(price.z, _plain), *_of(price.tail))
        yield ("decay, step at T", *_cells(price.chord.step, _small), "zσ√T", *[""] * 4)
        yield ("decay, chord, a second", *_cells(price.chord.rate, _tiny), "zσ√T/T", *[""] * 4)
        yield ("decay, tangent, a second", *_cells(price.tangent.rate, _tiny), "zσ/(2√T)",
               *[""] * 4)  # fmt: skip
    yield from _breaker_rows(found)
    yield from _other_rows(found)


def _breaker_rows(found: Calibration) -> Iterator[Row]:
    breaker = found.breaker
    if breaker is None:
        return
    for name, pair in (("fast", breaker.fast), ("slow", breaker.slow)):
        if pair is None:
            continue
        up = pair.tails.get("up") or pair.tails["both"]
        down = pair.tails.get("down") or pair.tails["both"]
        title = f"{name if breaker.slow else 'accrual'} pair, w {_seconds(pair.window)}"
        yield (f"{title}, X up", *_cells(pair.band_up, percent), *_of(up))
        yield (f"{title}, X down", *_cells(pair.band_down, percent), *_of(down))


def _other_rows(found: Calibration) -> Iterator[Row]:
    if found.tolerance is not None:
        yield ("tolerance", *_cells(found.tolerance.value, percent), *_of(found.tolerance.tail))
    if found.haircut is not None:
        title = f"haircut over {_seconds(found.haircut.horizon)}"
        yield (title, *_cells(found.haircut.loss, percent), *_of(found.haircut.tail))
    if found.outflow is not None:
        title = f"outflow within {_seconds(found.outflow.window)}"
        yield (title, *_cells(found.outflow.share, percent), *_of(found.outflow.tail))


def warnings_of(found: Calibration) -> Iterator[str]:
    """What was left out, refused, or is too thin to be believed."""
    for file in found.inputs:
        left = [f"{count} with {reason}" for reason, count in file.left_out.items()]
        if left:
            yield f"{file.file}: left out {', '.join(left)}; {file.used} rows used"
    for part, reason in found.refused.items():
        yield f"no {part}: {reason}"
    if found.staleness is not None:
        yield from (f"staleness: {text}" for text in found.staleness.warnings)
    for name, tail in tails_of(found):
        yield from (f"{name}: {text}" for text in tail.warnings)


def tails_of(found: Calibration) -> Iterator[tuple[str, Tail]]:
    """Every tail of a calibration by name."""
    if found.price is not None:
        yield "z", found.price.tail
    if found.breaker is not None:
        for name, pair in (("fast pair", found.breaker.fast), ("slow pair", found.breaker.slow)):
            for side, tail in pair.tails.items() if pair is not None else ():
                yield (name if side == "both" else f"X {side}"), tail
    for name in ("tolerance", "haircut", "outflow"):
        section = getattr(found, name)
        if section is not None:
            yield name, section.tail


def evidence_entry(found: CalibrationFile) -> str:
    """The entry under `sources:` of a book, ready to be pasted."""
    calibration = found.calibration
    feed = calibration.inputs[0]
    last = datetime.fromtimestamp(feed.last or 0.0, UTC).date().isoformat()
    return (
        f"  {calibration.name}:\n"
        f'    source: "paramgen calibrate {feed.file}, sha256 {feed.sha256[:16]}…"\n'
        f"    as_of: {last}\n"
        "    kind: calibration\n"
        f"    file: evidence/{found.file}\n"
        f"    sha256: {found.sha256}\n"
    )


def _cells(found: Estimate, show: Callable[[float], str]) -> tuple[str, str]:
    if found.low is None or found.high is None:
        return show(found.value), ""
    return show(found.value), f"{show(found.low)} – {show(found.high)}"


def _of(tail: Tail) -> tuple[str, str, str, str, str]:
    shape = "" if tail.shape is None else f"{tail.shape.value:.2f}"
    fits = "" if tail.anderson_darling is None else f"{tail.anderson_darling:.2g}"
    return tail.method, str(tail.observations), str(tail.clusters or ""), shape, fits


def _seconds(value: float) -> str:
    return f"{value:,.0f} s".replace(",", " ")


def _plain(value: float) -> str:
    return f"{value:.2f}"


def _small(value: float) -> str:
    return f"{value:.5f}"


def _tiny(value: float) -> str:
    return f"{value:.3g}"
