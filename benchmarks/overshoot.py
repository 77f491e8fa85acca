"""`python -m benchmarks.overshoot`: by how much events and questions at once overrun a cap.

Each customer has one event and some questions, within some milliseconds of each other, and a cap
with room for one decision of an hour. The touchpoints flow decides for the event; who is asked
decides for the questions, and neither sees the other's decision at once. What was decided is
counted from `touchpoints.actions` alone: a customer's decisions beyond one.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import orjson
from confluent_kafka import Producer
from msgspec import Struct

from benchmarks.asking import Page, page
from benchmarks.brokers import apache
from benchmarks.rig import Child, Rig, child, scrape, services, touchpoints
from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ACTIONS, channel_topic
from connectors.published.record_types import read_action
from flows.settings import Settings
from state.times import rfc3339

PLAYBOOK = Path(__file__).with_name("overshoot.yaml")
MOST = 1
"""What the playbook's cap has room for."""
CONNECTIONS = 32
SETTLED_S = 30.0
"""How long the flow may take to count the last answer."""
BINS_MS = (2, 5, 10, 20, 50, 100, 1_000)


class Trial(Struct, frozen=True):
    """One customer's event and questions; milliseconds since the trial's beginning."""

    customer: str
    event_ms: float
    asked_ms: tuple[float, ...]

    @property
    def apart_ms(self) -> float:
        """From the event to the question that is nearest, whichever is first."""
        return min(abs(asked - self.event_ms) for asked in self.asked_ms)


def trials(seed: int, count: int, questions: int, spread_ms: float) -> list[Trial]:
    """Each at times of its own within `spread_ms`."""
    dice = random.Random(seed)

    def at() -> float:
        return dice.uniform(0, spread_ms)

    return [
        Trial(f"o-{number:06}", at(), tuple(at() for _ in range(questions)))
        for number in range(count)
    ]


async def play(
    rig: Rig, urls: Sequence[str], todo: Sequence[Trial], rate: float
) -> tuple[Counter[int], int]:
    """(status of answers → how many, questions that were answered with an offer)."""
    producer = rig.producer(**{"linger.ms": 0})
    statuses: Counter[int] = Counter()
    given = 0
    began = time.perf_counter() + 0.1

    async def until(at_s: float) -> None:
        await asyncio.sleep(max(began + at_s - time.perf_counter(), 0))

    async def ask(asked: Page, customer: str, at_s: float) -> None:
        nonlocal given
        await until(at_s)
        body = orjson.dumps({"customer_id": customer, "placement": "page"})
        status, answer = await asked.post(body)
        statuses[status] += 1
        given += status == 200 and bool(orjson.loads(answer)["offers"])

    async def tell(customer: str, at_s: float) -> None:
        await until(at_s)
        _tell(producer, customer)

    async with contextlib.AsyncExitStack() as opened:
        pages = [await opened.enter_async_context(page(url, CONNECTIONS)) for url in urls]
        tasks = []
        for number, trial in enumerate(todo):
            start_s = number / rate
            tasks.append(tell(trial.customer, start_s + trial.event_ms / 1000))
            for turn, asked_ms in enumerate(trial.asked_ms):
                asked = pages[(number + turn) % len(pages)]
                tasks.append(ask(asked, trial.customer, start_s + asked_ms / 1000))
        await asyncio.gather(*tasks)
    producer.flush(10)
    return statuses, given


