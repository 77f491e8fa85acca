"""What is reported of lag: true while catching up, 0 at the end, whatever the mark says."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.metrics.meter import Meter
from flows.processor.processor import Processor
from flows.processor.shard import Hold
from flows.processor.upkeep import Upkeep
from state.fence import Position


@pytest.mark.parametrize(
    ("at", "high", "end_seen", "buffered", "lag"),
    [
        (100, 500, None, [], 400),
        (100, 500, 40, [], 400),
        (500, 510, 500, [], 0),
        (500, 500, 500, ["a record"], 0),
        (500, 498, None, [], 0),
    ],
    ids=["no end seen", "an older end", "at the end, a wrong mark", "a record more", "mark behind"],
)
def test_lag_is_what_is_not_committed(
    at: int, high: int, end_seen: int | None, buffered: list[Any], lag: int
) -> None:
    meter = Meter()
    shard = SimpleNamespace(
        index=3,
        hold=Hold.OWNED,
        profiles={},
        buffer={"t": buffered},
        fence=SimpleNamespace(positions={"t": Position("id", at)}),
    )
    consumer = SimpleNamespace(
        highs=lambda _shard: {"t": high},
        ends={} if end_seen is None else {("t", 3): end_seen},
        errors=list,
    )
    processor = SimpleNamespace(
        shards=[shard],
        consumer=consumer,
        publisher=SimpleNamespace(errors=list),
        meter=meter,
    )
    Upkeep(cast(Processor, processor))._lag()
    assert meter.value("touchline_lag_events", topic="t", shard="3") == lag
