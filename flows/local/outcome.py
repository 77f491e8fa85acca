"""What a run of `up` leaves to be told, and what there is to look at while it runs."""

import contextlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from flows.local.numbers import Numbers
from flows.local.stack import ChildDied
from state.store.keys import offers_key

LOOKED_AT = 50
"""Serving keys, of any number: an example is all that is wanted."""

EVENTS_TABLE = "touchpoints"
"""One row for each accepted event."""


class NotAllKept(ChildDied):
    """A flow could not do its work to the end, and nobody can do it later."""


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
    troubles: list[str]
    """Why something may be lost that is not in the warehouse, a flow each; empty when all is."""


def summary(
    whole: Numbers,
    *,
    ready_s: float,
    first_offer_s: float | None,
    answers: dict[str, int],
    rows_before: Mapping[str, int],
    rows_after: Mapping[str, int],
    troubles: list[str],
) -> Summary:
    """The numbers of the whole run, with what only is known at its end.

    `rows_before`, `rows_after`: by table.
    """
    total = sum(rows_after.values())
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
        warehouse_rows=total - sum(rows_before.values()),
        warehouse_total_rows=total,
        troubles=troubles,
    )


def troubles_at_end(
    last: Numbers,
    failures: Mapping[str, str],
    rows_before: Mapping[str, int],
    rows_after: Mapping[str, int],
    logs: Mapping[str, Path],
) -> list[str]:
    """Why not all may be in the warehouse, a sentence for each flow that has a part in it.

    `last`: the look before the flows were told to stop; `failures`: flow → how it ended, if not
    well; `rows_before`, `rows_after`: by table; `logs`: flow → its log file, for all flows.
    """
    written = max(rows_after.get(EVENTS_TABLE, 0) - rows_before.get(EVENTS_TABLE, 0), 0)
    sentences = []
    for flow, log in logs.items():
        signs = []
        if flow in last.waiting:
            signs.append(f"was not ready when it had to stop ({last.waiting[flow]})")
        if flow in failures:
            signs.append(failures[flow])
        # What was accepted after that look comes on top, so this is never too much to expect.
        if flow == "warehouse" and written < last.accepted:
            signs.append(f"has {written:,} of {last.accepted:,} accepted events in its table")
        if signs:
            sentences.append(f"the {flow} flow {', and '.join(signs)}; see {log}")
    return sentences


def warehouse_rows(folder: Path) -> dict[str, int]:
    """Table → rows, of all Delta tables in `folder` that can be read; the warehouse flow says what
    is wrong with another. (The last write of a flow that has ended is in no metric.)"""
    rows = {}
    if logs := list(folder.glob("*/_delta_log")):
        from deltalake import DeltaTable  # noqa: PLC0415 - 0.3 s that a first run does not need
        from deltalake.exceptions import DeltaError  # noqa: PLC0415 - as above

        for log in logs:
            with contextlib.suppress(DeltaError):
                rows[log.parent.name] = DeltaTable(log.parent).count()
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