def _tell(producer: Producer, customer: str) -> None:
    event = {
        "messageId": f"m-{customer}",
        "type": "page",
        "userId": customer,
        "timestamp": rfc3339(time.time_ns() // 1_000_000),
    }
    producer.produce(channel_topic("click"), orjson.dumps(event), customer)
    producer.poll(0)


def decided(rig: Rig) -> Counter[str]:
    """Customer → decisions that were published, each id once."""
    config = {"bootstrap.servers": rig.kafka.bootstrap_servers}
    found: dict[str, str] = {}
    for shard in range(Settings().partitions):
        for batch in ToEnd(config, {(ACTIONS, shard): 0}).batches():
            for message in batch:
                record = read_action(message.value())
                if record.kind == "offer.decided":
                    found[record.id] = record.customer_id
    return Counter(found.values())


def measure(
    rig: Rig, doors: int, count: int, questions: int, rate: float, spread_ms: float, seed: int
) -> dict[str, Any]:
    """What one run comes to."""
    todo = trials(seed, count, questions, spread_ms)
    with contextlib.ExitStack() as running:
        flow = running.enter_context(touchpoints(rig))
        asked = [
            running.enter_context(child(rig, f"decide-{n}", "flows.cli", "run", "decide", "--json"))
            for n in range(doors)
        ]
        statuses, given = asyncio.run(play(rig, [one.said["url"] for one in asked], todo, rate))
        _settle(flow, asked)
        found = decided(rig)
    beyond = {trial.customer: max(found[trial.customer] - MOST, 0) for trial in todo}
    return {
        "doors": doors,
        "customers": count,
        "questions": questions,
        "spread_ms": spread_ms,
        "statuses": {str(status): number for status, number in statuses.items()},
        "answered_with_an_offer": given,
        "decided": sum(found.values()),
        "customers_by_decisions": dict(sorted(Counter(found[t.customer] for t in todo).items())),
        "beyond_the_cap": sum(beyond.values()),
        "most_beyond": max(beyond.values()),
        "beyond_by_ms_apart": _by_distance(todo, beyond),
    }


def _by_distance(todo: Sequence[Trial], beyond: dict[str, int]) -> dict[str, str]:
    """At most so many milliseconds between event and question → customers beyond, of how many."""
    rows: dict[str, str] = {}
    least = 0
    for most in BINS_MS:
        here = [trial for trial in todo if least <= trial.apart_ms < most]
        if here:
            rows[str(most)] = f"{sum(beyond[t.customer] > 0 for t in here)} of {len(here)}"
        least = most
    return rows


def _settle(flow: Child, asked: Sequence[Child]) -> None:
    """Wait until the flow has counted every answer. Raises RuntimeError when it does not."""
    until_s = time.monotonic() + SETTLED_S
    due = sum(scrape(one).get("touchline_decide_offers_total{decided}", 0) for one in asked)
    while scrape(flow).get("touchline_answers_counted_total{applied}", 0) < due:
        if time.monotonic() > until_s:
            raise RuntimeError(f"the flow has not counted {due:.0f} answers in {SETTLED_S:.0f} s")
        time.sleep(0.1)
    time.sleep(1)  # for what the events brought: no answer tells of it


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--doors", default=1, show_default=True, help="Processes that are asked.")
@click.option("--customers", default=1_000, show_default=True, help="Each with a cap of its own.")
@click.option("--questions", default=2, show_default=True, help="Of each customer.")
@click.option("--rate", default=50.0, show_default=True, help="Customers a second.")
@click.option("--spread", default=40.0, show_default=True, help="Milliseconds of one customer.")
@click.option("--seed", default=1, show_default=True)
@click.option("--embedded", is_flag=True, help="On the embedded broker, not on Apache Kafka.")
def main(
    doors: int,
    customers: int,
    questions: int,
    rate: float,
    spread: float,
    seed: int,
    embedded: bool,
) -> None:
    """Overrun a cap from both sides at once, and print one JSON object of what came of it.

    \b
    Examples:
      python -m benchmarks.overshoot
      python -m benchmarks.overshoot --doors 2 --questions 4 --spread 5
    """
    settings = {"TOUCHLINE_PLAYBOOK": str(PLAYBOOK), "TOUCHLINE_DECIDE_PORT": "0"}
    with contextlib.nullcontext() if embedded else apache(10.0), services(**settings) as rig:
        found = measure(rig, doors, customers, questions, rate, spread, seed)
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))


if __name__ == "__main__":
    main()
