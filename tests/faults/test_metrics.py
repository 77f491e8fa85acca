"""What /metrics says of a run is what was committed by it."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec import structs

from connectors.kafka.murmur2 import partition_of
from connectors.kafka.shard_consumer import GROUP
from connectors.kafka.topics import ACTIONS, ENRICHED, channel_topic
from connectors.published.record_types import read_action, read_enriched
from decisions.offering.record import DECIDED
from flows.cli import main
from flows.metrics.catalogue import STAGES
from flows.metrics.of_decisions import RULES
from state.fence import decode_plan
from state.profile import Profile
from state.times import rfc3339
from tests.faults.conftest import CHANNELS
from tests.faults.watching import Page, metrics, until
from tests.faults.world import PARTITIONS, World, ended

EVENTS = 600
KINDS = {
    "accepted": ("touchline_events_total", "{0}", "accepted"),
    "duplicate": ("touchline_events_total", "{0}", "duplicate"),
    "dead_letter": ("touchline_events_total", "{0}", "dead_letter"),
    "corrected": ("touchline_events_corrected_total", "{0}"),
    "forwarded": ("touchline_forwarded_events_total", "touchpoints.{0}"),
    "reason": ("touchline_dead_letters_total", "{0}"),
    "alert.raised": ("touchline_alerts_raised_total", "{0}"),
    "alert.escalated": ("touchline_alert_outcomes_total", "{0}", "escalated"),
    "alert.acknowledged": ("touchline_alert_outcomes_total", "{0}", "acknowledged"),
    "alert.cleared": ("touchline_alert_outcomes_total", "{0}", "cleared"),
    "requested": ("touchline_actions_requested_total", "{0}"),
    "journey.started": ("touchline_journeys_started_total", "{0}"),
    "journey.ended": ("touchline_journeys_ended_total", "{0}"),
    "segment.entered": ("touchline_segment_transitions_total", "entered", "{0}"),
    "segment.exited": ("touchline_segment_transitions_total", "exited", "{0}"),
    "offer.answered": ("touchline_offer_answers_total", "{0}", "attributed"),
    **{
        f"result.{answer}": ("touchline_offer_answers_total", answer, "{0}")
        for answer in ("shown", "clicked", "accepted", "dismissed")
    },
    "rule_errors": ("touchline_rule_errors_total", "{0}"),
}
"""Kind of count in Redis → the metric and its labels' values, {0} for what is counted."""
EXPORT = ("export", "--to", "-", "--format", "jsonl")
NOTHING_OF = (
    *("shards_waiting", "shards_fenced_total", "shards_lost_total", "flushes_replayed_total"),
    *("plans_found_total", "plan_log_records_total", "commits_failed_total"),
    *("kafka_outages_total", "kafka_outage_seconds_total"),
    *("redis_outages_total", "redis_outage_seconds_total"),
    *("buffered_events", "event_delay_seconds", "clock_delay_seconds", "clock_holder"),
)
"""What a run without trouble, at its end, has none of."""


def test_the_metrics_of_a_run_agree_with_redis_and_the_log(world: World) -> None:
    produced = world.fill(EVENTS, int(time.time() * 1000), customers=15)
    produced += long_names(world) + told_of_offers(world) + refused(world)
    child = world.start("never", 1, produced + 1, RESTS="1")  # what is compared stays as it is
    look = metrics(child)
    until(lambda: world.accounted() == produced, "all is done")
    # Booked just after the commit that Redis shows.
    until(lambda: sum_of(look(), "touchline_events_total") == produced, "all is booked")
    profiles = world.profiles()
    until(lambda: at_rest(look(), len(profiles)), "all that is looked at once a second is told")
    page = look()
    child.terminate()
    ended(child)
    assert child.returncode == 0

    expected: Counter[tuple[str, ...]] = Counter()
    for name, count in world.counters().items():
        kind, _, what = name.partition(":")
        if kind == "offer.decided":
            continue  # by channel, too, in the metrics: see below
        subject = what.removeprefix("touchpoints.")
        expected[tuple(part.format(subject) for part in KINDS[kind])] += count
    named = {metric for metric, *_ in KINDS.values()}
    shown = {key: value for key, value in page.items() if key[0] in named and value}
    assert shown == dict(expected)

    inside = Counter(name for profile in profiles.values() for name in profile.segments)
    sizes = {key[1]: size for key, size in page.items() if key[0] == "touchline_segment_customers"}
    assert {name: size for name, size in sizes.items() if size} == dict(inside) != {}
    assert 0 in sizes.values()
    check_members(world, profiles)

    check_offers(page, world)
    check_event_time(page, world)
    # A forwarded one is worked through twice: where it came, and where it belongs.
    worked_on = produced + sum_of(page, "touchline_forwarded_events_total")
    check_stages(page, worked_on)
    plans = [decode_plan(x.value) for x in world.log(ENRICHED) if x.key is None]
    assert page[("touchline_commits_total",)] == len(plans) == sum(world.commits().values())
    assert sum_of(page, "touchline_lag_events") == 0
    assert page[("touchline_cache_misses_total",)] >= len(profiles)
    assert page[("touchline_cache_hits_total",)] > 0
    assert page[("touchline_trimmed_total",)] == sum(p.trimmed for p in profiles.values()) == 3
    assert page[("touchline_playbook_info", plans[0].playbook)] == 1
    assert page[("touchline_shards_owned",)] == PARTITIONS
    for name in NOTHING_OF:
        assert sum_of(page, f"touchline_{name}") == 0, name
    assert page[("touchline_shards_taken_total",)] == PARTITIONS
    assert page[("touchline_take_seconds_count",)] == PARTITIONS
    assert page[("touchline_flush_limit_events",)] == world.flush_events
    assert page[("touchline_flush_events_count",)] == len(plans)
    assert page[("touchline_flush_events_sum",)] == worked_on
    assert page[("touchline_idle_seconds_total",)] > 0
    for rule in RULES:
        assert page[("touchline_rule_evaluations_total", rule)] > 0, rule
    name = "touchline_events_total"
    accepted = sum(value for key, value in page.items() if key[0] == name and "accepted" in key)
    waits = page[("touchline_event_to_offer_seconds_count",)]
    assert accepted <= waits <= produced


