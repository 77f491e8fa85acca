"""What is looked at between flushes: lag, and whether topics are still the same ones."""

import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from connectors.kafka.errors import Outage
from flows.metrics.meter import Meter
from flows.processor.processor import Processor
from flows.processor.shard import Hold
from flows.processor.upkeep import Upkeep, _same_topics
from state.fence import Position
from state.store.shard_store import Refused


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
    )
    processor = SimpleNamespace(
        shards=[shard],
        consumer=consumer,
        meter=meter,
    )
    Upkeep(cast(Processor, processor))._lag()
    assert meter.value("touchline_lag_events", topic="t", shard="3") == lag


def knowing(**ids: str) -> Any:
    """A processor that knew these topics by these ids at its start."""
    meter = Meter()
    meter.set("touchline_kafka_up", 1)
    outage = Outage(logging.getLogger("test"), lambda up: meter.set("touchline_kafka_up", up))
    return SimpleNamespace(topic_ids=ids, inputs=("b",), meter=meter, outage=outage)


@pytest.mark.parametrize(("answer", "got"), [({"a": "1", "b": "3"}, "3"), ({"a": "1"}, "no topic")])
def test_a_topic_with_another_id_or_none_is_refused_by_name(answer: Any, got: str) -> None:
    with pytest.raises(Refused, match=f"b was deleted or made anew: .* 2, got {got};") as told:
        _same_topics(knowing(a="1", b="2"), answer)
    assert "begin with an empty Redis" in str(told.value)


def test_an_output_that_is_made_anew_asks_for_a_new_start_and_no_more() -> None:
    with pytest.raises(Refused, match=r"topic a was deleted or made anew: .*; start again$"):
        _same_topics(knowing(a="1", b="2"), {"a": "7", "b": "2"})


def test_the_same_topics_and_no_answer_at_all_are_no_reason_to_stop() -> None:
    processor = knowing(a="1")
    _same_topics(processor, KafkaException(KafkaError(KafkaError._TIMED_OUT)))
    assert processor.meter.value("touchline_kafka_up") == 0
    assert processor.outage.why is not None
    _same_topics(processor, {"a": "1"})
    assert processor.meter.value("touchline_kafka_up") == 1
    assert processor.outage.why is None
