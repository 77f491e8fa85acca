"""What time alone brings about comes once and at its time, whatever happens to the process."""

import signal
import time
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest
from confluent_kafka import Producer
from msgspec import structs

from connectors.kafka.in_turn import IN_TURN
from connectors.kafka.topics import ACTIONS, channel_topic
from connectors.published.record_types import ActionRecord, read_action
from state.times import rfc3339
from tests.faults.conftest import on_all_servers
from tests.faults.watching import until
from tests.faults.world import PRODUCERS, ROOT, World, check, ended, read_once

EVENTS = 400
TIMELY = ROOT / "tests/faults/timely.yaml"


def act(world: World) -> World:
    return structs.replace(world, playbook=TIMELY)


def moves(world: World) -> dict[tuple[str, str], list[ActionRecord]]:
    """(customer, segment) → its entries and exits, as a reader takes them."""
    actions = [(logged, read_action(logged.value)) for logged in world.log(ACTIONS)]
    taken = read_once([(logged, action.applied) for logged, action in actions])
    found = defaultdict(list)
    for action in [read_action(logged.value) for logged in taken]:
        if action.kind.startswith("segment."):
            found[action.customer_id, action.body["segment"]].append(action)
    return found


def of_kind(world: World, kind: str) -> list[ActionRecord]:
    """Those actions, as a reader takes them."""
    actions = [(logged, read_action(logged.value)) for logged in world.log(ACTIONS)]
    taken = read_once([(logged, action.applied) for logged, action in actions])
    return [
        action
        for action in map(read_action, (logged.value for logged in taken))
        if action.kind == kind
    ]


def hold(world: World, produced: int) -> None:
    """The laws; and each customer came, went after four seconds, and came to rest."""
    check(world, produced)
    found = moves(world)
    customers = {customer for customer, _ in found}
    assert len(customers) > 20
    for customer in customers:
        last = max(a.decided_at for a in found[customer, "here"] if a.kind == "segment.entered")
        here, gone = found[customer, "here"][-1], found[customer, "gone"][-1]
        assert (here.kind, gone.kind) == ("segment.exited", "segment.entered")
        assert (here.caused_by, gone.caused_by) == ("time:segment.here", "time:segment.gone")
        assert gone.decided_at - here.decided_at == timedelta(seconds=1)
        assert gone.decided_at > last
        passing = found[customer, "just_gone"][-1]
        assert passing.kind == "segment.exited"
        assert passing.decided_at - gone.decided_at == timedelta(seconds=1)
    begun, over, logged = (of_kind(world, k) for k in ("journey.started", "journey.ended", "log"))
    assert len(begun) > 30
    assert sorted(run.body["key"] for run in begun) == sorted(run.body["key"] for run in over)
    assert {run.body["reason"] for run in over} <= {"finished", "dropped"}
    assert len(begun) <= len(logged) <= 2 * len(begun)
    assert of_kind(world, "alert.raised")
    for actions in found.values():
        for one, next_ in pairwise(actions):
            assert one.kind != next_.kind
            assert one.decided_at <= next_.decided_at


@on_all_servers
def test_a_segment_is_left_by_time_alone_and_at_its_time(world: World) -> None:
    world = act(world)
    produced = world.fill(EVENTS, int(time.time() * 1000) - 1_000)
    assert world.run("never", 1, produced, LINGER="1") == 0
    hold(world, produced)


@pytest.mark.parametrize("world", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("point", "nth"),
    [
        ("1 plan fixed", 36),
        ("2 decided", 24),
        ("3 plan produced", 24),
        ("3 acknowledged", 18),
        ("4 commit sent", 18),
        ("4 committed", 18),
        ("5 half published", 18),
    ],
)
def test_a_kill_at_any_step_fires_nothing_twice_and_forgets_nothing(
    world: World, point: str, nth: int
) -> None:
    world = act(world)
    produced = world.fill(EVENTS, int(time.time() * 1000) - 1_000)
    assert world.run(point, nth, produced, LINGER="1") == -9
    time.sleep(2)  # what is due meanwhile comes late, and as if the flow had been there
    assert world.run("never", 1, produced, LINGER="1") == 0
    hold(world, produced)


