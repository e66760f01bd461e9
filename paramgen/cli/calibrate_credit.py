"""`paramgen calibrate-credit`: default and loss models from counts and panels, as evidence."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml

from paramgen.artefact import MODEL_VERSION, canonical
from paramgen.calibrate.credit import (
    Appetite,
    Bounded,
    GradesFit,
    PanelFit,
    fit_grades,
    fit_panel,
)
from paramgen.cli.output import json_option, percent, show_json, table, with_options
from paramgen.cli.quantities import FiniteRange
from paramgen.edge.files import write_whole
from paramgen.edge.panels import PanelColumns, read_bytes, read_counts, read_panel
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.params.binding import ParameterError
from paramgen.report.credit import grades_page, panel_page
from paramgen.report.page import Page, html

SCHEMA = "paramgen/credit-calibration/1"

Fit = TypeVar("Fit", GradesFit, PanelFit)

_shared_options = with_options(
    click.argument("file", type=click.Path(path_type=Path), metavar="FILE"),
    click.option(
        "--strength", type=FiniteRange(0, min_open=True), default=100.0, show_default=True,
        help="κ of the smoothing, in obligor-years.",
    ),
    click.option(
        "--quantile", type=FiniteRange(0.5, 1, max_open=True), default=0.95,
        show_default=True, help="Of the upper bounds.",
    ),
    click.option(
        "--resamples", type=click.IntRange(100, 100_000), default=1_000, show_default=True,
        help="Of the bootstrap behind the intervals.",
    ),
    click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True),
    click.option(
        "--as-of", type=click.DateTime(["%Y-%m-%d"]), required=True,
        help="What date the data speak of; goes into the book's entry.",
    ),
    click.option(
        "-o", "--output", type=click.Path(path_type=Path, file_okay=False),
        default=Path("evidence"), show_default=True, help="Folder for the evidence.",
    ),
    click.option(
        "--report", type=click.Path(path_type=Path, dir_okay=False), help="Also an HTML page.",
    ),
    json_option,
)  # fmt: skip


@click.group(name="calibrate-credit")
def calibrate_credit() -> None:
    """Fit PD, LGD and signal weights and write them as evidence for a book."""


@calibrate_credit.command()
@_shared_options
def counts(
    *,
    file: Path,
    strength: float,
    quantile: float,
    resamples: int,
    seed: int,
    as_of: datetime,
    output: Path,
    report: Path | None,
    as_json: bool,
) -> int:
    """Fit the PD of every grade to the counts in FILE.

    FILE is CSV or Parquet with a row a period and columns `BBB obligors`, `BBB defaults`, grades
    from best to worst.
    """
    data = read_bytes(file)
    appetite = Appetite(strength, quantile, resamples, seed)
    fit = _fitted(file, lambda: fit_grades(read_counts(data, str(file)), appetite))
    document = _document(file, data, appetite) | {"kind": "counts", **_plain(asdict(fit))}
    page = grades_page(fit, _facts(document))
    _write(file, document, page, output, report)
    if as_json:
        show_json(document)
        return 0
    _show_grades(fit)
    _show_source(file, document, output, f"{as_of:%Y-%m-%d}")
    return 0


@calibrate_credit.command()
@_shared_options
@click.option("--outcome", required=True, help="Column: 1 default, 0 none, or the fraction lost.")
@click.option(
    "--obligor", default="obligor", show_default=True,
    help="Column; rows of one obligor are drawn together.",
)  # fmt: skip
@click.option("--signal", "signals", multiple=True, required=True, help="Column; may be repeated.")
@click.option(
    "--prior", type=FiniteRange(0, 1, min_open=True, max_open=True),
    help="π₀ that the mean outcome is smoothed to; without it, the mean itself.",
)  # fmt: skip
def panel(
    *,
    file: Path,
    strength: float,
    quantile: float,
    resamples: int,
    seed: int,
    as_of: datetime,
    output: Path,
    report: Path | None,
    as_json: bool,
    outcome: str,
    obligor: str,
    signals: tuple[str, ...],
    prior: float | None,
) -> int:
    """Fit the weights of signals to the panel in FILE.

    FILE is CSV or Parquet with a row an obligor and period. The outcome is a default within the
    year (PD) or the fraction lost (LGD); weights are per unit of the signal, on the log-odds.
    """
    data = read_bytes(file)
    appetite = Appetite(strength, quantile, resamples, seed, prior)
    found, dropped = read_panel(data, str(file), PanelColumns(outcome, obligor, signals))
    fit = _fitted(file, lambda: fit_panel(found, appetite))
    document = _document(file, data, appetite) | {
        "kind": "panel", "outcome": outcome, "dropped_rows": dropped, **_plain(asdict(fit)),
    }  # fmt: skip
    page = panel_page(fit, _facts(document))
    _write(file, document, page, output, report)
    if as_json:
        show_json(document)
        return 0
    if dropped:
        click.echo(f"{dropped} rows left out: a signal or the outcome is empty.", err=True)
    _show_weights(fit)
    _show_source(file, document, output, f"{as_of:%Y-%m-%d}")
    return 0


def _fitted(file: Path, fit: Callable[[], Fit]) -> Fit:
    try:
        return fit()
    except ParameterError as error:
        place, bound = Place(str(file)), f"{error.message}."
        problem = Problem(place, error.field, f"{error.value:g}", bound, error.hint)
        raise InvalidInputError([problem]) from None


def _document(file: Path, data: bytes, appetite: Appetite) -> dict[str, Any]:
    source = {"file": file.name, "sha256": hashlib.sha256(data).hexdigest()}
    return {
        "schema": SCHEMA,
        "model": MODEL_VERSION,
        "source": source,
        "appetite": asdict(appetite),
    }


def _plain(value: Any) -> Any:
    """JSON has no NaN: what does not apply is null."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _facts(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    source, appetite = document["source"], document["appetite"]
    shown = ("strength", "quantile", "resamples", "seed")
    return (
        ("file", source["file"]),
        ("sha256", source["sha256"]),
        *((name, f"{appetite[name]:g}") for name in shown),
    )


