"""How much is measured, and how long that takes: said before it begins."""

from collections.abc import Collection

from msgspec import Struct

from benchmarks.decisions.world import WORLDS

THROUGHPUT, MEMORY, ROUNDS = "throughput", "memory", "rounds"
METRICS, PROTOCOL = "metrics", "protocol"
RULES, TIMERS, DECISIONS = "rules", "timers", "decisions"
LATENCY, APACHE = "latency", "apache"
WHAT = (THROUGHPUT, MEMORY, ROUNDS, METRICS, PROTOCOL, LATENCY, APACHE)
"""What is measured when nothing is named."""
MORE = (RULES, TIMERS, DECISIONS)
"""What is only measured when it is named, or all."""
ALL = "all"


class Sizes(Struct, frozen=True):
    """Of one run of the benchmarks."""

    events: int
    """Of the backlog for throughput and memory."""
    rounds: int
    round_events: int
    rates: tuple[float, ...]
    """Events a second of the open loops."""
    apache_rates: tuple[float, ...]
    """The same on Apache Kafka."""
    apache_warm_up_s: float
    """How long that is made to work before it is measured."""
    seconds: float
    """Of each open loop."""
    asked_events: int
    """That fold and decide are measured on, without a flow, for each of 12 playbooks."""
    timers: int
    """In one process; as many customers are in Redis at the most."""
    active: int
    """Of those customers, how many events come of."""
    decisions: int
    """That each policy makes in each game."""
    seeds: int
    """Games in each scenario."""
    worlds: tuple[str, ...] = WORLDS
    """The scenarios."""


USUAL = Sizes(
    events=1_000_000,
    rounds=3,
    round_events=220_000,
    rates=(100, 500, 1_000, 2_000, 5_000),
    apache_rates=(1_000, 2_000),
    apache_warm_up_s=120,
    seconds=20,
    asked_events=20_000,
    timers=1_000_000,
    active=10_000,
    decisions=50_000,
    seeds=10,
)
QUICK = Sizes(
    events=100_000,
    rounds=2,
    round_events=30_000,
    rates=(100, 500),
    apache_rates=(1_000,),
    apache_warm_up_s=30,
    seconds=5,
    asked_events=5_000,
    timers=50_000,
    active=2_000,
    decisions=3_000,
    seeds=2,
)

MAKE_S = 35e-6
"""To simulate one event and write it to the topics; each figure is from a machine of 2 cores."""
WRITE_S = 6e-6
FLOW_S, BARE_S, RULELESS_S, BYTEWAX_S = 43e-6, 18e-6, 25e-6, 70e-6
"""To work one off, by program."""
ASK_S = 13e-6
"""To fold and decide one, with one of 12 playbooks."""
TIMER_S, CUSTOMER_S, ACTIVE_S = 65e-6, 15e-6, 700e-6
"""To put a timer into Redis, three times, and to fire it; to put a customer there; and to work off
all events of one of them."""
DECISION_S, DECISIONS_S = 0.5e-3, 30.0
"""A decision by each of our policies, the peers' meanwhile; and what is besides."""
APACHE_S = 5.0
"""To start Apache Kafka."""
START_S = 3.0
"""To start and stop servers and programs, once."""


def estimated_s(what: Collection[str], sizes: Sizes, beside: bool = False) -> dict[str, float]:
    """What is measured → how many seconds that should take. `beside`: another checkout as well."""
    backlog = START_S + sizes.events * (MAKE_S + FLOW_S)
    flow, *others = (
        sizes.rounds * (START_S + sizes.round_events * (WRITE_S + each_s))
        for each_s in (FLOW_S, BARE_S, RULELESS_S, BYTEWAX_S)
    )
    make = sizes.round_events * MAKE_S
    stopwatch = START_S + make + sizes.round_events * FLOW_S
    loop = sizes.seconds + max(sizes.seconds / 2, 4) + 4 * START_S
    asked = 12 * (sizes.rounds + 1) * sizes.asked_events * ASK_S
    customers = sizes.timers * CUSTOMER_S + 2 * sizes.active * ACTIVE_S + 8 * START_S
    games = sizes.seeds * len(sizes.worlds) / len(WORLDS)
    found = {
        THROUGHPUT: backlog,
        MEMORY: backlog,
        ROUNDS: make + flow * (1 + beside) + sum(others),
        METRICS: flow + stopwatch + (0 if ROUNDS in what else make + flow * (1 + beside)),
        PROTOCOL: stopwatch,
        RULES: make + 2 * flow + asked,
        TIMERS: sizes.timers * TIMER_S + 9 * START_S + loop + sizes.rounds * customers,
        DECISIONS: DECISIONS_S + 4 * games * sizes.decisions * DECISION_S,
        LATENCY: len(sizes.rates) * loop,
        APACHE: APACHE_S + sizes.apache_warm_up_s + len(sizes.apache_rates) * loop,
    }
    return {name: found[name] for name in what}


def in_words(estimated: dict[str, float]) -> str:
    """`about 9 minutes: throughput 71 s, ...`"""
    total = sum(estimated.values())
    whole = f"{total / 60:.0f} minutes" if total >= 90 else f"{total:.0f} s"
    return f"about {whole}: " + ", ".join(f"{name} {s:.0f} s" for name, s in estimated.items())
