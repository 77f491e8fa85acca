"""What is looked at between flushes: whether topics are still the same ones."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from connectors.kafka.errors import Outage
from connectors.kafka.topics import ACTIONS, ENRICHED
from flows.metrics.meter import Meter
from flows.processor import topic_watch, upkeep
from flows.processor.shard import Hold
from flows.processor.topic_watch import AWAY_EVERY_S, EVERY_S, TopicWatch, compare
from flows.processor.upkeep import Upkeep, commit_offsets
from state.fence import Position
from state.store.shard_store import Refused

NOW_NS = 1_800_000_000_123_456_789
NOWHERE = {"bootstrap.servers": "127.0.0.1:1"}


def knowing(**ids: str) -> Any:
    """A processor that knew these topics by these ids at its start."""
    meter = Meter()
    meter.set("touchline_kafka_up", 1)
    outage = Outage(logging.getLogger("test"), lambda up: meter.set("touchline_kafka_up", up))
    return SimpleNamespace(topic_ids=ids, inputs=("b",), meter=meter, outage=outage)


def came(answer: Mapping[str, str | None] | KafkaException) -> Mapping[str, Future[Any]]:
    """What the broker says of each topic: its id, or that it has none; or nothing of any."""
    futures: dict[str, Future[Any]] = {}
    for name in ("a", "b", ENRICHED, ACTIONS):
        future: Future[Any] = Future()
        futures[name] = future
        if isinstance(answer, KafkaException):
            future.set_exception(answer)
        elif (topic_id := answer.get(name)) is not None:
            future.set_result(SimpleNamespace(topic_id=topic_id, partitions=[]))
        else:
            future.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
    return futures


SILENT = KafkaException(KafkaError(KafkaError._TIMED_OUT))


@pytest.mark.parametrize(("answer", "got"), [({"a": "1", "b": "3"}, "3"), ({"a": "1"}, "no topic")])
def test_a_topic_with_another_id_or_none_is_refused_by_name(answer: Any, got: str) -> None:
    with pytest.raises(Refused, match=f"b was deleted or made anew: .* 2, got {got};") as told:
        compare(knowing(a="1", b="2"), came(answer))
    assert "`touchline topics accept-recreated b`" in str(told.value)


def test_an_output_that_is_made_anew_asks_for_a_new_start_and_no_more() -> None:
    with pytest.raises(Refused, match=r"topic a was deleted or made anew: .*; start again$"):
        compare(knowing(a="1", b="2"), came({"a": "7", "b": "2"}))


def test_the_output_that_holds_the_plans_is_to_be_restored() -> None:
    """A new start would refuse it, too: what was begun stood there."""
    with pytest.raises(
        Refused, match=rf"or go on: `touchline topics accept-recreated {ENRICHED}`$"
    ):
        compare(knowing(**{ENRICHED: "1", ACTIONS: "2"}), came({ENRICHED: "7", ACTIONS: "2"}))


def test_the_same_topics_and_no_answer_at_all_are_no_reason_to_stop() -> None:
    processor = knowing(a="1")
    compare(processor, came(SILENT))
    assert processor.meter.value("touchline_kafka_up") == 0
    assert processor.outage.why is not None
    compare(processor, came({"a": "1"}))
    assert processor.meter.value("touchline_kafka_up") == 1
    assert processor.outage.why is None


class Asked:
    """An upkeep whose clock stands still until told, and whose broker answers when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s, self.asked_s = 100.0, list[float]()
        self.answers: Mapping[str, Future[Any]] | None = came({"a": "1"})
        """What comes at once; None: nothing."""
        self.waiting: dict[str, Future[Any]] = {}
        clock = SimpleNamespace(monotonic=lambda: self.now_s, time_ns=lambda: NOW_NS)
        monkeypatch.setattr(upkeep, "time", clock)
        monkeypatch.setattr(topic_watch, "ask_topics", self._ask)
        self.processor = knowing(a="1")
        self.processor.shards = []
        self.processor.consumer = SimpleNamespace(commit=list)
        self.processor.settings = SimpleNamespace(kafka_config=NOWHERE)
        monkeypatch.setattr(Upkeep, "_standing", lambda _: None)
        self.upkeep = Upkeep(self.processor)

    def _ask(self, _admin: Any, names: Iterable[str]) -> Mapping[str, Future[Any]]:
        self.asked_s.append(self.now_s)
        self.waiting = {name: Future() for name in names}
        return self.waiting if self.answers is None else self.answers

    def run(self, seconds: float) -> None:
        """Let time pass in steps of a quarter."""
        for _ in range(round(4 * seconds)):
            self.now_s += 0.25
            self.upkeep.run(idle=False)