@on_all_servers
def test_a_backlog_of_several_topics_is_caught_up_with_as_if_the_flow_had_been_there(
    world: World,
) -> None:
    """Each order came in time, though its topic is read long after the one of the carts."""
    world = act(world)
    options, _ = PRODUCERS["right"]
    producer = Producer({"bootstrap.servers": world.bootstrap_servers, **options, **IN_TURN})
    begin_ms = time.time_ns() // 1_000_000 - 3_600_000
    customers = [f"customer-{n}" for n in range(12)]
    times = [begin_ms + 20_000 * n for n in range(60)]
    sent = 0

    def send(channel: str, customer: str, name: str, at_ms: int) -> None:
        nonlocal sent
        sent += 1
        told = {
            "messageId": f"{sent}",
            "type": "track",
            "event": name,
            "userId": customer,
            "timestamp": rfc3339(at_ms),
            "properties": {"product_id": "tent"},
        }
        topic, value = channel_topic(channel), msgspec.json.encode(told)
        producer.produce(topic, value, customer.encode(), timestamp=at_ms + 20)

    for at_ms in times:
        for customer in customers:
            send("click", customer, "Product Added", at_ms)
            send("kiosk", customer, "Order Completed", at_ms + 1_500)
            for n in range(5):
                send("kiosk", customer, "Screen Touched", at_ms + 3_500 + n)
    for customer in customers[:6]:
        send("click", customer, "Product Added", times[-1] + 10_000)
    producer.flush()
    assert world.run("never", 1, sent, LINGER="1") == 0
    check(world, sent)
    assert sorted(alert.customer_id for alert in of_kind(world, "alert.raised")) == sorted(
        customers[:6]
    )
    found = moves(world)
    for customer in customers:
        # Of three seconds each: from the cart until after the last touch, not in one piece.
        here = [action.kind for action in found[customer, "here"]]
        again = customer in customers[:6]
        assert here == ["segment.entered", "segment.exited"] * (len(times) + again)


def happens(world: World, name: str, at_ms: int) -> None:
    """Something that a customer does on the website, sent now."""
    options, _ = PRODUCERS["right"]
    producer = Producer({"bootstrap.servers": world.bootstrap_servers, **options})
    told = {
        "messageId": name,
        "type": "track",
        "event": name,
        "userId": "sleeper",
        "timestamp": rfc3339(at_ms),
        "properties": {"product_id": "tent"},
    }
    producer.produce("touchpoints.click", msgspec.json.encode(told), b"sleeper")
    producer.flush()


@on_all_servers
def test_who_was_frozen_does_not_take_what_came_meanwhile_for_silence(world: World) -> None:
    """An order in time cancels the alert about its absence, though it is read after the end."""
    world = act(world)
    flow = world.start("never", 1, 1_000)
    try:
        until(lambda: len(world.commits()) == world.partitions, "all shards are taken")
        began_ms = time.time_ns() // 1_000_000
        happens(world, "Product Added", began_ms)
        until(lambda: world.accounted() == 1, "the first event is committed")
        flow.send_signal(signal.SIGSTOP)
        happens(world, "Order Completed", began_ms + 1_500)
        time.sleep(4)
        flow.send_signal(signal.SIGCONT)
        until(lambda: world.accounted() == 2, "the second one is committed")
        gone = "the customer has been gone for a while"
        until(lambda: "gone" in world.profiles()["sleeper"].segments, gone)
    finally:
        flow.terminate()
        ended(flow)
    assert of_kind(world, "alert.raised") == []
    left = [a for a in of_kind(world, "segment.exited") if a.body["segment"] == "here"]
    assert [action.caused_by for action in left] == ["time:segment.here"]