def at_rest(page: Page, profiles: int) -> bool:
    """Whether the gauges of once a second are of the end: all profiles kept, and no lag."""
    cached = page[("touchline_profiles_cached",)] == profiles
    return cached and sum_of(page, "touchline_lag_events") == 0


def check_members(world: World, profiles: Mapping[str, Profile]) -> None:
    """What `touchline segments` says and writes of each segment is what profiles hold."""
    env = {"TOUCHLINE_REDIS_URL": world.redis_url}

    def said(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["segments", *arguments], env=env)
        assert result.exit_code == 0, result.output
        return result.stdout

    for segment in json.loads(said("--json"))["segments"]:
        name = segment["segment"]
        rows = [json.loads(x) for x in said(*EXPORT, name).splitlines()]
        inside = {c: rfc3339(p.segments[name]) for c, p in profiles.items() if name in p.segments}
        assert {row["customer_id"]: row["since"] for row in rows} == inside
        assert segment["customers"] == len(inside) == len(rows)


def check_stages(page: Page, worked_on: float) -> None:
    for stage in STAGES:
        assert page[("touchline_stage_seconds_count", stage)] > 0, stage
        assert page[("touchline_stage_cpu_seconds_total", stage)] >= 0, stage
        assert page[("touchline_stage_events_total", stage)] == worked_on, stage
    name = "touchline_stage_refusals_total"
    assert {key: n for key, n in page.items() if key[0] == name} == {
        (name, "decode"): 2,
        (name, "route"): 0,
        (name, "decide"): 0,
    }


def check_offers(page: Page, world: World) -> None:
    """Decided as it was published, and what became of them as it was sent."""
    decided = {
        action.id: ("touchline_offers_decided_total", body["channel"], body["offer_id"])
        for record in world.log(ACTIONS)
        if (action := read_action(record.value)).kind == DECIDED
        for body in [action.body]
    }
    name = "touchline_offers_decided_total"
    assert {key: n for key, n in page.items() if key[0] == name and n} == Counter(decided.values())
    name = "touchline_offer_events_total"
    assert {key: n for key, n in page.items() if key[0] == name and n} == {
        (name, "bestsellers", "shown"): 2,
        (name, "bestsellers", "clicked"): 1,
        (name, "?", "dismissed"): 2,
    }


def check_event_time(page: Page, world: World) -> None:
    """The newest that was accepted of each topic, and clocks that nothing holds back."""
    newest: dict[str, float] = {}
    for record in world.log(ENRICHED):
        if record.key is not None:
            row = read_enriched(record.value)
            at_s = row.occurred_at.timestamp()
            newest[row.channel] = max(newest.get(row.channel, 0), at_s)
    for channel, at_s in newest.items():
        topic = channel_topic(channel)
        assert page[("touchline_event_timestamp_seconds", topic)] == pytest.approx(at_s), topic
    assert len([key for key in page if key[0] == "touchline_clock_delay_seconds"]) == PARTITIONS


def told_of_offers(world: World) -> int:
    """Five more events, of what became of offers; how many went out."""
    told: list[tuple[str, object]] = [
        *[("Offer Shown", "bestsellers")] * 2,
        ("Offer Clicked", "bestsellers"),
        ("Offer Dismissed", "of another playbook"),
        ("Offer Dismissed", ["no", "name"]),
    ]
    producer = Producer(
        {"bootstrap.servers": world.bootstrap_servers, "partitioner": "murmur2_random"}
    )
    now = datetime.now(UTC).isoformat()
    for number, (name, offer) in enumerate(told):
        event = {"messageId": f"told-{number}", "type": "track", "event": name, "userId": "ann"}
        body = {**event, "timestamp": now, "properties": {"offer_id": offer}}
        producer.produce("touchpoints.click", json.dumps(body), "ann")
    producer.flush()
    return len(told)


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


def refused(world: World) -> int:
    """Three more that cannot be taken, two for what they are and one for where it lies."""
    producer = Producer({"bootstrap.servers": world.bootstrap_servers})
    home = partition_of("ann", PARTITIONS)
    event = {"messageId": "astray", "type": "track", "event": "x", "userId": "ann"}
    value = json.dumps({**event, "timestamp": datetime.now(UTC).isoformat()})
    producer.produce("touchpoints.kiosk", b"rubbish", "ann", home)
    producer.produce("touchpoints.kiosk", b"", "ann", home)
    producer.produce("touchpoints.kiosk", value, "ann", (home + 1) % PARTITIONS)
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
    assert world.run("3 acknowledged", 3, produced) == -9
    again = again_by(world, produced)
    replayed = again[("touchline_flushes_replayed_total",)]
    assert again[("touchline_plans_found_total",)] >= replayed > 0
    assert again[("touchline_plan_log_records_total",)] > 0
    assert again[("touchline_replays_by_other_build_total",)] == 0

    other = tmp_path / "other.yaml"
    other.write_text(world.playbook.read_text().replace("propensity: 0.2\n", "propensity: 0.21\n"))
    produced += world.fill(EVENTS, int(time.time() * 1000), seed=8)
    assert world.run("3 acknowledged", 3, produced) == -9
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

    try:
        until(looked, "something is done again")
    finally:
        child.kill()
        child.communicate()
    return page
