"""The page of a backtest: what every policy said, and whether what was promised held."""

from __future__ import annotations

from paramgen.backtest.judge import promises, verdicts
from paramgen.backtest.run import Backtest
from paramgen.backtest.summary import cadence_name, moment
from paramgen.backtest.walk import CompiledFold
from paramgen.report.alarms import alarms_section
from paramgen.report.borrowers import book_sections
from paramgen.report.market import rates_section
from paramgen.report.page import Page, Section, Table, Warnings, rows
from paramgen.report.promises import promise_section
from paramgen.report.verdicts import asset_section

_DAY = 86_400


def backtest_page(found: Backtest) -> Page:
    """The whole page of a backtest."""
    judged, promised = verdicts(found), promises(found)
    sections = [alarms_section(found, judged)]
    for asset in found.request.assets:
        sections.append(asset_section(found, asset))
        sections += [promise_section(found, one) for one in promised if one.asset == asset]
        sections += book_sections(found, asset)
        rates = [one for one in found.rates if one.asset == asset]
        sections += [rates_section(rates)] if rates else []
    return Page(
        title=f"Backtest: {found.request.loaded.book.name}",
        summary=(
            "Parameters compiled on the past alone, replayed over what followed through the "
            "contracts' own integer arithmetic."
        ),
        facts=_facts(found),
        sections=(*sections, _folds_section(found)),
    )


def _facts(found: Backtest) -> tuple[tuple[str, str], ...]:
    request = found.request
    rules = request.loaded.policy.oracle
    window = "all of the past" if request.walk.window is None else _days(request.walk.window)
    reset = "never" if request.reset_after is None else f"{request.reset_after} s after a trip"
    return (
        ("confidence", f"{float(request.loaded.policy.confidence):.4g}"),
        ("false alarms stated", f"{float(rules.false_alarms):g} a year"),
        ("history before the first fold", _days(request.walk.training)),
        ("fold", _days(request.walk.fold)),
        ("fitted", window),
        ("keeper pokes every", ", ".join(cadence_name(one) for one in request.cadences)),
        ("reset", reset),
        *(
            (item.role, f"{item.file} · sha256 {item.sha256[:16]}…")
            for item in request.loaded.inputs
        ),
    )


def _folds_section(found: Backtest) -> Section:
    refused = tuple(
        f"{one.asset}, fold from {moment(one.fold.start)}: nothing lands. {one.refusal}"
        for one in found.compiled
        if one.refusal
    )
    table = Table(
        "What was compiled at the start of each fold",
        (
            "asset", "from", "T, s", "z", "σ a √year", "X down", "w, s", "windows", "tolerance",
            "q over H_p", "band by",
        ),
        rows([_fold_row(one) for one in found.compiled if one.configuration is not None]),
    )  # fmt: skip
    blocks = (Warnings(refused), table) if refused else (table,)
    return Section("Folds", ("Each row rests on answers before its date alone.",), blocks)


def _fold_row(one: CompiledFold) -> tuple[object, ...]:
    word = one.configuration
    if word is None:
        return ()
    return (
        one.asset, moment(one.fold.start), word.primary_staleness, f"{one.z:.4g}",
        f"{one.volatility:.4g}", f"{word.band_down / 1e5:.3%}", word.band_window,
        word.band_windows, f"{word.tolerance / 1e5:.3%}", f"{one.loss:.3%}",
        (one.labels or {}).get("band", "declared"),
    )  # fmt: skip


def _days(seconds: int) -> str:
    return f"{seconds / _DAY:g} d"
