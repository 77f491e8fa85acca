"""The bytes of what is published. Pure: equal arguments give equal bytes, in any process.

`record_types` holds the same records as types, for their readers.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import asdict
from orjson import Fragment, dumps

from connectors.events.dead_letter import Reason
from state.applied import Applied
from state.decision import Action, ServedOffer, Serving
from state.times import rfc3339
from state.touchpoint import Touchpoint

MAX_DETAIL_CHARACTERS = 1_000
MAX_CARRIED_BYTES = 1_048_588
"""Of key, value and headers together, in this order: what brokers take unless told otherwise. One
that was told may hold larger records, and so may a compressed batch."""
MAX_HEADERS = 64
MAX_HEADER_NAME_CHARACTERS = 128
"""Bounds of what a dead letter adds to base64: a record may consist of nothing but headers."""


def enriched_record(
    touchpoint: Touchpoint,
    profile_summary: dict[str, Any],
    segments: Iterable[str],
    applied: Applied,
    playbook: str,
) -> bytes:
    """JSON of an `EnrichedRecord`. `segments` may come in any order, even a set's.

    The original is spliced in as it came: numbers and spelling stay what the producer sent.
    """
    return dumps(
        {
            "id": touchpoint.id,
            "customer_id": touchpoint.customer_id,
            "channel": touchpoint.channel,
            "event": touchpoint.name,
            "occurred_at": rfc3339(touchpoint.at_ms),
            "received_at": rfc3339(touchpoint.received_ms),
            "original": Fragment(touchpoint.raw),
            "profile": profile_summary,
            "segments": sorted(segments),
            "applied": asdict(applied),
            "playbook": playbook,
        }
    )


def action_record(
    customer_id: str, action: Action, decided_at_ms: int, playbook: str, applied: Applied
) -> bytes:
    """JSON of an `ActionRecord`."""
    return dumps(
        {
            "id": action.id,
            "kind": action.kind,
            "customer_id": customer_id,
            "caused_by": action.caused_by,
            "decided_at": rfc3339(decided_at_ms),
            "playbook": playbook,
            "applied": asdict(applied),
            "body": action.body,
        }
    )


def offers_document(customer_id: str, serving: Serving) -> bytes:
    """JSON of an `OffersDocument`: the value of the customer's serving key."""
    return dumps(
        {
            "customer_id": customer_id,
            "as_of": rfc3339(serving.as_of),
            "expires_at": rfc3339(serving.expires_at),
            "offers": [
                {
                    "offer_id": offer.offer_id,
                    "decision_id": offer.decision_id,
                    "channel": offer.channel,
                    "rank": offer.rank,
                    "score": offer.score,
                    "propensity": offer.propensity,
                    "value": offer.value,
                    "placement": offer.placement,
                    "reasons": offer.reasons,
                    "expires_at": rfc3339(offer.expires_at),
                    **_wares(offer),
                }
                for offer in serving.offers
            ],
        }
    )


def _wares(offer: ServedOffer) -> dict[str, Any]:
    """Only where there are products: to say so of each offer would make the key longer."""
    said: dict[str, Any] = {"products": offer.products} if offer.products else {}
    return said if offer.price is None else said | {"price": offer.price}


def dead_letter_record(
    raw: bytes | None,
    key: bytes | None,
    headers: Sequence[tuple[str, bytes | None]] | None,
    topic: str,
    partition: int,
    offset: int,
    reason: Reason,
    detail: str,
    stage: str,
    at_ms: int,
    first_at_ms: int,
    applied: Applied,
) -> bytes:
    """JSON of a `DeadLetterRecord`: a third larger than what it carries, and at most 64 KiB more.

    Of headers the first 64 are kept, of their names 128 characters, of `detail` 1,000. Of a record
    larger than MAX_CARRIED_BYTES the beginning is kept, and `detail` says so.
    """
    room = MAX_CARRIED_BYTES
    kept: list[bytes | None] = []
    lost = 0
    for part in (key, raw, *(value for _, value in (headers or ())[:MAX_HEADERS])):
        kept.append(part if part is None else part[:room])
        lost += len(part or b"") - len(kept[-1] or b"")
        room -= len(kept[-1] or b"")
    if lost:
        detail = f"cut, {lost} bytes are left out here; {detail}"
    names = [_clean(name[:MAX_HEADER_NAME_CHARACTERS]) for name, _ in headers or ()]
    return dumps(
        {
            "value": _base64(kept[1]),
            "key": _base64(kept[0]),
            "headers": [[n, _base64(v)] for n, v in zip(names, kept[2:], strict=False)],
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "reason": reason,
            "detail": _clean(detail[:MAX_DETAIL_CHARACTERS]),
            "stage": stage,
            "at": rfc3339(at_ms),
            "first_at": rfc3339(first_at_ms),
            "applied": asdict(applied),
        }
    )


def _base64(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def _clean(text: str) -> str:
    """Lone surrogates have no UTF-8 form, and a dead letter must never fail to be written."""
    return text.encode(errors="replace").decode()
