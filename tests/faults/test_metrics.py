"""What /metrics says of a run is what was committed by it."""

import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec import structs

from connectors.kafka.shard_consumer import GROUP
from connectors.kafka.topics import ENRICHED, channel_topic
from flows.metrics.catalogue import STAGES
from state.fence import decode_plan
from tests.faults.conftest import CHANNELS
from tests.faults.watching import Page, metrics, until
from tests.faults.world import PARTITIONS, World, ended

EVENTS = 600
KINDS = {
    "accepted": ("touchline_events_total", "{0}", "accepted"),
    "duplicate": ("touchline_events_total", "{0}", "duplicate"),
    "dead_letter": ("touchline_events_total", "{0}", "dead_letter"),
    "reason": ("touchline_dead_letters_total", "{0}"),
    "offer.decided": ("touchline_offers_decided_total", "{0}"),
    "alert.raised": ("touchline_alerts_raised_total", "{0}"),
    "segment.entered": ("touchline_segment_transitions_total", "entered", "{0}"),
    "segment.exited": ("touchline_segment_transitions_total", "exited", "{0}"),
    "rule_errors": ("touchline_rule_errors_total",),
}
"""Kind of count in Redis → the metric and its labels' values, {0} for what is counted."""


def test_the_metrics_of_a_run_agree_with_redis_and_the_log(world: World) -> None:
    produced = world.fill(EVENTS, int(time.time() * 1000), customers=15)
    produced += long_names(world)
    child = world.start("never", 1, produced + 1)
    look = metrics(child)
    until(lambda: world.accounted() == produced, "all is done")
    # Booked just after the commit that Redis shows.
    until(lambda: sum_of(look(), "touchline_events_total") == produced, "all is booked")
    profiles = world.profiles()
    cached = ("touchline_profiles_cached",)
    until(lambda: look()[cached] == len(profiles), "all that is looked at once a second is told")
    page = look()
    child.terminate()
    ended(child)
    assert child.returncode == 0

    expected: Counter[tuple[str, ...]] = Counter()
    for name, count in world.counters().items():
        kind, _, what = name.partition(":")
        subject = what.removeprefix("touchpoints.")
        expected[tuple(part.format(subject) for part in KINDS[kind])] += count
    named = {metric for metric, *_ in KINDS.values()}
    shown = {key: value for key, value in page.items() if key[0] in named and value}
    assert shown == dict(expected)

    plans = [decode_plan(x.value) for x in world.log(ENRICHED) if x.key is None]
    assert page[("touchline_commits_total",)] == len(plans) == sum(world.commits().values())
    assert sum_of(page, "touchline_lag_events") == 0
    assert page[("touchline_cache_misses_total",)] >= len(profiles)
    assert page[("touchline_cache_hits_total",)] > 0
    assert page[("touchline_trimmed_total",)] == sum(p.trimmed for p in profiles.values()) == 3
    assert page[("touchline_playbook_info", plans[0].playbook)] == 1
    assert page[("touchline_shards_owned",)] == PARTITIONS
    for name in ("shards_waiting", "shards_fenced_total", "flushes_replayed_total"):
        assert page[(f"touchline_{name}",)] == 0, name
    name = "touchline_events_total"
    accepted = sum(value for key, value in page.items() if key[0] == name and "accepted" in key)
    waits = page[("touchline_event_to_offer_seconds_count",)]
    assert accepted <= waits <= produced
    for stage in STAGES:
        assert page[("touchline_stage_seconds_count", stage)] > 0, stage
        assert page[("touchline_stage_cpu_seconds_total", stage)] >= 0, stage


def long_names(world: World) -> int:
    """Three more events, whose names a profile cuts; how many went out."""
    producer = Producer(
        {"bootstrap.servers": world.bootstrap_servers, "partitioner": "murmur2_random"}
    )
    now = datetime.now(UTC).isoformat()
    for number in range(3):
        event = {"messageId": f"long-{number}", "type": "track", "event": f"{number}" * 100}
        value = json.dumps({**event, "userId": "ann", "timestamp": now})
        producer.produce("touchpoints.chat", value, "ann")
    producer.flush()
    return 3


def sum_of(page: Page, name: str) -> float:
    return sum(value for key, value in page.items() if key[0] == name)


def test_after_a_stop_lag_tools_see_all_that_was_done(world: World) -> None:
    """Less than 5 s in all, so that no commit of offsets but the last one's can have told it."""
    produced = world.fill(EVENTS, int(time.time() * 1000))
    assert world.run("never", 1, produced) == 0
    ends = {
        (topic, record.partition): record.offset + 1  # the last one counts
        for topic in map(channel_topic, CHANNELS)
        for record in world.log(topic)
    }
    tool = Consumer({"bootstrap.servers": world.bootstrap_servers, "group.id": GROUP})
    committed = tool.committed([TopicPartition(*place) for place in ends], timeout=15)
    tool.close()
    assert {(part.topic, part.partition): part.offset for part in committed} == ends


def test_what_is_done_again_and_by_whom_is_counted(world: World, tmp_path: Path) -> None:
    produced = world.fill(EVENTS, int(time.time() * 1000))
    assert world.run("3 acknowledged", 6, produced) == -9
    again = again_by(world, produced)
    assert again[("touchline_flushes_replayed_total",)] > 0
    assert again[("touchline_replays_by_other_build_total",)] == 0

    other = tmp_path / "other.yaml"
    other.write_text(world.playbook.read_text().replace("priority: 80", "priority: 81"))
    produced += world.fill(EVENTS, int(time.time() * 1000), seed=8)
    assert world.run("3 acknowledged", 6, produced) == -9
    again = again_by(structs.replace(world, playbook=other), produced)
    replayed = again[("touchline_flushes_replayed_total",)]
    assert again[("touchline_replays_by_other_build_total",)] == replayed > 0


def again_by(world: World, produced: int) -> Page:
    """The metrics of a flow that goes on after a kill: as it has done what was begun before."""
    child = world.start("never", 1, produced + 1)
    look = metrics(child)
    replayed = ("touchline_flushes_replayed_total",)
    page: Page = {}

    def looked() -> bool:
        nonlocal page
        page = look()
        return page[replayed] > 0

    until(looked, "something is done again")
    child.kill()
    child.communicate()
    return page
