"""A published decision made again from its record alone: its score, its order, its id.

Pure. What the record does not hold is not judged: why better treatments were passed over (places,
rivals and caps), and the value, lever and cost of the others.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import isclose
from typing import Final

from msgspec import Struct

from decisions.acting import BY_BUDGET, BY_STOCK, BY_TIME
from decisions.offering.arbitration import gain
from decisions.offering.logged import Decided, Logged, Row
from decisions.offering.record import DECIDED
from decisions.offering.redraw import remarks_on_draws
from state.decision import MOST_ELIGIBLE
from state.decision_ids import is_of, is_ours
from state.touchpoint import identity

LIKE: Final = 1e-12
"""How far a score made again may be off, as a share of its terms: a power is the C library's, and
the last bit of one is not everywhere the same."""
TERMS: Final = ("power", "weight", "lever", "cost")
"""What records of an older version do not say."""


class Retold(Struct, frozen=True):
    """A decision, as far as its record tells it."""

    record: Logged
    rank: int | None
    """Its own in the eligible set, 1 is the best; None: not said."""
    eligible: tuple[Row, ...]
    """What it was chosen of, the best first; of more than MOST_ELIGIBLE the best."""
    score: float | None
    """As its terms make it; None where they are not all there, or out of bounds."""
    unsaid: tuple[str, ...]
    """What cannot be told, as an older version has written it."""
    remarks: tuple[str, ...]
    """Where the record does not reproduce itself: what was expected, what it says."""


def retell(record: Logged) -> Retold:
    """What `record` says, and whether it follows from itself."""
    body = record.body
    rows = tuple(body.eligible.rows()) if body.eligible else ()
    own = [row for row in rows if row.treatment == body.treatment]
    wrong = tuple(_out_of_bounds(body))
    terms = None if wrong or _lacking(body) else _terms(body)
    remarks = [*wrong, *_of_ids(record), *_of_score(body.score, terms)]
    if body.topics and set(body.topics).isdisjoint(body.interests or ()):
        remarks.append(f"interests: expected one of {body.topics}, got {body.interests}")
    if body.expires_at <= record.decided_at:
        remarks.append("expires_at: expected a time after decided_at")
    if body.eligible:
        remarks += [*_of_columns(body.eligible.lengths()), *_of_own(body, own, len(rows))]
        # The one that is explored stands first whatever its score.
        by_score = rows[1:] if body.learned and body.learned.explored else rows
        remarks += [*_of_rows(rows), *_of_order(by_score, record.customer_id)]
        remarks += remarks_on_draws(body, rows)
    return Retold(
        record=record,
        rank=own[0].rank if own else None,
        eligible=rows,
        score=terms[0] - terms[1] if terms else None,
        unsaid=tuple(_unsaid(body)),
        remarks=tuple(remarks),
    )


def _lacking(body: Decided) -> list[str]:
    return [name for name in TERMS if getattr(body, name) is None]


def _unsaid(body: Decided) -> Iterator[str]:
    if lacking := _lacking(body):
        yield f"whether the terms make the score: {', '.join(lacking)} are not in the record"
    if body.eligible is None:
        yield "its rank, and what came before and after it: eligible is not in the record"
    if body.arms is None:
        yield "in which arms the customer was: arms is not in the record"


def _out_of_bounds(body: Decided) -> Iterator[str]:
    if not 0 < body.propensity <= 1:
        yield f"propensity: expected above 0 and up to 1, got {body.propensity!r}"
    for name in ("value", *TERMS):
        said = getattr(body, name)
        if said is not None and said < 0:
            yield f"{name}: expected 0 or more, got {said!r}"


def _terms(body: Decided) -> tuple[float, float]:
    """What it may bring, and what it costs."""
    power, weight = body.power or 0.0, body.weight or 0.0
    return gain(body.propensity, body.value, body.lever or 0.0, power) * weight, body.cost or 0.0


def _of_score(said: float, terms: tuple[float, float] | None) -> Iterator[str]:
    if terms is None:
        return
    made = terms[0] - terms[1]
    if not isclose(said, made, rel_tol=0.0, abs_tol=LIKE * sum(terms)):
        yield f"score: expected {made!r} of its terms, got {said!r}"


def _of_ids(record: Logged) -> Iterator[str]:
    body, customer = record.body, record.customer_id
    if record.id != body.decision_id:
        yield f"decision_id: expected the record's id {record.id}, got {body.decision_id}"
    # Without it, it is of a version whose ids had no checks.
    if body.eligible is not None and (trouble := wrong_id(record.id, customer)):
        yield f"id: {trouble}"
    made = identity(customer, record.caused_by, DECIDED, body.offer_id)
    # How often time alone has led to something is not in the record, and its id is made of that.
    led_by_event = not record.caused_by.startswith((BY_TIME, BY_STOCK, BY_BUDGET))
    if led_by_event and record.id[:24] != made[:12].hex():
        yield (
            f"id: expected one that begins with {made[:12].hex()}, as it is made of the customer, "
            f"{record.caused_by!r} and {body.offer_id!r}; got {record.id}"
        )


def wrong_id(decision_id: str, customer_id: str) -> str:
    """What is wrong with a decision's id (hex digits) for this customer; "" = nothing."""
    try:
        found = bytes.fromhex(decision_id)
    except ValueError:
        found = b""
    if not is_ours(found):
        return f"expected one that Touchline has made, got {decision_id!r}, whose checks are wrong"
    if not is_of(found, customer_id):
        return f"expected a decision for {customer_id!r}, got {decision_id}, made for another"
    return ""


def _of_columns(lengths: dict[str, int]) -> Iterator[str]:
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        yield f"eligible: expected columns of one length, got {told}"


def _of_own(body: Decided, own: list[Row], count: int) -> Iterator[str]:
    named = " ".join(body.treatment)
    if len(own) != 1:
        if own or count < MOST_ELIGIBLE:
            yield f"eligible: expected {named} once, got it {len(own)} times"
        return
    for name in ("propensity", "weight", "score"):
        told, listed = getattr(body, name), getattr(own[0], name)
        if told is not None and told != listed:
            yield f"{name}: expected {listed!r} as in eligible, got {told!r}"


def _of_rows(rows: tuple[Row, ...]) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        where = f"eligible, rank {row.rank}"
        if row.treatment in seen:
            yield f"{where}: expected each treatment once, got {' '.join(row.treatment)} again"
        seen.add(row.treatment)
        if not 0 < row.propensity <= 1:
            yield f"{where}: expected a propensity above 0 and up to 1, got {row.propensity!r}"
        for name in ("weight", "score"):
            if getattr(row, name) < 0:
                yield f"{where}: expected a {name} of 0 or more, got {getattr(row, name)!r}"


def _of_order(rows: tuple[Row, ...], customer_id: str) -> Iterator[str]:
    """As `best_first` has it: by score, equal ones of different offers by the draw."""
    for one, other in pairwise(rows):
        if one.score > other.score:
            continue
        where = f"eligible, ranks {one.rank} and {other.rank}"
        if one.score < other.score:
            yield f"{where}: expected the higher score first, got {one.score!r}, {other.score!r}"
        elif identity(customer_id, one.offer_id) > identity(customer_id, other.offer_id):
            drawn = f"{other.offer_id} before {one.offer_id}"
            yield f"{where}: expected {drawn}, as equal scores are drawn for this customer"
