"""Tests of exceptions and intervals, held against published figures."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paramgen.backtest.statistics import (
    Light,
    conditional_coverage,
    independence,
    judge_quantile,
    kupiec,
    poisson_interval,
    share_interval,
    smallest_sample,
    traffic_light,
)
from tests.support.shared import reference_case


def flags(*at, size):
    found = np.zeros(size, dtype=bool)
    found[list(at)] = True
    return found


def test_kupiec_and_basel_agree_with_the_reference_case():
    case = reference_case("case-17")
    n, p, out = case["in"]["n"], case["in"]["p"], case["out"]
    kept = [x for x in range(20) if not kupiec(x, n, p).rejected]
    assert kept == out["non_reject"]
    assert kupiec(10, n, p).statistic == pytest.approx(out["LR_x10"], abs=5e-5)
    for x in (4, 9):
        assert stats.binom.cdf(x, 250, p) == pytest.approx(out[f"P(X<={x}|250)"], abs=5e-5)


def test_the_basel_zones_begin_at_five_and_at_ten_of_250():
    zones = [traffic_light(x, 250, 0.01) for x in range(12)]
    assert zones == [Light.GREEN] * 5 + [Light.YELLOW] * 5 + [Light.RED] * 2


def test_fewer_than_192_observations_are_insufficient_whatever_was_seen():
    assert smallest_sample(0.01) == 192
    assert not kupiec(0, 191, 0.01).rejected
    assert kupiec(0, 192, 0.01).rejected
    assert traffic_light(0, 191, 0.01) is Light.INSUFFICIENT
    assert traffic_light(30, 191, 0.01) is Light.INSUFFICIENT
    assert traffic_light(0, 192, 0.01) is Light.GREEN
    assert judge_quantile(np.zeros(191, dtype=bool), 0.01).coverage is None


def test_exceptions_in_a_row_are_dependent_and_the_same_number_apart_are_not():
    together, apart = flags(100, 101, 102, 103, size=300), flags(20, 90, 170, 260, size=300)
    assert independence(together).rejected
    assert not independence(apart).rejected
    assert not kupiec(4, 300, 0.01).rejected
    assert conditional_coverage(together, 0.01).rejected
    assert not conditional_coverage(apart, 0.01).rejected


def test_independence_is_the_likelihood_ratio_of_two_explicit_chains():
    seen = flags(3, 4, 9, 20, 21, 22, size=40)
    pairs = list(itertools.pairwise(seen))
    n = {(a, b): sum(p == (a, b) for p in pairs) for a in (False, True) for b in (False, True)}
    calm = n[False, True] / (n[False, False] + n[False, True])
    hit = n[True, True] / (n[True, False] + n[True, True])
    rate = (n[False, True] + n[True, True]) / len(pairs)
    chain = sum(
        count * np.log((hit if a else calm) if b else 1 - (hit if a else calm))
        for (a, b), count in n.items()
    )
    free = sum(count * np.log(rate if b else 1 - rate) for (_, b), count in n.items())
    assert independence(seen).statistic == pytest.approx(2 * (chain - free))


def test_no_exception_at_all_gives_no_evidence_of_dependence():
    assert independence(np.zeros(300, dtype=bool)).statistic == 0.0


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904)]
)
def test_the_poisson_interval_is_garwood_s_table(events, low, high):
    found = poisson_interval(events, 1.0)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)
    half = poisson_interval(events, 0.5)
    assert (half.low, half.high) == pytest.approx((2 * found.low, 2 * found.high))


def test_the_share_interval_is_the_beta_form_of_clopper_and_pearson():
    found = share_interval(98, 100)
    assert found.low == pytest.approx(stats.beta.ppf(0.025, 98, 3))
    assert found.high == pytest.approx(stats.beta.ppf(0.975, 99, 2))
    assert share_interval(5, 5).high == 1.0


@given(trials=st.integers(1, 2_000), data=st.data())
def test_every_interval_holds_what_it_was_made_from(trials, data):
    successes = data.draw(st.integers(0, trials))
    assert successes / trials in share_interval(successes, trials)
    assert successes / 3.0 in poisson_interval(successes, 3.0)


@given(exceptions=st.lists(st.booleans(), min_size=192, max_size=400))
def test_likelihood_ratios_are_never_negative_and_p_values_are_probabilities(exceptions):
    found = judge_quantile(np.array(exceptions), 0.01)
    for test in (found.coverage, found.independent, found.conditional):
        assert test.statistic >= 0.0
        assert 0.0 <= test.p_value <= 1.0
