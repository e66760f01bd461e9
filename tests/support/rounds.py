"""Histories to replay: plausible configurations, and random rounds with moments to ask at."""

from dataclasses import replace
from random import Random

import numpy as np

from paramgen.backtest.replay import Rounds
from paramgen.mirror.oracle import Answer, Configuration, Oracle
from tests.support.oracles import NOW, near, random_rounds, random_times

MINUTE, HOUR, DAY = 60, 3_600, 86_400
ETH = Configuration(
    primary_staleness=3_720,
    secondary_staleness=3_720,
    maximum_age=DAY,
    decay_step=10_000,
    decay_rate=10**7,
    decay_floor=0,
    band_up=5_600,
    band_down=5_600,
    band_windows=24,
    band_window=HOUR,
    accrual=0,
    tolerance=1_000,
    confirm_delay=10 * MINUTE,
)
USDC = replace(
    ETH,
    primary_staleness=10 * MINUTE,
    secondary_staleness=10 * MINUTE,
    band_up=250,
    band_down=250,
    tolerance=50,
)


def rounds_of(answers: list[Answer]) -> Rounds:
    """Answers of any width as rounds."""
    times = np.array([answer.updated_at for answer in answers], dtype=np.int64)
    return Rounds(times, np.array([answer.answer for answer in answers], dtype=object))


def random_history(
    random: Random, oracle: Oracle, count: int = 40
) -> tuple[np.ndarray, np.ndarray, Rounds, Rounds | None]:
    """Moments, pokes, and both legs' rounds; the legs start within reach of each other."""
    start = near(random, oracle.state.anchor, oracle.deployment)
    moments = random_times(random, oracle.configuration, NOW, count)
    legs: list[Rounds | None] = []
    deployment = oracle.deployment
    for decimals in (deployment.primary_decimals, deployment.secondary_decimals):
        if decimals is None or random.random() < 0.05:
            legs.append(None)
            continue
        first = NOW - random.choice((0, 10, oracle.configuration.primary_staleness))
        times = random_times(random, oracle.configuration, first, count)
        legs.append(rounds_of(random_rounds(random, oracle, decimals, times, start)))
    poking = [random.random() < 0.7 for _ in moments]
    return np.array(moments), np.array(poking), legs[0] or rounds_of([]), legs[1]
