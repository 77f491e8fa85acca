"""What comes out: all that a table or a chart shows, in the form that `--json` prints."""

from typing import Annotated

from msgspec import Meta, Struct

from benchmarks.machine import Machine, Moment

Sample = tuple[float, float]
"""Seconds since the measurement began, resident MB then."""


class Spread(Struct, frozen=True):
    """Percentiles of `count` observations, in milliseconds."""

    count: int
    p50: float
    p90: float
    p99: float
    most: float
    percentiles: list[float] = []
    """All of them, from 0 to 100; empty where only buckets are known."""


class Held(Struct, frozen=True):
    """What the touchpoints process holds at a point of the run."""

    share: float
    """Of all events, 0 to 1."""
    resident_mb: float
    profiles: int
    """Decoded profiles it holds."""


class Memory(Struct, frozen=True):
    """Of the touchpoints process while it works off a backlog."""

    cache_profiles: int
    """How many it may hold."""
    held: list[Held]
    samples: list[Sample]
    """Once a second."""


class Throughput(Struct, frozen=True):
    """A backlog worked off. Processor times are microseconds for each event."""

    events: int
    seconds: float
    events_per_s: float
    windows: list[float]
    """Events a second, window after window; without the last, unfinished one."""
    window_s: float
    stages_us: dict[str, float]
    """Of the deciding thread, by stage."""
    process_us: dict[str, float]
    """touchpoints (all threads), its librdkafka threads alone, kafka, redis."""
    memory: Memory
    commits: int
    actions_per_event: float
    duplicates: int
    dead_letters: int
    other_load: float
    """Processors that everybody else used or took, of all; 0 = this machine was ours."""


class Run(Struct, frozen=True):
    """One program, once, over the input of its round."""

    events_per_s: float
    cpu_us: float
    """Of the program's own process, all threads, for each event."""
    kafka_us: float
    redis_us: float
    stages_us: dict[str, float]
    """Of the deciding thread, by stage; empty for what keeps no such metrics."""
    samples: list[Sample]


class Program(Struct, frozen=True):
    """What was run in each round."""

    name: str
    runs: Annotated[list[Run], Meta(min_length=1)]


class Ratio(Struct, frozen=True):
    """One program against another, from the quotients of the two in each round."""

    of: str
    what: str
    """throughput, or CPU per event."""
    median: float
    least: float
    most: float


class Rounds(Struct, frozen=True):
    """Several programs in turn over the same bytes, round after round."""

    events: int
    programs: list[Program]
    ratios: list[Ratio]


class Booking(Struct, frozen=True):
    """What the calls cost that keep metrics, measured around each of them in a run of its own."""

    events: int
    flushes: int
    us_per_flush: float
    us_per_event: float
    share: float
    """Of all processor time of the process, 0 to 1."""


class Protocol(Struct, frozen=True):
    """What the commit protocol costs, measured around each call that exists for it alone."""

    events: int
    events_per_shard_flush: float
    """Events in one flush of one shard, the mean."""
    us_per_event: dict[str, float]
    """Part of the protocol → processor time of the deciding thread."""


class Asked(Struct, frozen=True):
    """What fold and decide take of an event with one playbook, without a flow."""

    kind: str
    """Of rule that there is more of: alerts, segments; or the playbook's name."""
    rules: int
    concerned: float
    """How many of these an event can concern, the mean; 0 where that is not the question."""
    us_per_event: float
    more_us: float
    """Than with the first of its kind, or that which does not ask for time: the median of the
    differences in each round."""
    rounds_us: list[float]


class Rules(Struct, frozen=True):
    """What rules cost."""

    asked: list[Asked]
    few: int
    many: int
    names: int
    """Event names that they are spread over."""
    flow: Rounds
    """The flow with few alerts and with many, in turn."""


class Index(Struct, frozen=True):
    """Timers in one process, by themselves: processor µs of each."""

    timers: int
    arm_far_us: float
    """Set for a time that is far, and written to Redis."""
    arm_near_us: float
    """Set for a time so near that it is kept in memory, and written to Redis."""
    fire_us: float
    """Read from Redis, found due, and taken away."""


class Waiting(Struct, frozen=True):
    """A touchpoints process whose shards have timers in Redis."""

    what: str
    timers: int
    resident_mb: float
    """At the most."""
    more_mb: float
    """Than without timers."""
    known: int
    """Timers in memory, in the end."""
    seconds: float
    """Until all that were due had been worked off; 0 if none was."""
    us_per_timer: float
    """Processor time of the process until then."""


class Lateness(Struct, frozen=True):
    """An open loop in which time alone makes customers leave a segment."""

    rate: float
    seconds: float
    arrived: Spread
    """When a reader of the actions had it, less when it was due."""
    own: Spread
    """What the flow says of itself (touchline_timer_lateness_seconds), by bucket."""
    load: dict[str, float]


