"""The bare loop does what it is compared for: the same profiles, a record for each event."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import msgspec
import pytest
import redis
from confluent_kafka import Consumer, TopicPartition

from benchmarks.backlog import Record, fill
from benchmarks.bare_loop import PROFILE, Row, touchpoint
from benchmarks.progress import Progress
from benchmarks.rig import Rig, child, services
from connectors.events.decode import decode
from connectors.kafka.topics import ENRICHED, channel_topic
from flows.local.services import MissingExtra
from flows.settings import Settings
from flows.simulate.stream import CLEAN_KIND, LATE_KIND, stream
from state.fold import fold
from state.profile import Profile, encode_profile
from state.touchpoint import Touchpoint

NOW_MS = time.time_ns() // 1_000_000
EVENTS = 3_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc")


@pytest.fixture
def rig() -> Iterator[Rig]:
    """Servers as the benchmarks start them."""
    try:
        with services() as rig:
            yield rig
    except MissingExtra as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a service is missing in CI: {missing}")
        pytest.skip(str(missing))


def good_events(people: int) -> list[Record]:
    """Events of all channels, none of them broken, none a repeat."""
    emissions = stream(7, people, NOW_MS - 3_600_000, 0)
    good = (event for event in emissions if event.kind in (CLEAN_KIND, LATE_KIND))
    return [(channel_topic(e.channel), e.value, e.key) for e in islice(good, EVENTS)]


def work_off(rig: Rig, records: list[Record]) -> int:
    """Run the bare loop over `records`; how many events it says it took."""
    fill(rig, records, Progress(None), "test")
    with child(rig, "bare", "benchmarks.bare_loop") as loop:
        deadline = time.monotonic() + 30
        while not loop.more():
            loop.check()
            assert time.monotonic() < deadline
            time.sleep(0.02)
    (said,) = loop.more()
    return int(said["events"])


def produced(rig: Rig, count: int) -> list[Row]:
    """`count` records of the enriched topic, a customer's in the order they were produced in."""
    consumer = Consumer({"bootstrap.servers": rig.kafka.bootstrap_servers, "group.id": "test"})
    parts = range(Settings().partitions)
    consumer.assign([TopicPartition(ENRICHED, part, 0) for part in parts])
    rows: list[Row] = []
    deadline = time.monotonic() + 30
    while len(rows) < count:
        assert time.monotonic() < deadline, f"{len(rows)} of {count} records"
        for message in consumer.consume(1_000, 0.2):
            assert message.error() is None
            rows.append(msgspec.json.decode(message.value() or b"", type=Row))
    consumer.close()
    return rows


def test_its_profiles_are_those_of_the_products_own_decoding_and_fold(rig: Rig) -> None:
    records = good_events(people=200)
    assert work_off(rig, records) == EVENTS
    rows = produced(rig, EVENTS)
    # Nothing is left out and nothing is changed on the way.
    assert Counter(bytes(row.original) for row in rows) == Counter(value for _, value, _ in records)
    # Channels have no order among them here: so fold in the order in which the loop did.
    profiles: dict[str, Profile] = {}
    for row in rows:
        event = decode(bytes(row.original), row.channel, 0, NOW_MS)  # it notes no time of receipt
        assert isinstance(event, Touchpoint)
        assert (row.id, row.customer_id, row.event) == (event.id, event.customer_id, event.name)
        assert row.at_ms == event.at_ms
        assert fold(profiles.setdefault(event.customer_id, Profile()), event, {})
    with redis.Redis.from_url(rig.redis.redis_url) as client:
        stored = {key: client.get(key) for key in client.scan_iter(PROFILE + b"*")}
    assert len(profiles) > 100
    assert stored == {
        PROFILE + customer.encode(): encode_profile(profile)
        for customer, profile in profiles.items()
    }


def test_a_repeat_counts_once_and_what_is_no_event_not_at_all(rig: Rig) -> None:
    (topic, value, key), *_ = good_events(people=200)
    others = [(topic, bad, key) for bad in (b"", b"{", b"[1]", b'{"messageId": 1}', b"\xff")]
    assert work_off(rig, [(topic, value, key)] * 3 + others) == 1
    assert [bytes(row.original) for row in produced(rig, 1)] == [value]


def test_it_reads_each_good_event_as_the_product_does() -> None:
    for topic, value, _ in good_events(people=50):
        channel = topic.rpartition(".")[2]
        theirs, ours = touchpoint(value, channel), decode(value, channel, 0, NOW_MS)
        assert isinstance(ours, Touchpoint)
        assert theirs == ours
