"""What must be shown on real histories (spec 3.5–3.7); the figures of docs/backtest.md."""

from __future__ import annotations

import math
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paramgen.backtest.events import Guard
from paramgen.backtest.judge import promises, verdicts
from paramgen.backtest.run import run
from paramgen.backtest.statistics import Light
from paramgen.edge.backtest_request import Options, read_request
from tests.support.feeds import FEEDS
from tests.support.histories import needed

KRAKEN = "usdc-depeg/kraken_usdc_usd_1min.parquet"
ROUNDS = "chainlink-rounds/eth_usd.csv"
DAY = 86_400
CADENCES = ("1 h", "1 d", "update")


def usdc(**options):
    history = f"usdc={needed(KRAKEN)},time=timestamp,price=close"
    return run(read_request(FEEDS, Options(histories=[history], cadences=CADENCES, **options)))


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def depeg():
    return verdicts(
        usdc(
            train="9 d", fold="12 d", against=["step-5", "step-8"],
            episodes=["depeg=2023-03-10T12:00..2023-03-22:0.97"],
        )
    )  # fmt: skip


def test_a_pair_fitted_before_10_march_pauses_before_97_at_every_cadence(depeg):
    for one in depeg:
        if one.policy == "paramgen":
            (found,) = one.detections
            assert found.detected == at("2023-03-10T21:52")
            assert found.price == 0.9957
            assert found.crossed == at("2023-03-11T03:33")
            assert found.in_time


def test_the_single_step_rule_of_5_to_8_percent_never_pauses(depeg):
    steps = [one for one in depeg if one.policy.startswith("step-")]
    assert len(steps) == 2 * len(CADENCES)
    for one in steps:
        assert one.detections[0].detected is None
        assert sum(alarms.count for alarms in one.alarms) == 0


def test_no_calm_day_alarms_and_the_stated_rate_lies_in_the_interval():
    """Six days, each fitted on those before it alone: 4 to 9 March."""
    found = usdc(train="3 d", fold="1 d", episodes=["depeg=2023-03-10..2023-03-22"])
    for one in verdicts(found):
        for alarms in one.alarms:
            assert alarms.count == 0
            assert alarms.years == pytest.approx(6 / 365)
            assert alarms.within
            assert alarms.interval.high == pytest.approx(-math.log(0.025) / alarms.years)


@pytest.fixture(scope="module")
def eth():
    history = f"eth={needed(ROUNDS)},time=update,price=answer,decimals=8"
    return run(read_request(FEEDS, Options(histories=[history], cadences=CADENCES)))


def test_decay_covers_99_percent_out_of_sample_at_every_age_and_a_gaussian_z_does_not(eth):
    (found,) = promises(eth)
    for row in found.decay:
        assert row.held / row.pairs >= 0.99, row.age
    at_limit, gaussian = found.decay[0], found.gaussian[0]
    assert at_limit.pairs == gaussian.pairs == 5_006
    assert round(at_limit.held / at_limit.pairs, 4) == 0.9932
    assert round(gaussian.held / gaussian.pairs, 4) == 0.9806


def test_the_loss_quantile_of_eth_passes_every_test_out_of_sample(eth):
    loss = promises(eth)[0].loss
    assert (loss.observations, loss.exceptions) == (341, 3)
    assert loss.light is Light.GREEN
    assert not any(test.rejected for test in (loss.coverage, loss.independent, loss.conditional))
    haircut = promises(eth)[0].haircut
    assert haircut.exceptions <= loss.exceptions
    assert haircut.light is Light.GREEN


def breaker_alarms(found):
    """Alarms of the breaker by cadence, seconds."""
    return {
        one.cadence: alarms
        for one in verdicts(found)
        for alarms in one.alarms
        if alarms.guard is Guard.BREAKER
    }


def test_eth_alarms_no_more_often_than_stated_by_the_keeper_named(eth):
    """The policy's keeper pokes each hour; one who pokes daily is beyond what the fit promises."""
    found = breaker_alarms(eth)
    assert {cadence: alarms.count for cadence, alarms in found.items()} == {0: 1, 3600: 2, DAY: 6}
    assert found[0].within
    assert found[3600].within
    assert not found[DAY].within
    assert all(one.alarms[1].count == 0 for one in verdicts(eth))


def test_a_policy_that_names_a_daily_keeper_is_fitted_to_his_anchors(tmp_path):
    book = Path(shutil.copytree(FEEDS.parent, tmp_path / "rwa")) / FEEDS.name
    policy = book.with_name("policy.yaml")
    policy.write_text(policy.read_text().replace("poke_interval: 1 h", "poke_interval: 1 d"))
    history = f"eth={needed(ROUNDS)},time=update,price=answer,decimals=8"
    found = run(read_request(book, Options(histories=[history], cadences=CADENCES)))
    for alarms in breaker_alarms(found).values():
        assert alarms.count <= 1
        assert alarms.within