class Customers(Struct, frozen=True):
    """What an event costs by how many customers there are."""

    customers: int
    cold_us: list[float]
    """Processor µs of the process for an event of somebody whose profile it must read; rounds."""
    warm_us: list[float]
    """Of somebody whose profile it has."""
    redis_us: list[float]
    """Of Redis, for a cold one."""


class Timers(Struct, frozen=True):
    """What timers cost, and how late they are."""

    index: Index | None
    waiting: list[Waiting]
    lateness: Lateness | None
    not_held: str
    customers: list[Customers]


class Learner(Struct, frozen=True):
    """One policy in all games of a scenario; regret is in what answers are worth, up to 1."""

    name: str
    regret: list[float]
    """Gathered by then, at 100 points in the run, the mean over seeds."""
    least: list[float]
    """Of any seed."""
    most: list[float]
    ends: list[float]
    """In the end, by seed."""


class Learned(Struct, frozen=True):
    """Policies in worlds whose truth is known, each in the same ones."""

    scenario: str
    """still; drift: accept rates change during the run; context: they hang on who is there."""
    rounds: int
    """Decisions."""
    arms: int
    batch: int
    """After how many decisions it is told what they led to."""
    seeds: int
    earned: float
    """What the oracle, who knows all rates, is expected to earn; the mean over seeds."""
    learners: list[Learner]


class LearningCosts(Struct, frozen=True):
    """What learning takes by itself: processor µs of each."""

    draws: int
    """Arms of a decision."""
    lots_us: float
    """A lot for each arm."""
    draw_us: float
    """That, and a Beta draw of each."""
    decide_us: float
    """That, the counters' totals as of now, and all checks: the propensities."""
    book_us: float
    """An answer booked in its counter."""
    put_us: float
    """A counter put into the table."""
    counters: int
    shards: int
    table_mb: float
    """The arrays of that many counters in each of that many shards."""


class Choices(Struct, frozen=True):
    """What choosing among offers takes by itself: processor µs of each choice."""

    offers: int
    treatments: int
    plain_us: float
    """Among that many, by the playbook's propensities."""
    drawn_us: float
    """By draws from what is learned."""
    linear_us: float
    """By draws from a linear model with two features."""
    mix_choice_us: float
    """Of the retail playbook, over the simulator's events."""
    mix_share: float
    """How many choices an event leads to."""
    mix_event_us: float
    """What choosing takes of an event: the one times the other."""


class Spent(Struct, frozen=True):
    """Processor time of a decision, learning from its answer included."""

    arms: int
    us: dict[str, float]
    """By policy: the median of some games."""


class Decisions(Struct, frozen=True):
    """What learning gains, and what it takes."""

    learned: list[Learned]
    spent: list[Spent]
    costs: LearningCosts
    choices: Choices


class Latency(Struct, frozen=True):
    """An open loop: each event has its time, whether or not the one before is through."""

    rate: float
    seconds: float
    offer: Spread
    """Intended send → the offer it led to is read from its serving key."""
    own: Spread
    """What the flow says of itself (touchline_event_to_offer_seconds): log → commit; by bucket."""
    broker: Spread
    """Intended send → consumed → produced again → acknowledged, by a relay that decides nothing."""
    sender: Spread
    """How late the sender was; part of the two above."""
    reader: Spread
    """A key set → read, on an idle machine: what the observation adds."""
    stages_ms: dict[str, float]
    """Stage → elapsed time of it in one flush, the mean."""
    load: dict[str, float]
    """touchpoints, kafka, redis, sender, reader → processors used."""
    samples: list[Sample]
    other_load: float
    """Processors that everybody else used or took."""


class Target(Struct, frozen=True):
    """A promise, and what came of it."""

    name: str
    wanted: str
    got: str
    met: bool


class Results(Struct, frozen=True):
    """One run of the program."""

    at: str
    command: str
    quick: bool
    """Small sizes: the numbers are rough."""
    took_s: float
    machine: Machine
    before: Moment
    after: Moment
    throughput: Throughput | None
    memory: Memory | None
    """With a full profile cache."""
    rounds: Rounds | None
    booking: Booking | None
    protocol: Protocol | None
    latency: list[Latency]
    """By rate, the lowest first."""
    not_held: str
    """Why no higher rate was measured; empty if all were."""
    apache: list[Latency]
    """The same on Apache Kafka."""
    apache_not_held: str
    failed: dict[str, str]
    """What was to be measured and could not be → why."""
    targets: list[Target]
    rules: Rules | None = None
    timers: Timers | None = None
    decisions: Decisions | None = None


def spread(observed_ms: list[float]) -> Spread:
    """Raises ValueError for nothing observed."""
    if not observed_ms:
        raise ValueError("nothing was observed")
    ordered = sorted(observed_ms)
    at = [ordered[min(hundredth * len(ordered) // 100, len(ordered) - 1)] for hundredth in HUNDRED]
    at = [round(value, 2) for value in at]
    return Spread(len(ordered), at[50], at[90], at[99], at[100], at)


HUNDRED = range(101)
