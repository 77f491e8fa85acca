"""What /readyz says of a touchpoints flow, by its metrics."""

import threading

import pytest

from flows.commands.run import not_ready
from flows.metrics.meter import Meter
from flows.settings import Settings

ASSIGNED = 4


@pytest.mark.parametrize(
    ("owned", "waiting", "said"),
    [
        (4, 0, None),
        (3, 1, "1 shards wait for Kafka or Redis"),
        (3, 0, "1 of its 4 shards were taken by another process"),
        (0, 4, "4 shards wait for Kafka or Redis"),
    ],
)
def test_a_shard_that_waits_or_was_taken_by_another_is_told(
    owned: int, waiting: int, said: str | None
) -> None:
    meter = Meter.for_flow("touchpoints", Settings())
    meter.set("touchline_kafka_up", 1)
    for name, count in (("assigned", ASSIGNED), ("owned", owned), ("waiting", waiting)):
        meter.set(f"touchline_shards_{name}", count)
    is_ready = threading.Event()
    assert not_ready("touchpoints", meter, is_ready) == "starting"
    is_ready.set()
    assert not_ready("touchpoints", meter, is_ready) == said
