"""The summary of a backtest as one document: canonical, quantised, the same on any machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from paramgen.backtest.borrowers import BookRun
from paramgen.backtest.coverage import Covered
from paramgen.backtest.judge import (
    Alarms,
    Detection,
    Promise,
    Verdict,
    promises,
    verdicts,
)
from paramgen.backtest.lending import LendingRun
from paramgen.backtest.run import EVERY_UPDATE, Backtest, Episode, Request
from paramgen.backtest.statistics import LikelihoodRatio, QuantileTest, share_interval
from paramgen.backtest.utilisation import QUANTILES
from paramgen.backtest.walk import CompiledFold
from paramgen.params.history import quantise

SCHEMA = "paramgen/backtest/1"


def document(found: Backtest) -> dict[str, Any]:
    """Everything that a reader or a machine may want to hold against the histories."""
    return {
        "schema": SCHEMA,
        "asked": _asked(found.request),
        "folds": [_fold(fold) for fold in found.compiled],
        "policies": [_verdict(one) for one in verdicts(found)],
        "promises": {one.asset: _promise(one) for one in promises(found)},
        "books": [_book(one) for one in found.books],
        "rates": [_rates(one) for one in found.rates],
    }


def real(value: float | None) -> float | None:
    """A real cut to six digits; None for what has no value."""
    return None if value is None or not math.isfinite(value) else quantise(value)


def moment(seconds: float | None) -> str | None:
    """A time in UTC to the second."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cadence_name(cadence: int) -> str:
    """A cadence as the command line takes it."""
    return "update" if cadence == EVERY_UPDATE else f"{cadence} s"


def _asked(request: Request) -> dict[str, Any]:
    rules = request.loaded.policy.oracle
    return {
        "book": request.loaded.book.name,
        "inputs": [
            {"role": item.role, "file": item.file, "sha256": item.sha256}
            for item in request.loaded.inputs
        ],
        "assets": list(request.assets),
        "policies": [policy.name for policy in request.policies],
        "cadences": [cadence_name(cadence) for cadence in request.cadences],
        "training_s": request.walk.training,
        "fold_s": request.walk.fold,
        "window_s": request.walk.window,
        "reset_after_s": request.reset_after,
        "confidence": real(float(request.loaded.policy.confidence)),
        "false_alarms_per_year": real(float(rules.false_alarms)),
        "decay": rules.decay,
        "fit_cadence_s": real(float(rules.poke_interval)),
        "episodes": [_episode(one) for one in request.episodes],
    }


def _episode(one: Episode) -> dict[str, Any]:
    return {
        "name": one.name,
        "asset": one.asset or None,
        "start": moment(one.start),
        "end": moment(one.end),
        "level": real(one.level),
    }


def _fold(found: CompiledFold) -> dict[str, Any]:
    return {
        "asset": found.asset,
        "fold": found.fold.index,
        "fitted_from": moment(found.fold.fitted_from),
        "start": moment(found.fold.start),
        "end": moment(found.fold.end),
        "refusal": found.refusal or None,
        "integers": None if found.integers is None else dict(found.integers),
        "z": real(found.z),
        "gaussian_z": real(found.gaussian_z),
        "volatility": real(found.volatility),
        "loss_quantile": real(found.loss),
        "horizon_s": found.horizon or None,
        "labels": dict(found.labels or {}),
    }


def _verdict(one: Verdict) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "policy": one.policy,
        "cadence": cadence_name(one.cadence),
        "folds": one.folds,
        "false_alarms": {alarms.guard.value: _alarms(alarms) for alarms in one.alarms},
        "episodes": [_detection(found) for found in one.detections],
        "missed": [found.episode.name for found in one.detections if found.detected is None],
    }


def _alarms(found: Alarms) -> dict[str, Any]:
    return {
        "count": found.count,
        "years": real(found.years),
        "per_year": real(found.rate),
        "interval": [real(found.interval.low), real(found.interval.high)],
        "stated": real(found.stated),
        "stated_within": found.within,
        "paused": real(found.paused),
    }


def _detection(found: Detection) -> dict[str, Any]:
    return {
        "name": found.episode.name,
        "detected": moment(found.detected),
        "delay_s": found.delay,
        "price": real(found.price),
        "noticed": moment(found.noticed),
        "level_crossed": moment(found.crossed),
        "in_time": found.in_time,
    }


def _book(one: BookRun) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "fold": one.fold,
        "policy": one.policy,
        "reset_after_s": one.reset_after,
        **{f"{name}_usd": cents(value) for name, value in asdict(one.outcome.totals).items()},
    }


def _rates(one: LendingRun) -> dict[str, Any]:
    said = one.behaviour
    return {
        "asset": one.asset,
        "fold": one.fold,
        "flows": "synthetic",
        "utilisation": dict(zip(map(str, QUANTILES), map(real, said.quantiles), strict=True)),
        "above_kink": real(said.above_kink),
        "lender_return": real(said.lender_return),
        "risk_price": real(said.asked),
        "pays": said.pays,
        "hours_without_cash": real(said.dry_hours),
        "most_waiting_usd": cents(said.most_waiting),
    }


def cents(value: float) -> float:
    """Dollars to the cent."""
    return round(value, 2) + 0.0


def _promise(one: Promise) -> dict[str, Any]:
    return {
        "decay": _coverage(one.decay),
        "gaussian_decay": _coverage(one.gaussian),
        "loss_quantile": _quantile(one.loss),
        "haircut": _quantile(one.haircut),
    }


def _coverage(rows: Sequence[Covered]) -> dict[str, Any]:
    pairs, held = sum(row.pairs for row in rows), sum(row.held for row in rows)
    return {
        "pairs": pairs,
        "covered": real(held / pairs) if pairs else None,
        "by_age": list(_ages(rows)),
    }


def _ages(rows: Iterable[Covered]) -> Iterable[dict[str, Any]]:
    for row in rows:
        exact = share_interval(row.apart_held, row.apart)
        yield {
            "limits": row.age,
            "age_s": row.seconds,
            "pairs": row.pairs,
            "covered": real(row.held / row.pairs),
            "apart": row.apart,
            "apart_covered": real(row.apart_held / row.apart),
            "interval": [real(exact.low), real(exact.high)],
            "lowest_ratio": real(row.lowest),
            "factor": real(row.factor),
        }


def _quantile(found: QuantileTest) -> dict[str, Any]:
    return {
        "observations": found.observations,
        "exceptions": found.exceptions,
        "probability": real(found.probability),
        "light": found.light.value,
        "kupiec": _ratio(found.coverage),
        "independence": _ratio(found.independent),
        "conditional_coverage": _ratio(found.conditional),
    }


def _ratio(found: LikelihoodRatio | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "statistic": real(found.statistic),
        "freedom": found.freedom,
        "p_value": real(found.p_value),
        "rejected": found.rejected,
    }