def test_an_answer_from_before_kafka_went_away_does_not_end_the_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked(monkeypatch)
    asked.run(EVERY_S + 0.25)
    asked.answers = None
    asked.processor.outage.begin("all brokers are down")
    asked.run(2 * EVERY_S)
    assert asked.processor.outage.why == "all brokers are down"


def test_kafka_is_asked_more_often_while_it_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    asked.run(2 * EVERY_S)
    assert asked.asked_s == [100 + EVERY_S, 100 + 2 * EVERY_S]
    asked.run(0.25)
    asked.answers = came(SILENT)
    asked.processor.outage.begin("all brokers are down")
    asked.run(3 * AWAY_EVERY_S)
    assert len(asked.asked_s) == 2 + 3
    asked.answers = came({"a": "1"})
    asked.run(AWAY_EVERY_S + 0.25)
    assert asked.processor.outage.why is None


def test_a_broker_that_does_not_answer_is_asked_nothing_more_and_waited_for_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked(monkeypatch)
    asked.answers = None
    asked.run(3 * EVERY_S)
    assert asked.asked_s == [100 + EVERY_S]
    asked.waiting["a"].set_exception(SILENT)
    asked.run(0.25)
    assert asked.processor.outage.why is not None


def test_gauges_are_looked_at_each_second_and_each_shard_s_offsets_told_every_five(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    standing = Upkeep._standing
    asked, done = Asked(monkeypatch), list[str]()
    monkeypatch.setattr(Upkeep, "_standing", standing)
    monkeypatch.setattr(upkeep, "book_standing", lambda _, now_ms: done.append(f"at {now_ms}"))
    for name in ("kafka", "redis"):
        look = SimpleNamespace(look=partial(done.append, name))
        setattr(asked.processor, name, look)
    fence = SimpleNamespace(positions={"b": Position("2", 7)})
    asked.processor.shards = [
        SimpleNamespace(index=index, hold=Hold.OWNED, fence=fence) for index in range(4)
    ]
    asked.processor.consumer.commit = lambda told: done.extend(
        f"of {shard}" for _, shard, _ in told
    )
    asked.upkeep = Upkeep(asked.processor)
    asked.run(4)
    assert len([one for one in done if one.startswith("of ")]) == 3, "one after the other"
    asked.run(6)
    assert Counter(done) == {
        "kafka": 10,
        "redis": 10,
        f"at {NOW_NS // 1_000_000}": 10,
        **{f"of {shard}": 2 for shard in range(4)},
    }


def test_offsets_are_told_of_the_topics_that_are_read_and_the_shards_that_are_owned() -> None:
    fence = SimpleNamespace(positions={"b": Position("2", 7), "a": Position("1", 9)})
    processor, told = knowing(b="2"), list[tuple[str, int, int]]()
    processor.consumer = SimpleNamespace(commit=told.extend)
    processor.shards = [
        SimpleNamespace(index=index, hold=hold, fence=fence) for index, hold in enumerate(Hold)
    ]
    commit_offsets(processor, processor.shards)
    assert told == [("b", [*Hold].index(Hold.OWNED), 7)]


def test_after_a_long_flush_the_offsets_of_all_shards_that_are_due_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One shard a flush would be each of 64 once in half a minute."""
    asked, told = Asked(monkeypatch), Counter[int]()
    fence = SimpleNamespace(positions={"b": Position("2", 7)})
    asked.processor.shards = [
        SimpleNamespace(index=index, hold=Hold.OWNED, fence=fence) for index in range(64)
    ]
    asked.processor.consumer.commit = lambda offsets: told.update(shard for _, shard, _ in offsets)
    for _ in range(20):
        asked.now_s += 0.5
        asked.upkeep.run(idle=False)
    assert told == dict.fromkeys(range(64), 2)
    asked.now_s += 60
    asked.upkeep.run(idle=False)
    assert told == dict.fromkeys(range(64), 3), "each once, however long it took"


def test_what_the_connection_to_kafka_says_while_it_is_away_is_not_kept() -> None:
    processor = knowing(a="1")
    processor.settings = SimpleNamespace(kafka_config=NOWHERE)
    watch = TopicWatch(processor, 0.0)
    admin: Any = watch.admin
    deadline = time.monotonic() + 30
    while len(admin) < 20:
        assert time.monotonic() < deadline, "it says nothing"
        time.sleep(0.01)
    watch.look(1.0)
    assert len(admin) < 20


def test_a_backoff_of_the_settings_may_be_longer_than_ours() -> None:
    processor = knowing(a="1")
    processor.settings = SimpleNamespace(kafka_config={**NOWHERE, "reconnect.backoff.ms": "2000"})
    TopicWatch(processor, 0.0).look(1.0)
    assert processor.outage.why is None
