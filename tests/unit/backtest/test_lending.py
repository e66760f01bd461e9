"""The landed rate model under drawn flows: it is the landed one, and the draws are the policy's."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from paramgen.backtest.lending import HOUR, lending_runs
from paramgen.backtest.run import compile_tasks
from paramgen.backtest.walk import compile_fold
from paramgen.compiler.build import compile_asset
from paramgen.mirror.rate import WAD
from tests.support.feeds import made_prices, request, with_feed


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    asked = request(with_feed(tmp_path_factory.mktemp("lending"), made_prices(35, seed=2)))
    return asked.loaded, tuple(compile_fold(task) for task in compile_tasks(asked))


def test_every_fold_that_landed_runs_for_its_length_at_the_landed_curve(walked):
    loaded, compiled = walked
    runs = lending_runs(loaded, compiled)
    landed = [one for one in compiled if one.integers is not None]
    assert [run.fold for run in runs] == [one.fold.index for one in landed] != []
    for run, one in zip(runs, landed, strict=True):
        assert asdict(run.curve) == {name: one.integers[name] for name in asdict(run.curve)}
        assert run.path.utilisation.size == (one.fold.end - one.fold.start) // HOUR
        assert run.path.utilisation[0] == pytest.approx(run.curve.kink / WAD, abs=1e-6)


def test_lenders_ask_what_the_compiler_priced(walked):
    """y_L back from the integers that landed: no lower than compiled, and not by a basis point."""
    loaded, compiled = walked
    wanted = compile_asset(loaded, "eth").derived.value("lender_yield")
    run = lending_runs(loaded, compiled)[-1]
    assert wanted <= run.asked + 1e-9
    assert run.asked == pytest.approx(wanted, abs=1e-4)


def test_folds_draw_their_own_flows_and_the_same_ones_again(walked):
    loaded, compiled = walked
    first, again = lending_runs(loaded, compiled), lending_runs(loaded, compiled)
    assert first[0].path.supply.tobytes() == again[0].path.supply.tobytes()
    if len(first) > 1:
        hours = min(run.path.supply.size for run in first)
        assert not np.array_equal(first[0].path.supply[:hours], first[1].path.supply[:hours])


def test_the_price_of_risk_is_what_lenders_earn_at_the_kink(walked):
    loaded, compiled = walked
    run = lending_runs(loaded, compiled)[0]
    assert run.path.lender_rate[0] == pytest.approx(run.asked, rel=1e-6)