def _write(
    file: Path, document: dict[str, Any], page: Page, output: Path, report: Path | None
) -> None:
    write_whole(_evidence_path(file, output), canonical(document))
    if report is not None:
        write_whole(report, html(page).encode())


def _evidence_path(file: Path, output: Path) -> Path:
    return output / f"{file.stem}.credit.json"


def _show_grades(fit: GradesFit) -> None:
    table(
        "Default probability over one year",
        ("grade", "defaults", "of", "rate", "90 % interval", "smoothed", "credible", "prudent"),
        (
            (
                grade.grade, f"{grade.defaults:.0f}", f"{grade.obligors:.0f}",
                percent(grade.rate.value), _range(grade.rate), percent(grade.smoothed),
                percent(grade.credible), percent(grade.prudent),
            )
            for grade in fit.grades
        ),
    )  # fmt: skip
    _warn(fit.warnings)


def _show_weights(fit: PanelFit) -> None:
    table(
        "Coefficients of the log-odds per unit of the signal",
        ("signal", "coefficient", "90 % interval", "mean", "deviation"),
        (
            ("intercept", f"{fit.intercept.value:.5g}", _range(fit.intercept, "g"), "", ""),
            *(
                (
                    w.name, f"{w.coefficient.value:.5g}", _range(w.coefficient, "g"),
                    f"{w.mean:.4g}", f"{w.deviation:.4g}",
                )
                for w in fit.weights
            ),
        ),
    )  # fmt: skip
    click.echo(f"mean outcome {percent(fit.base_rate)}, smoothed {percent(fit.smoothed_rate)}")
    _warn(fit.warnings)


def _range(bound: Bounded, form: str = "%") -> str:
    show = percent if form == "%" else "{:.4g}".format
    return f"{show(bound.lower)} – {show(bound.upper)}"


def _warn(lines: tuple[str, ...]) -> None:
    for line in lines:
        click.echo(f"warning: {line}", err=True)


def _show_source(file: Path, document: dict[str, Any], output: Path, as_of: str) -> None:
    """The book's entries for evidence and credit, ready to paste."""
    path = _evidence_path(file, output)
    name = file.stem.replace("_", "-").lower()
    entry = {
        "source": f"Calibrated from {file.name}, sha256 {document['source']['sha256']}",
        "as_of": as_of,
        "kind": "published",
        "file": path.name,
        "sha256": hashlib.sha256(canonical(document)).hexdigest(),
    }
    click.echo(f"\n# {path}, for a book in its folder")
    click.echo(_yaml({"sources": {name: entry}}))
    for title, credit in _credits(document):
        click.echo(f"# {title}")
        click.echo(_yaml({"credit": {"evidence": name, **credit}}))


def _credits(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a book may state of an obligor, by what it is."""
    if document["kind"] == "counts":
        for grade in document["grades"]:
            yield grade["grade"], {"pd": f"{100.0 * grade['credible']:.6g} %"}
        return
    if document["discrimination"] is None:
        yield "an obligor without signals", {"lgd": f"{100.0 * document['smoothed_rate']:.6g} %"}
        return
    signals = {
        weight["name"]: {
            "coefficient": weight["coefficient"]["value"],
            "mean": weight["mean"],
            "deviation": weight["deviation"],
        }
        for weight in document["weights"]
    }
    yield (
        "an obligor by its signals: give each its value",
        {
            "logit": {
                "intercept": document["intercept"]["value"],
                "on_chain": signals,
                "prior": f"{100.0 * document['smoothed_rate']:.6g} %",
                "weight": document["appetite"]["strength"],
                "observations": document["observations"],
            }
        },
    )


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1_000).rstrip()
