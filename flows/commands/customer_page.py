"""What is known of one customer, as a page for people: rows of a heading and a line of text.

Headings are the names that playbooks use; moments are UTC, to the minute.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from state.decay import decayed
from state.event_names import event_name
from state.profile import Cart, Chat, Email, Kiosk, Orders, Profile
from state.store.lookup import Known
from state.times import rfc3339
from state.windows import DAY_MS

Row = tuple[str, str]
"""Heading, empty but for a section's first line, and text."""

LINE_COLUMNS = 66
"""Lists break after so many; what belongs together stays in one line, however long."""
SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What could move the cursor or end a line: it came from outside."""


def rows_of(known: Known, offers: list[dict[str, Any]], now_ms: int) -> list[Row]:
    """The page; `offers` are the serving key's, `now_ms` is what "3 min ago" counts from."""
    sections = {"customer_id": [known.customer_id], "shard": [str(known.shard)]}
    sections |= _sections(known.profile, offers, now_ms)
    return [
        ("" if number else heading, CONTROL.sub("?", line))
        for heading, lines in sections.items()
        for number, line in enumerate(lines or ["-"])
    ]


def _sections(profile: Profile, offers: list[dict[str, Any]], now_ms: int) -> dict[str, list[str]]:
    channels = profile.channels.items()
    counts = sorted(profile.events.items(), key=lambda entry: -entry[1])
    return {
        "seen": [f"{_ago(profile.last_at, now_ms)}, first {_minute(profile.first_at)}"],
        "segments": _aligned(
            {name: f"since {_minute(at)}" for name, at in sorted(profile.segments.items())}
        ),
        "offers": [_offer(offer) for offer in offers],
        "traits": _filled(f"{name} {value}" for name, value in profile.traits.items()),
        "channels": _aligned(
            {
                name: f"{_count(seen.events, 'event')}, last {_ago(seen.last_at, now_ms)}"
                for name, seen in channels
            }
        ),
        "sessions": _sessions(profile, now_ms),
        "cart": _cart(profile.cart, now_ms),
        "orders": _orders(profile.orders, now_ms),
        "affinity": _affinity(profile, now_ms),
        "email": _email(profile.email, now_ms),
        "kiosk": _kiosk(profile.kiosk, now_ms),
        "chat": _chat(profile.chat, now_ms),
        "events": _filled(f"{count:,} {event_name(key)}" for key, count in counts),
        "alerts": _aligned({name: _ago(at, now_ms) for name, at in profile.alerts.items()}),
        "playbook": [profile.playbook] if profile.playbook else [],
    }


def _offer(offer: Mapping[str, Any]) -> str:
    """`1. tea: home on click, score 900, until 2026-12-02 21:25; drinks tea`, of what it has."""
    about = []
    if "placement" in offer:
        about.append(f"{offer['placement']} on {offer.get('channel', '?')}")
    if "score" in offer:
        about.append(f"score {_number(offer['score'])}")
    if "expires_at" in offer:
        about.append(f"until {offer['expires_at'][:16].replace('T', ' ')}")
    parts = filter(None, (", ".join(about), *offer.get("reasons", ())))
    return ": ".join(
        filter(None, (f"{offer.get('rank', '-')}. {offer['offer_id']}", "; ".join(parts)))
    )


def _sessions(profile: Profile, now_ms: int) -> list[str]:
    last = profile.sessions
    if not last.count:
        return []
    began, events = _ago(last.started_at, now_ms), _count(last.events, "event")
    return [f"{_count(last.count, 'visit')}; the last one began {began}, {events}"]


def _cart(cart: Cart, now_ms: int) -> list[str]:
    if not cart.lines:
        return []
    products = (
        f"{line.quantity} x {product} at {_number(line.price)}"
        + (f" ({line.category})" if line.category else "")
        for product, line in cart.lines.items()
    )
    return [f"{_number(cart.value)}, changed {_ago(cart.updated_at, now_ms)}", *products]


def _orders(orders: Orders, now_ms: int) -> list[str]:
    if not orders.count and not orders.recent:
        return []
    last = f"the last {_ago(orders.last_at, now_ms)} for {_number(orders.last_value)}"
    days = (
        f"{rfc3339(day * DAY_MS)[:10]}  {count:,} for {_number(value)}"
        for day, value, count in reversed(orders.recent)
    )
    return [f"{orders.count:,} for {_number(orders.value)}, {last}", *days]


def _affinity(profile: Profile, now_ms: int) -> list[str]:
    """The scores of now, highest first."""
    scores = [(decayed(i.score, i.at, now_ms), name) for name, i in profile.affinity.items()]
    return _filled(f"{name} {_number(score)}" for score, name in sorted(scores, reverse=True))


def _email(email: Email, now_ms: int) -> list[str]:
    if email == Email():
        return []
    counts = f"{email.sent:,} sent, {email.opened:,} opened, {email.clicked:,} clicked"
    said = "; unsubscribed" if email.unsubscribed else ""
    moments = {
        "sent": email.last_sent_at,
        "opened": email.last_opened_at,
        "clicked": email.last_clicked_at,
    }
    return [f"{counts}, {email.bounced:,} bounced{said}", *_last(moments, now_ms)]


def _kiosk(kiosk: Kiosk, now_ms: int) -> list[str]:
    if kiosk == Kiosk():
        return []
    counts = f"{_count(kiosk.visits, 'visit')}, {_count(kiosk.transactions, 'transaction')}"
    moments = {"visit": kiosk.last_visit_at, "failure": kiosk.last_failure_at}
    return [f"{counts}, {_count(kiosk.failures, 'failure')}", *_last(moments, now_ms)]


def _chat(chat: Chat, now_ms: int) -> list[str]:
    if chat == Chat():
        return []
    parts = [
        f"{_count(chat.conversations, 'conversation')}, {_count(chat.messages, 'message')}",
        f"last {_ago(chat.last_at, now_ms)}",
    ]
    if chat.rating:
        parts.append(f"rated {chat.rating} of 5, {_ago(chat.rated_at, now_ms)}")
    if chat.open:
        parts.append("still open")
    return ["; ".join(parts)]


def _last(moments: Mapping[str, int], now_ms: int) -> list[str]:
    """`last sent 3 min ago, opened 1 min ago`, in a line if there is any."""
    told = ", ".join(f"{name} {_ago(at, now_ms)}" for name, at in moments.items() if at)
    return [f"last {told}"] if told else []


def _ago(ms: int, now_ms: int) -> str:
    """`3 min ago`; `in 3 min` for what a wrong clock has put into the future."""
    if not ms:
        return "never"
    age_s = (now_ms - ms) // 1_000
    for length_s, unit in SPANS:
        if abs(age_s) >= length_s:
            span = f"{abs(age_s) // length_s} {unit}"
            return f"{span} ago" if age_s > 0 else f"in {span}"
    return "now"


def _minute(ms: int) -> str:
    return rfc3339(ms)[:16].replace("T", " ") if ms else "never"


def _number(value: float) -> str:
    return f"{value:,.2f}".removesuffix(".00")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _aligned(texts: Mapping[str, str]) -> list[str]:
    width = max(map(len, texts), default=0)
    return [f"{name:<{width}}  {text}" for name, text in texts.items()]


def _filled(items: Iterable[str]) -> list[str]:
    """Items with commas between them, in lines of LINE_COLUMNS; none is broken."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 2 <= LINE_COLUMNS:
            lines[-1] += f", {item}"
        else:
            lines[-1:] = [f"{lines[-1]},", item] if lines else [item]
    return lines
