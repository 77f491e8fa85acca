"""A record as a line for people: when, what kind, whom, what, why."""

from typing import Any, NamedTuple

import click
from msgspec import DecodeError
from msgspec.json import decode

from connectors.published.record_types import ActionRecord, EnrichedRecord
from connectors.published.schema_requests import REQUESTS
from flows.commands.asked import asked_of, origin_of
from flows.commands.phrases import moment, number, printable
from flows.commands.tail.selection import (
    ACKNOWLEDGED,
    ALERT,
    ALERTS,
    ANSWER,
    CLEARED,
    ENDED,
    ENTERED,
    ESCALATED,
    EXITED,
    OFFER,
    STARTED,
    Record,
    moment_of,
)
from flows.commands.telling import telling
from state.times import milliseconds

SEVERITIES: dict[str, dict[str, Any]] = {
    "critical": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow"},
}
LABELS: dict[str, tuple[str, dict[str, Any]]] = {
    OFFER: ("offer", {"fg": "green"}),
    ANSWER: ("answer", {"fg": "green"}),
    ALERT: ("alert", {"fg": "cyan"}),
    ESCALATED: ("alert+", {"fg": "cyan", "bold": True}),
    ACKNOWLEDGED: ("seen", {"fg": "cyan"}),
    CLEARED: ("cleared", {"fg": "cyan"}),
    ENTERED: ("entered", {"fg": "blue"}),
    EXITED: ("left", {"fg": "blue"}),
    STARTED: ("begun", {"fg": "yellow"}),
    ENDED: ("ended", {"fg": "yellow"}),
    **{kind: (kind.partition(".")[0], {"fg": "magenta"}) for kind in REQUESTS},
}
"""Kind → its word in a line, and its look on a terminal."""


ID_COLUMNS, WHAT_COLUMNS = 14, 20


class Line(NamedTuple):
    """The parts of a line."""

    label: str
    what: str
    why: str
    look: dict[str, Any]


def line_of(record: Record, now_ms: int) -> str:
    """One line, with the colours of a terminal. The time is UTC; its date stands before it unless
    it is that of `now_ms`."""
    line = _event(record) if isinstance(record, EnrichedRecord) else _action(record)
    when = moment(milliseconds(moment_of(record)), now_ms)
    look = click.style(f"{line.label:<7}", **line.look)
    what = printable(line.what)
    what = click.style(f"{what:<{WHAT_COLUMNS}}  " if line.why else what, bold=True)
    return f"{when}  {look}  {printable(record.customer_id):<{ID_COLUMNS}}  {what}{line.why}"


def _action(record: ActionRecord) -> Line:
    body = record.body
    label, look = LABELS.get(record.kind, (record.kind, {}))
    if record.kind == OFFER:
        place = f"{body.get('placement', '?')} on {body.get('channel', '?')}"
        score = body.get("score")
        scored = f", score {number(score)}" if isinstance(score, int | float) else ""
        reasons = "; ".join(str(reason) for reason in _list(body.get("reasons")))
        why = f"{place}{scored}{': ' if reasons else ''}{reasons}"
        return Line(label, str(body.get("offer_id", "?")), printable(why), look)
    if record.kind == ANSWER:
        place = f"{body.get('placement', '?')} on {body.get('channel', '?')}"
        why = f"{body.get('answer', '?')} in {place}, decided {_minute(body.get('decided_at'))}"
        return Line(label, str(body.get("offer_id", "?")), printable(why), look)
    if record.kind in ALERTS:
        severity = printable(str(body.get("severity", "?")))
        told = click.style(severity, **SEVERITIES.get(severity, {}))
        about = body.get("message")
        if about is None:  # of one that was raised before
            key = f"{body['key']}, " if "key" in body else ""
            about = f"{key}raised {_minute(body.get('raised_at'))}"
        message = printable(str(about))
        return Line(label, str(body.get("alert", "?")), f"{told}: {message}", look)
    if record.kind in REQUESTS:
        return Line(label, printable(origin_of(body)), printable(asked_of(record.kind, body)), look)
    if record.kind in (STARTED, ENDED):
        return Line(label, str(body.get("journey", "?")), printable(_run(body)), look)
    since = ""
    if record.kind == EXITED:
        since = f"in it since {_minute(body.get('since'))}"
    return Line(label, str(body.get("segment", "?")), printable(since), look)


def _run(body: dict[str, Any]) -> str:
    about = f"about {body['key']}" if "key" in body else ""
    if "reason" not in body:
        return about
    how = f"{body['reason']} at {body.get('step', '?')}"
    return f"{about}: {how}" if about else how


def _event(record: EnrichedRecord) -> Line:
    try:
        original = decode(record.original)
    except DecodeError:
        original = None
    properties = original.get("properties") if isinstance(original, dict) else None
    told = telling(properties if isinstance(properties, dict) else None)
    why = f"{printable(record.channel)}{': ' if told else ''}{told}"
    return Line("event", record.event, why, {"dim": True})


def _minute(moment: object) -> str:
    return str(moment or "?")[:16].replace("T", " ")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
