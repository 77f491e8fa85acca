"""`python -m benchmarks.asked`: how long `touchline run decide` takes, in an open loop.

Each request is sent at its time, whatever became of the ones before, and measured from when it was
due. Every other customer is known, as some seconds of simulated events have made them, and mostly
has offers that stand; the others are new, so that each answer decides anew, and waits for Kafka
unless it is asked for early. The caller shares the machine with all that it asks. Beside it a bare
producer says what Kafka's acknowledgement alone takes meanwhile, and how late the machine wakes it
(`floor_ms`), and `own_ms` is what the process itself says of the same requests, by bucket.
"""

import asyncio
import contextlib
import gc
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
import orjson
from msgspec import structs

from benchmarks.asking import Page, page
from benchmarks.brokers import apache
from benchmarks.latency import of_buckets
from benchmarks.results import spread
from benchmarks.rig import ROOT, Child, Rig, child, scrape, services, touchpoints
from benchmarks.sender import send
from benchmarks.usage import usage_of

CONTEXT = {"page": "product", "category": "shoes", "price": 79.5, "in_stock": True}
KNOWN_RATE, KNOWN_S = 1_000, 10
"""Events that make the customers known."""
WARM_UP_S = 3.0
"""Of requests, which are not counted."""
CONNECTIONS = 16
LATE_S = 30.0
"""How long the touchpoints flow may take to count the last answer."""


async def ask_all(
    url: str, customers: list[str], rate: float, seconds: float, named: bool, early: bool
) -> tuple[list[float], Counter[int]]:
    """(milliseconds from when each was due, status → how many)."""
    waits: list[float] = []
    statuses: Counter[int] = Counter()

    async def one(asking: Page, number: int) -> None:
        due = began + number / rate
        body = {"customer_id": customers[number % len(customers)], "placement": "home"}
        more: dict[str, Any] = {"message_id": f"{began}-{number}"} if named else {}
        more |= {"early": True} if early else {}
        raw = orjson.dumps({**body, "context": CONTEXT, **more})
        status, _ = await asking.post(raw)
        waits.append((time.perf_counter() - due) * 1000)
        statuses[status] += 1

    async with page(url, CONNECTIONS) as asking:
        began = time.perf_counter() + 0.1
        gc.disable()
        tasks = []
        for number in range(int(rate * seconds)):
            if (wait := began + number / rate - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(one(asking, number)))
        await asyncio.gather(*tasks)
        gc.enable()
    return waits, statuses


def measure(
    rig: Rig, rate: float, seconds: float, named: bool, early: bool, root: Path = ROOT
) -> dict[str, Any]:
    """What one run comes to. `root` is the checkout whose code is measured."""
    with (
        touchpoints(rig, root) as flow,
        child(rig, "decide", "flows.cli", "run", "decide", "--json", root=root) as api,
    ):
        sent = send(rig, 2, KNOWN_RATE, KNOWN_S)
        time.sleep(1)
        known = list(dict.fromkeys(event.key for event in sent.emissions))
        customers = [who for n, one in enumerate(known) for who in (one, f"new-{n}")]
        url, warm = api.said["url"], int(rate * WARM_UP_S) % len(customers)
        asyncio.run(ask_all(url, customers, rate, WARM_UP_S, named, early))
        scraped = scrape(api)
        before, began = _used(rig, flow, api), time.perf_counter()
        with child(rig, "floor", "benchmarks.floor", rig.kafka.bootstrap_servers) as floor:
            waits, statuses = asyncio.run(
                ask_all(url, customers[warm:] + customers[:warm], rate, seconds, named, early)
            )
        took = time.perf_counter() - began
        used = {name: (s - before[name]) / took for name, s in _used(rig, flow, api).items()}
        numbers, counted = scrape(api), _counted(flow)
        own = {name: value - scraped.get(name, 0) for name, value in numbers.items()}
        resident_mb = usage_of(api.process.pid).resident_mb
        flow.check()
        api.check()
    return {
        "rate": rate,
        "seconds": seconds,
        "named": named,
        "early": early,
        "customers": len(customers),
        "statuses": {str(status): count for status, count in statuses.items()},
        "ms": structs.asdict(structs.replace(spread(waits), percentiles=[])),
        "own_ms": structs.asdict(of_buckets(own, "touchline_decide_seconds")),
        "floor_ms": floor.more()[-1],
        "offers": {
            how: own.get(f"touchline_decide_offers_total{{{how}}}", 0)
            for how in ("decided", "stood")
        },
        "answers_counted": counted,
        "cores": {name: round(share, 3) for name, share in used.items()},
        "resident_mb": resident_mb,
    }


def _used(rig: Rig, flow: Child, api: Child) -> dict[str, float]:
    pids = {
        "decide": api.process.pid,
        "touchpoints": flow.process.pid,
        "kafka": rig.kafka.process.pid,
        "redis": rig.redis.process.pid,
        "caller": os.getpid(),
    }
    return {name: usage_of(pid).cpu_s for name, pid in pids.items()}


def _counted(flow: Child) -> float:
    """Answers that the touchpoints flow has counted, once their number stands."""
    before, until = -1.0, time.monotonic() + LATE_S
    while time.monotonic() < until:
        now = scrape(flow).get("touchline_answers_counted_total{applied}", 0)
        if now == before:
            return now
        before = now
        time.sleep(0.5)
    return before


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rate", default=200.0, show_default=True, help="Requests a second.")
@click.option("--seconds", default=30.0, show_default=True, help="For so long.")
@click.option("--named", is_flag=True, help="Each request has a message_id.")
@click.option("--early", is_flag=True, help="No answer waits for Kafka.")
@click.option("--embedded", is_flag=True, help="On the embedded broker, not on Apache Kafka.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=ROOT,
    help="The checkout to measure; this one unless told.",
)
@click.option("--setting", multiple=True, metavar="NAME=VALUE", help="Of the processes measured.")
def main(
    rate: float,
    seconds: float,
    named: bool,
    early: bool,
    embedded: bool,
    root: Path,
    setting: tuple[str, ...],
) -> None:
    """Ask `touchline run decide` at a rate, and print one JSON object of what came of it."""
    of_flow = dict(one.split("=", 1) for one in setting)
    with contextlib.nullcontext() if embedded else apache(10.0), services(**of_flow) as rig:
        click.echo(
            orjson.dumps(
                measure(rig, rate, seconds, named, early, root), option=orjson.OPT_INDENT_2
            )
        )


if __name__ == "__main__":
    main()
