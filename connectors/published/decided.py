"""`touchpoints.decided`: what was decided for somebody who asked, as it lies in its topic.

Written by who answers (`touchline run decide`), read by the touchpoints flow, and by nobody else.
Pure: equal arguments give equal bytes and equal verdicts, so a replay reads alike.
"""

from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert
from orjson import dumps, loads

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import BAD_CUSTOMER, EMPTY, TOMBSTONE, is_customer_id, unreadable
from connectors.events.timing import span
from connectors.kafka.murmur2 import partition_of
from connectors.published.schema_bodies import OfferDecided
from state.decided import ASKED, Decided
from state.decision import Action
from state.decision_ids import is_of, is_ours
from state.limits import Limits
from state.times import milliseconds, rfc3339

KIND: Final = "offer.decided"
Hex = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class _Offer(OfferDecided):
    """An action's body whose id can be one."""

    decision_id: Hex


class DecidedRecord(Struct, frozen=True, gc=False):
    """A record of the topic; its key is the customer's id."""

    request: Annotated[str, Meta(min_length=1, max_length=128)]
    customer_id: str
    decided_at: Annotated[datetime, Meta(tz=True)]
    playbook: str
    """Version of the playbook that was used."""
    placements: list[str]
    """Those that were asked for."""
    context: dict[str, Any]
    """What the page knew: what conditions and weights saw as the event's properties."""
    offers: Annotated[list[_Offer], Meta(min_length=1)]
    """What was decided anew: bodies of `offer.decided`, as they are to be published."""


FIELDS: Final = OfferDecided.__struct_fields__


def decided_record(decided: Decided, placements: list[str], context: dict[str, Any]) -> bytes:
    """JSON of a `DecidedRecord`."""
    return dumps(
        {
            "request": decided.request,
            "customer_id": decided.customer_id,
            "decided_at": rfc3339(decided.at_ms),
            "playbook": decided.playbook,
            "placements": placements,
            "context": context,
            "offers": [action.body for action in decided.actions],
        }
    )


def read_decided(
    raw: bytes | None, shard: int, partitions: int, now_ms: int, limits: Limits
) -> Decided | Refusal:
    """What `raw`, which lies in the partition `shard`, says, or why it is not taken. Never raises.

    `now_ms`: what its time is judged by. One from long ago is taken: a flow that was away for long
    must count what was answered meanwhile.
    """
    if not raw:
        return TOMBSTONE if raw is None else EMPTY
    try:
        tree = loads(raw)
        record = convert(tree, DecidedRecord)
    except ValidationError as error:
        return Refusal(Reason.INVALID, str(error))
    except ValueError as error:
        return unreadable(raw, error)
    customer_id = record.customer_id
    if not is_customer_id(customer_id):
        return BAD_CUSTOMER
    if (belongs := partition_of(customer_id, partitions)) != shard:
        return Refusal(
            Reason.MISPLACED,
            f"expected in partition {belongs} (murmur2 of the customer id), came in {shard}; let "
            "nobody but `touchline run decide` write here, with this TOUCHLINE_PARTITIONS",
        )
    at_ms = milliseconds(record.decided_at)
    if at_ms > now_ms + limits.ahead_ms:
        return Refusal(
            Reason.IN_FUTURE,
            f"expected at most {span(limits.ahead_ms)} from now - at `$.decided_at`; set the clock "
            "of the machine right that decided",
        )
    for n, offer in enumerate(record.offers):
        decision_id = bytes.fromhex(offer.decision_id)
        if not (is_ours(decision_id) and is_of(decision_id, customer_id)):
            return Refusal(
                Reason.INVALID,
                f"expected the id of a decision for this customer - at `$.offers[{n}].decision_id`",
            )
    return Decided(
        customer_id,
        record.request,
        at_ms,
        record.playbook,
        [
            # Of what came only what is known and was checked: it is published as it stands.
            Action(
                body["decision_id"],
                KIND,
                ASKED + record.request,
                {f: body[f] for f in FIELDS if f in body},
            )
            for body in tree["offers"]
        ],
    )
