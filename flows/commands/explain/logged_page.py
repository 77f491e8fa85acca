"""A decision from its record, as lines for people and as an object."""

from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec

from decisions.offering.logged import Answer, Row
from decisions.offering.recheck import Retold
from flows.commands.phrases import count, printable
from state.times import milliseconds, rfc3339

TERMS = ("propensity", "power", "weight", "value", "lever", "cost")
BESIDE = 3
"""Rows of the eligible set that are shown before it, and after it."""


def lines(told: Retold, answers: Sequence[Answer], copies: int) -> Iterator[str]:
    """`copies`: how many contents the decision's id was found with."""
    record, body = told.record, told.record.body
    offer = click.style(printable(body.offer_id), bold=True)
    group = f", of the group {printable(body.group)}" if body.group else ""
    place = f"{printable(body.placement)} on {printable(body.channel)}"
    yield f"{offer} for {printable(record.customer_id)} in {place}{group}"
    yield f"  decision {record.id}"
    cause, playbook = printable(record.caused_by), printable(record.playbook)
    yield f"    made at {_time(record.decided_at)} by the playbook of version {playbook}"
    yield f"    caused by {cause}, stands until {_time(body.expires_at)} at most"
    yield "  why"
    yield from (f"    {printable(reason)}" for reason in body.reasons)
    if body.topics:
        declared = ", ".join(body.interests or ()) or "nothing"
        about = f"about {', '.join(body.topics)}; the customer had declared {declared}"
        yield f"    {printable(about)}"
    yield "  score"
    terms = [(name, getattr(body, name)) for name in TERMS]
    known = ", ".join(f"{name} {value:.12g}" for name, value in terms if value is not None)
    yield f"    {known}: {body.score:.12g}"
    yield from _ranked(told)
    if body.arms:
        yield "  arms"
        yield from (f"    {printable(x)}: {printable(arm)}" for x, arm in body.arms.items())
    yield "  what became of it"
    for each in answers:
        yield f"    {printable(each.answer)} at {_time(each.at)}, by {printable(each.caused_by)}"
    if not answers:
        yield "    no answer is among what was read"
    yield "  check"
    yield from (f"    cannot be told: {what}" for what in told.unsaid)
    yield from (click.style(f"    {remark}", fg="red") for remark in _remarks(told, copies))


def document(told: Retold, answers: Sequence[Answer], copies: int) -> dict[str, Any]:
    """The same for programs."""
    record, body = told.record, told.record.body
    rows = [msgspec.to_builtins(row) for row in told.eligible]
    return {
        "customer_id": record.customer_id,
        "decision_id": record.id,
        "offer_id": body.offer_id,
        "group": body.group,
        "channel": body.channel,
        "placement": body.placement,
        "decided_at": _time(record.decided_at),
        "expires_at": _time(body.expires_at),
        "caused_by": record.caused_by,
        "playbook": record.playbook,
        "reasons": body.reasons,
        "topics": body.topics,
        "interests": body.interests,
        "terms": {name: getattr(body, name) for name in TERMS},
        "score": body.score,
        "score_of_terms": told.score,
        "rank": told.rank,
        "eligible": rows if body.eligible else None,
        "arms": body.arms,
        "answers": [
            {"answer": each.answer, "at": _time(each.at), "caused_by": each.caused_by}
            for each in answers
        ],
        "reproduces": not told.remarks and copies == 1,
        "remarks": [*told.remarks, *_of_copies(copies)],
        "unsaid": told.unsaid,
    }


def _ranked(told: Retold) -> Iterator[str]:
    rows, rank = told.eligible, told.rank
    if rank is None:
        if rows:
            yield f"  not among the {count(len(rows), 'best treatment')} that the record lists"
        return
    yield f"  rank {rank} of {len(rows)}"
    first, last = max(rank - 1 - BESIDE, 0), min(rank + BESIDE, len(rows))
    if first:
        yield f"       {count(first, 'better one')}"
    wide = len(str(last))
    for row in rows[first:last]:
        mark = ">" if row.rank == rank else " "
        yield f"    {mark} {row.rank:>{wide}}  {_row(row)}"
    if last < len(rows):
        yield f"       {len(rows) - last:,} more"


def _row(row: Row) -> str:
    place = f"{printable(row.placement)} on {printable(row.channel)}"
    terms = f"propensity {row.propensity:g}, weight {row.weight:g}"
    return f"{printable(row.offer_id)} in {place}: {row.score:.12g} ({terms})"


def _remarks(told: Retold, copies: int) -> Iterator[str]:
    found = [*told.remarks, *_of_copies(copies)]
    if not found:
        unsaid = ", as far as it says anything" if told.unsaid else ": score, order and id"
        yield f"the record reproduces itself{unsaid}"
        return
    yield "THE RECORD DOES NOT REPRODUCE ITSELF"
    yield from (f"  {printable(remark)}" for remark in found)


def _of_copies(copies: int) -> Iterator[str]:
    if copies > 1:
        yield f"id: expected one content, found {copies}; the first is told"


def _time(moment: Any) -> str:
    return rfc3339(milliseconds(moment))
