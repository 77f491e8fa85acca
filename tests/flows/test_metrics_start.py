"""A process that waits for a server from its start on does not look as if all were well."""

import threading
from pathlib import Path

import pytest

from flows.metrics.meter import Meter
from flows.processor import start
from flows.settings import Settings

RETAIL = Path(__file__).resolve().parents[2] / "playbooks/retail.yaml"


@pytest.mark.parametrize(("worker", "shards"), [((1, 1), 6), ((2, 4), 2)])
def test_its_shards_wait_while_kafka_is_waited_for(
    worker: tuple[int, int], shards: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(partitions=6, playbook=str(RETAIL))
    meter = Meter.for_flow("touchpoints", settings)
    waiting: list[float] = []

    def told_to_stop_meanwhile(*_: object) -> None:
        waiting.append(meter.value("touchline_shards_waiting"))

    monkeypatch.setattr(start, "wait_for_kafka", told_to_stop_meanwhile)
    processor = start.start_processor(
        settings, meter, threading.Event(), lambda: pytest.fail("it is not ready"), worker
    )
    assert processor is None
    assert waiting == [shards]
    assert meter.value("touchline_shards_owned") == 0
