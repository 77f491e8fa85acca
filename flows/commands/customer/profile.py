"""What the profile holds, in words: each function gives the lines of one heading.

Headings are the names that playbooks use; moments are UTC, to the minute.
"""

from collections.abc import Mapping

from flows.commands.customer.rows import aligned, filled
from flows.commands.phrases import ago, count, minute, number
from state.decay import decayed
from state.event_names import event_name
from state.profile import Cart, Chat, Email, Kiosk, Orders, Profile
from state.times import rfc3339
from state.windows import DAY_MS

SHOWN_DAYS = 5
"""With an order; those before are summed up."""


def traits(profile: Profile, columns: int) -> list[str]:
    """What they have said of themselves."""
    plain = {name: told for name, told in profile.traits.items() if not isinstance(told, list)}
    lines = filled((f"{name} {told}" for name, told in plain.items()), columns)
    for name, told in profile.traits.items():
        if isinstance(told, list):  # on lines of its own, for the commas in it
            first, *rest = told or ["none"]
            lines += filled([f"{name} {first}", *rest], columns)
    return lines


def consents(profile: Profile, now_ms: int) -> list[str]:
    """What they agree to, and what not; by name."""
    return aligned(
        {
            purpose: f"{'granted' if said.granted else 'withdrawn'} {ago(said.at, now_ms)}"
            for purpose, said in sorted(profile.consents.items())
        }
    )


def answers(profile: Profile, now_ms: int) -> list[str]:
    """The offers that they dismissed or accepted, the last answer first."""
    return aligned(
        {
            offer: ", ".join(
                f"{word} {ago(at, now_ms)}"
                for word, at in (("accepted", said.accepted_at), ("dismissed", said.dismissed_at))
                if at
            )
            for offer, said in reversed(profile.answers.items())
        }
    )


def seen(profile: Profile, now_ms: int) -> list[str]:
    """When last, and when first."""
    return [f"{ago(profile.last_at, now_ms)}, first {minute(profile.first_at)}"]


def channels(profile: Profile, now_ms: int) -> list[str]:
    """How much came on each channel, and when last; the latest first."""
    latest = sorted(profile.channels.items(), key=lambda entry: -entry[1].last_at)
    return aligned(
        {
            name: f"{count(active.events, 'event')}, last {ago(active.last_at, now_ms)}"
            for name, active in latest
        }
    )


def events(profile: Profile, columns: int) -> list[str]:
    """How often what, most often first."""
    counts = sorted(profile.events.items(), key=lambda entry: -entry[1])
    return filled((f"{often:,} {event_name(key)}" for key, often in counts), columns)


def sessions(profile: Profile, now_ms: int) -> list[str]:
    """Visits, and the last one."""
    last = profile.sessions
    if not last.count:
        return []
    began, events = ago(last.started_at, now_ms), count(last.events, "event")
    return [f"{count(last.count, 'visit')}; the last one began {began}, {events}"]


def cart(cart: Cart, now_ms: int) -> list[str]:
    """Its value, then a line for each product."""
    if not cart.lines:
        return []
    products = (
        f"{line.quantity} x {product} at {number(line.price)}"
        + (f" ({line.category})" if line.category else "")
        for product, line in cart.lines.items()
    )
    return [f"{number(cart.value)}, changed {ago(cart.updated_at, now_ms)}", *products]


def orders(orders: Orders, now_ms: int) -> list[str]:
    """All of them, then the last days with one."""
    if not orders.count and not orders.recent:
        return []
    last = f"the last {ago(orders.last_at, now_ms)} for {number(orders.last_value)}"
    newest = list(reversed(orders.recent))
    days = [
        f"{rfc3339(day * DAY_MS)[:10]}  {often:,} for {number(value)}"
        for day, value, often in newest[:SHOWN_DAYS]
    ]
    if len(newest) > SHOWN_DAYS:
        older = newest[SHOWN_DAYS:]
        value = sum(value for _, value, _ in older)
        since = rfc3339(older[-1][0] * DAY_MS)[:10]
        days.append(f"before, since {since}: {sum(n for *_, n in older):,} for {number(value)}")
    return [f"{orders.count:,} for {number(orders.value)}, {last}", *days]


def affinity(profile: Profile, now_ms: int, columns: int) -> list[str]:
    """The scores of now, highest first."""
    scores = [(decayed(i.score, i.at, now_ms), name) for name, i in profile.affinity.items()]
    return filled(
        (f"{name} {number(score)}" for score, name in sorted(scores, reverse=True)), columns
    )


def email(email: Email, now_ms: int) -> list[str]:
    """What became of the mails."""
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


def kiosk(kiosk: Kiosk, now_ms: int) -> list[str]:
    """Visits to kiosks, and what failed."""
    if kiosk == Kiosk():
        return []
    counts = f"{count(kiosk.visits, 'visit')}, {count(kiosk.transactions, 'transaction')}"
    moments = {"visit": kiosk.last_visit_at, "failure": kiosk.last_failure_at}
    return [f"{counts}, {count(kiosk.failures, 'failure')}", *_last(moments, now_ms)]


def chat(chat: Chat, now_ms: int) -> list[str]:
    """Conversations, and how the last was rated."""
    if chat == Chat():
        return []
    parts = [
        f"{count(chat.conversations, 'conversation')}, {count(chat.messages, 'message')}",
        f"last {ago(chat.last_at, now_ms)}",
    ]
    if chat.rating:
        parts.append(f"rated {chat.rating} of 5, {ago(chat.rated_at, now_ms)}")
    if chat.open:
        parts.append("still open")
    return ["; ".join(parts)]


def _last(moments: Mapping[str, int], now_ms: int) -> list[str]:
    """`last sent 3 min ago, opened 1 min ago`, in a line if there is any."""
    told = ", ".join(f"{name} {ago(at, now_ms)}" for name, at in moments.items() if at)
    return [f"last {told}"] if told else []
