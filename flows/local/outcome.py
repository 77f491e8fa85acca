"""What a run of `up` leaves to be told, and what there is to look at while it runs."""

import contextlib
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from flows.local.numbers import Numbers
from state.store.keys import offers_key

LOOKED_AT = 50
"""Serving keys, of any number: an example is all that is wanted."""


class Summary(Struct, frozen=True):
    """The closing words of a run."""

    seconds: float
    """Since everything was ready."""
    ready_s: float
    """From the start to everything ready."""
    first_offer_s: float | None
    """From the start to the first offer decided; None when there was none."""
    events: int
    events_per_s: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    offers: int
    alerts: int
    dead_letters: int
    answers: dict[str, int]
    """What the simulated customers answered, by event name; empty without them."""
    warehouse_rows: int
    """Added by this run."""
    warehouse_total_rows: int


def summary(
    whole: Numbers,
    *,
    ready_s: float,
    first_offer_s: float | None,
    answers: dict[str, int],
    rows_before: int,
    rows_after: int,
) -> Summary:
    """The numbers of the whole run, with what only is known at its end."""
    return Summary(
        seconds=whole.seconds,
        ready_s=round(ready_s, 1),
        first_offer_s=None if first_offer_s is None else round(first_offer_s, 1),
        events=whole.events,
        events_per_s=whole.events_per_s,
        latency_p50_ms=whole.latency_p50_ms,
        latency_p99_ms=whole.latency_p99_ms,
        offers=whole.offers,
        alerts=whole.alerts,
        dead_letters=whole.dead_letters,
        answers=answers,
        warehouse_rows=rows_after - rows_before,
        warehouse_total_rows=rows_after,
    )


def warehouse_rows(folder: Path) -> int:
    """Rows of all Delta tables in `folder` that can be read; the warehouse flow says what is wrong
    with another. (The last write of a flow that has ended is in no metric.)"""
    rows = 0
    if logs := list(folder.glob("*/_delta_log")):
        from deltalake import DeltaTable  # noqa: PLC0415 - 0.3 s that a first run does not need
        from deltalake.exceptions import DeltaError  # noqa: PLC0415 - as above

        for log in logs:
            with contextlib.suppress(DeltaError):
                rows += DeltaTable(log.parent).count()
    return rows


def somebody(redis_url: str) -> str | None:
    """The id of a customer who has an offer now, a short one; None when nobody has, or Redis is
    silent."""
    from redis import Redis, RedisError  # noqa: PLC0415 - 0.2 s that only a screen is to pay for

    prefix = offers_key("")
    with contextlib.suppress(RedisError), Redis.from_url(redis_url, socket_timeout=0.5) as redis:
        keys = list(islice(redis.scan_iter(match=prefix + b"*", count=1000), LOOKED_AT))
        offered = [key for key in keys if b'"offers":[{' in (redis.get(key) or b"")]
        if offered:
            return bytes(min(offered, key=len)).removeprefix(prefix).decode()
    return None


class _Answers(Struct):
    answers: dict[str, int]


def told_answers(lines: list[str]) -> dict[str, int]:
    """The answers in the newest of the simulator's lines that tells them."""
    for line in reversed(lines):
        try:
            return msgspec.json.decode(line, type=_Answers).answers
        except msgspec.DecodeError:
            continue
    return {}
