"""From an event's intended send time to the moment when a reader holds the offer it led to.

Which event led to an offer is no guess: a decision's id is a function of the customer, the event's
message id and the offer.
"""

import os
import time
from collections.abc import Iterable, Mapping

import orjson
import redis
from msgspec import structs

from benchmarks.progress import Progress
from benchmarks.resident import resident
from benchmarks.results import Latency, Spread, spread
from benchmarks.rig import Numbers, Rig, child, scrape, services, touchpoints, usages
from benchmarks.sender import Sent, causes, send
from benchmarks.throughput import OUTCOMES, total
from benchmarks.usage import machine_busy_s, usage_of, used_between
from decisions.offering.record import DECIDED
from flows.local.numbers import LATENCY, quantile_s
from flows.metrics.catalogue import STAGES
from flows.settings import Settings
from state.decision_ids import decision_id
from state.store.counters import read_counters
from state.store.keys import offers_key
from state.touchpoint import identity

WARM_UP = 0.1
"""Share of the events, the first ones, that are not counted."""
WARM_UP_S = 0.5
"""At the least: clients that have just met the broker take that long to find their pace."""
RELAY = 0.25
"""Length of each of the two runs of the relay, before and after the flow's."""
RELAY_S = 2.0
"""At the least."""
PROBES = 200
SETTLE_S = 1.0
"""For what is under way when the last event is sent: with more than that, a rate is not held."""
LOOK_S = 0.05


class NotHeld(Exception):
    """The rate is above what this machine holds; the text says who fell behind."""


def measure_latencies(
    rates: Iterable[float], seconds: float, tell: Progress
) -> tuple[list[Latency], str]:
    """Latency at each rate, the lowest first, as far as the machine holds them; why no further."""
    found: list[Latency] = []
    for rate in sorted(rates):
        try:
            found.append(measure_latency(rate, seconds, tell))
        except NotHeld as why:
            return found, f"{rate:,.0f} events/s: {why}"
    return found, ""


def measure_latency(rate: float, seconds: float, tell: Progress) -> Latency:
    """The broker alone, the flow, the broker alone again; all at `rate` events a second.

    Raises NotHeld.
    """
    relay_s = max(seconds * RELAY, RELAY_S)
    broker_ms = _relay(1, rate, relay_s, tell)
    with services() as rig:
        measured = _flow(rig, rate, seconds, tell)
    broker_ms += _relay(3, rate, relay_s, tell)
    return structs.replace(measured, broker=spread(broker_ms))


def _relay(seed: int, rate: float, seconds: float, tell: Progress) -> list[float]:
    tell.say(f"latency: the broker alone, {rate:,.0f} events a second for {seconds:.0f} s")
    with services() as rig:
        with child(rig, "relay", "benchmarks.relay") as relay:
            sent = send_all(rig, seed, rate, seconds)
            time.sleep(SETTLE_S)
        lines = relay.more()
    if len(lines) != len(sent.due_ns):
        raise NotHeld(f"the broker alone gave back {len(lines):,} of {len(sent.due_ns):,} in time")
    skip = warm_up(len(lines), rate)
    return [(at - sent.due_ns[number]) / 1e6 for at, number in lines if number >= skip]


def warm_up(events: int, rate: float) -> int:
    """How many of them are not counted."""
    return int(max(WARM_UP * events, WARM_UP_S * rate))


def send_all(rig: Rig, seed: int, rate: float, seconds: float) -> Sent:
    """`send`, where the broker must keep up. Raises NotHeld."""
    sent = send(rig, seed, rate, seconds)
    if sent.behind_s > SETTLE_S:
        raise NotHeld(f"the broker had the last event {sent.behind_s:.1f} s after it was due")
    return sent


