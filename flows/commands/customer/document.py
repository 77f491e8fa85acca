"""What is known of one customer as plain JSON values, for programs.

Names are those that playbooks use; moments are RFC 3339, null for never.
"""

from typing import Any

import msgspec
import orjson

from flows.commands.customer.history import History, RaisedAlert
from flows.commands.customer.titles import Titles
from state.event_names import event_name
from state.journeys import Run
from state.profile import Orders
from state.store.keys import offers_key
from state.store.lookup import Known
from state.times import rfc3339
from state.windows import DAY_MS

SECTIONS = ("channels", "sessions", "cart", "affinity", "email", "kiosk", "chat")
"""Parts of a profile that are shown as they are."""


def document(
    known: Known, history: History, alerts: list[RaisedAlert], titles: Titles
) -> dict[str, Any]:
    """All of it. `touchpoints` and `last_actions` are null when the warehouse could not say, and
    `warehouse.missing` says why."""
    profile = known.profile
    served = _served(known)
    return {
        "customer_id": known.customer_id,
        "shard": known.shard,
        "first_at": _moment(profile.first_at),
        "last_at": _moment(profile.last_at),
        "segments": {name: _moment(since) for name, since in sorted(profile.segments.items())},
        "offers": [
            {**offer, "title": titles.offers.get(offer.get("offer_id"))}
            for offer in served.get("offers", ())
        ],
        "served": {
            "key": offers_key(known.customer_id).decode(),
            "as_of": served.get("as_of"),
            "expires_at": served.get("expires_at"),
        },
        "traits": profile.traits,
        "consents": _plain(profile.consents),
        "answers": _plain(profile.answers),
        "proposals": [
            {**_plain(one), "decision_id": one.decision_id.hex()}
            for one in reversed(profile.proposals)
        ],
        **{name: _plain(getattr(profile, name)) for name in SECTIONS},
        "events": {event_name(key): count for key, count in profile.events.items()},
        "orders": _orders(profile.orders),
        "alerts": {name: _moment(raised) for name, raised in profile.alerts.items()},
        "journeys": [_run(run) for run in profile.journeys],
        "standing_alerts": {
            name: {
                "raised_at": _moment(watch.raised_at),
                "acknowledged_at": _moment(watch.acknowledged_at),
                "steps": watch.steps,
            }
            for name, watch in profile.watches.items()
            if watch.raised_at or watch.acknowledged_at
        },
        "last_alerts": [_plain(alert) for alert in alerts],
        "last_actions": _plain(history.actions),
        # Of the properties, which are the producer's, nothing is taken for a moment of ours.
        "touchpoints": _plain(history.touchpoints),
        "warehouse": {
            "url": history.url,
            "as_of": _moment(history.as_of or 0),
            "missing": history.missing,
        },
        "playbook": profile.playbook,
    }


def _served(known: Known) -> dict[str, Any]:
    """The serving key's document; empty when there is none that can be read."""
    try:
        served = orjson.loads(known.offers or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return served if isinstance(served, dict) else {}


def _orders(orders: Orders) -> dict[str, Any]:
    recent = [
        {"date": rfc3339(day * DAY_MS)[:10], "value": value, "orders": count}
        for day, value, count in orders.recent
    ]
    return {**_plain(orders), "recent": recent}


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.id.hex(),
        "journey": run.journey,
        "version": run.version.hex(),
        "key": run.key,
        "step": run.step + 1,
        "since": _moment(run.since),
        "due_at": _moment(run.due),
        "started_at": _moment(run.started_at),
    }


def _plain(value: Any, name: str = "") -> Any:
    """JSON values with field names in place of the stored form's positions; moments, which
    are fields of structs, as text."""
    if isinstance(value, msgspec.Struct):
        return {f: _plain(getattr(value, f), f) for f in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if name == "at" or name.endswith("_at"):
        return _moment(value)
    return value


def _moment(ms: int) -> str | None:
    return rfc3339(ms) if ms else None
