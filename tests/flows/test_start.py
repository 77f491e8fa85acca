"""Starting the touchpoints flow."""

import threading
from pathlib import Path

import pytest
import redis

from flows.metrics.meter import Meter
from flows.processor import build, start
from flows.processor.ownership import take_due
from flows.processor.processor import Processor
from flows.settings import Settings
from state.store import wire
from tests.faults.world import PLAYBOOK


def test_being_told_to_stop_while_redis_hangs_at_the_first_take_is_no_failure(
    fresh_topics: str, fresh_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    told = threading.Timer(0.2, stop.set)

    def take_while_it_hangs(processor: Processor) -> None:
        with redis.Redis.from_url(fresh_redis) as client:
            client.client_pause(1_500)
        told.start()
        take_due(processor)

    monkeypatch.setattr(start, "take_due", take_while_it_hangs)
    monkeypatch.setattr(wire, "TIMEOUT_SECONDS", 1.0)
    settings = Settings(
        kafka_bootstrap_servers=fresh_topics, redis_url=fresh_redis, playbook=str(PLAYBOOK)
    )
    meter = Meter()
    started = start.start_processor(settings, meter, stop, pytest.fail, (1, 1))
    assert started is None
    assert meter.value("touchline_redis_up") == 0
    assert meter.value("touchline_redis_outages_total") == 1
    assert meter.value("touchline_shards_lost_total", stage="take", cause="timeout") == 1


def test_every_file_that_has_a_say_in_a_decision_is_in_the_build(tmp_path: Path) -> None:
    for name in build.DECIDING:
        path = tmp_path / name
        path = path if path.suffix else path / "one.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert len(list(build._sources(tmp_path))) == len(build.DECIDING)
    assert all(path.is_file() for path in build._sources(Path(build.__file__).parents[2]))