def _flow(rig: Rig, rate: float, seconds: float, tell: Progress) -> Latency:
    with child(rig, "reader", "benchmarks.reader") as reader:
        probed = _probe(rig)
        with touchpoints(rig) as flow, resident(flow.process.pid) as samples:
            tell.say(f"latency: the flow, {rate:,.0f} events a second for {seconds:.0f} s")
            began, before = time.monotonic(), usages(rig, flow)
            busy, own = sum(machine_busy_s()), sum(os.times()[:2])
            reader_s = usage_of(reader.process.pid).cpu_s
            sent = send_all(rig, 2, rate, seconds)
            settle(rig, len(sent.due_ns))
            flow.check()
            used = used_between(before, usages(rig, flow))
            used["sender"] = sum(os.times()[:2]) - own
            used["reader"] = usage_of(reader.process.pid).cpu_s - reader_s
            elapsed, busy = time.monotonic() - began, sum(machine_busy_s()) - busy
            numbers = scrape(flow)
    reads = reader.more()
    skip = warm_up(len(sent.due_ns), rate)
    none = Spread(0, 0, 0, 0, 0)
    return Latency(
        rate=rate,
        seconds=seconds,
        offer=spread(offer_waits_ms(causes(sent, skip), reads)),
        own=of_buckets(numbers, LATENCY),
        broker=none,
        sender=spread(sent.late_ms[skip:]),
        reader=spread([(at - probed[key]) / 1e6 for at, key, _ in reads if key in probed]),
        stages_ms=_stages(numbers),
        load={name: round(spent / elapsed, 3) for name, spent in used.items()},
        samples=samples,
        other_load=round(max(busy - sum(used.values()), 0) / elapsed, 2),
    )


def settle(rig: Rig, events: int) -> None:
    """Wait until all are committed, and then for the reader. Raises NotHeld."""
    deadline = time.monotonic() + SETTLE_S
    with redis.Redis.from_url(rig.redis.redis_url) as client:
        while (done := total(read_counters(client, Settings().partitions), OUTCOMES)) < events:
            if time.monotonic() > deadline:
                raise NotHeld(
                    f"the flow had committed {done:,} of {events:,} events {SETTLE_S:.0f} s after "
                    "the last"
                )
            time.sleep(LOOK_S)
    time.sleep(SETTLE_S / 4)


def _probe(rig: Rig) -> dict[str, int]:
    """Set keys as the flow does, at known times: what the reader adds by itself."""
    probed = {}
    with redis.Redis.from_url(rig.redis.redis_url) as client:
        for number in range(PROBES):
            key = offers_key(f"probe-{number}").decode()
            probed[key] = time.monotonic_ns()
            client.set(key, "{}", px=1_000)
            time.sleep(0.005)
    return probed


def offer_waits_ms(
    events: Mapping[str, list[tuple[str, int]]], reads: Iterable[tuple[int, str, str]]
) -> list[float]:
    """For each event that led to an offer: from when it was due until a document with it was read.

    `events`: customer → (message id, due); `reads`: (time, serving key, document).
    """
    waits: dict[tuple[str, str], float] = {}
    for at, _, document in reads:
        served = orjson.loads(document)
        offers = served.get("offers", ())
        customer = served.get("customer_id", "")
        decided = {offer["decision_id"]: offer["offer_id"] for offer in offers}
        for message_id, due in events.get(customer, ()):
            if (customer, message_id) not in waits and any(
                decision_of(customer, message_id, offer) == decision
                for decision, offer in decided.items()
            ):
                waits[customer, message_id] = (at - due) / 1e6
    return list(waits.values())


def decision_of(customer: str, message_id: str, offer: str) -> str:
    """The id of the decision for an offer that an event led to."""
    return decision_id(customer, identity(customer, message_id, DECIDED, offer)).hex()


def of_buckets(numbers: Numbers, metric: str) -> Spread:
    """What the histogram `metric` of the flow says, in ms, as exactly as its buckets are."""
    prefix = f"{metric}_bucket{{"
    buckets = {
        float(name.removeprefix(prefix).rstrip("}")): count
        for name, count in numbers.items()
        if name.startswith(prefix)
    }
    p50, p90, p99, most = (
        round((quantile_s(buckets, share) or 0) * 1000, 2) for share in (0.5, 0.9, 0.99, 1)
    )
    return Spread(int(numbers[f"{metric}_count{{}}"]), p50, p90, p99, most)


def _stages(numbers: Numbers) -> dict[str, float]:
    means = {}
    for stage in STAGES:
        count = numbers[f"touchline_stage_seconds_count{{{stage}}}"]
        means[stage] = numbers[f"touchline_stage_seconds_sum{{{stage}}}"] / max(count, 1) * 1000
    return {stage: round(mean, 2) for stage, mean in means.items()}
