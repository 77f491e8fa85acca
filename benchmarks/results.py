"""What comes out: all that a table shows, in the form that `--json` prints."""

from msgspec import Struct

from benchmarks.machine import Machine, Moment


class Spread(Struct, frozen=True):
    """Percentiles of `count` observations, in milliseconds."""

    count: int
    p50: float
    p90: float
    p99: float
    most: float


class Memory(Struct, frozen=True):
    """Of the touchpoints process at a point of the run."""

    share: float
    """Of all events, 0 to 1."""
    resident_mb: float
    profiles: int
    """Decoded profiles it holds."""


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
    memory: list[Memory]
    commits: int
    actions_per_event: float
    duplicates: int
    dead_letters: int
    other_load: float
    """Processors that everybody else used or took, of all; 0 = this machine was ours."""


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
    other_load: float
    """Processors that everybody else used or took."""


class Peer(Struct, frozen=True):
    """The same input through another program, run in turn with the flow."""

    name: str
    events: int
    events_per_s: list[float]
    """Run after run."""
    process_us: list[float]


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
    machine: Machine
    before: Moment
    after: Moment
    throughput: Throughput | None
    memory: list[Memory]
    """With a full profile cache; empty if it was not measured."""
    latency: Latency | None
    peers: list[Peer]
    targets: list[Target]


def spread(observed_ms: list[float]) -> Spread:
    """Raises ValueError for nothing observed."""
    if not observed_ms:
        raise ValueError("nothing was observed")
    ordered = sorted(observed_ms)
    at = [ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.9, 0.99)]
    return Spread(len(ordered), *(round(value, 2) for value in (*at, ordered[-1])))


def targets_of(
    throughput: Throughput | None, memory: list[Memory], latency: Latency | None
) -> list[Target]:
    """The promises that what was measured has something to say about."""
    found = []
    if throughput is not None:
        rate = throughput.events_per_s
        found.append(Target("throughput", "≥ 30,000 events/s", f"{rate:,.0f}", rate >= 30_000))
    if memory:
        resident = {at.share: at.resident_mb for at in memory}
        grown = resident[1.0] / resident[0.5] - 1
        found.append(
            Target("memory from half to end", "≤ +5 %", f"{100 * grown:+.1f} %", grown <= 0.05)
        )
    if latency is not None:
        for name, got, most in (
            ("p50", latency.offer.p50, 20),
            ("p99", latency.offer.p99, 80),
        ):
            wanted = f"≤ {most} ms"
            found.append(Target(f"event → offer {name}", wanted, f"{got:.1f} ms", got <= most))
    return found
