"""What a book asks of each history that an asset of it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from paramgen.edge.calibrations import book_tasks
from paramgen.edge.feeds import Days
from tests.support.feeds import DAY, HOUR, made_prices, with_feed

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def two_feeds(folder):
    """An asset whose secondary is published daily, within 2 %, and has a history of its own."""
    base = with_feed(folder, made_prices(27, seed=7))
    asset = base.book.assets["eth"]
    primary = asset.oracle.primary
    daily = primary.model_copy(
        update={
            "history": None,
            "heartbeat": primary.heartbeat.at(primary.heartbeat.value * 24),
            "deviation": primary.deviation.at(primary.deviation.value * 4),
        }
    )
    oracle = asset.oracle.model_copy(update={"secondary": daily})
    assets = {**base.book.assets, "eth": asset.model_copy(update={"oracle": oracle})}
    book = base.book.model_copy(update={"assets": assets})
    return with_feed(
        folder, made_prices(27, seed=8), "eth.secondary", replace(base, book=book)
    )  # fmt: skip


def test_a_history_of_the_secondary_alone_is_held_to_what_is_known_of_the_secondary(tmp_path):
    first, second = book_tasks(two_feeds(tmp_path), "eth", Days(NOW), float(DAY))
    assert first.settings.heartbeat == HOUR
    assert (first.settings.deviation, first.settings.second_deviation) == (0.005, 0.02)
    assert len(first.seconds) == 1
    asked = second.settings
    assert (asked.heartbeat, asked.deviation, asked.second_deviation) == (DAY, 0.02, 0.0)
    assert asked.horizon is None  # its z is over its own staleness limit
    assert not second.seconds
    same = {"heartbeat", "deviation", "second_deviation"}
    assert first.settings.model_dump(exclude=same) == asked.model_dump(exclude=same)
