"""The page about one customer, for people: who, what is up, what they have, what they did."""

from collections.abc import Iterator

from msgspec import DecodeError

from connectors.published.record_types import OfferEntry, OffersDocument, read_offers
from flows.commands.asked import asked_of, origin_of
from flows.commands.customer import profile as words
from flows.commands.customer.history import History, RaisedAlert
from flows.commands.customer.rows import GAP, LIST_COLUMNS, LOOKS, Row, Section, plain
from flows.commands.customer.titles import Titles
from flows.commands.phrases import ago, minute, moment, number, printable
from flows.commands.telling import telling
from state.profile import Profile
from state.store.keys import offers_key
from state.store.lookup import Known
from state.times import milliseconds

SHOWN_ALERTS = 5


def page(
    known: Known,
    history: History,
    titles: Titles,
    now_ms: int,
    list_columns: int = LIST_COLUMNS,
) -> list[Section]:
    """All of it; `now_ms` is what "3 min ago" counts from."""
    profile = known.profile
    sections = [
        Section("customer_id", [Row(known.customer_id, "who")]),
        Section("traits", plain(words.traits(profile, list_columns))),
        Section("seen", plain(words.seen(profile, now_ms))),
        GAP,
        Section("segments", plain(_segments(profile, titles))),
        Section("offers", _offers(known, titles, now_ms)),
        Section("alerts", _alerts(profile, history, titles, now_ms)),
        *_journeys(profile, titles, now_ms),
        *_asked(history, now_ms),
        *_if_any("consents", words.consents(profile, now_ms)),
        *_if_any("answered", words.answers(profile, now_ms)),
        GAP,
        Section("cart", plain(words.cart(profile.cart, now_ms))),
        Section("orders", plain(words.orders(profile.orders, now_ms))),
        Section("affinity", plain(words.affinity(profile, now_ms, list_columns))),
        GAP,
        Section("channels", plain(words.channels(profile, now_ms))),
        Section("sessions", plain(words.sessions(profile, now_ms))),
        Section("email", plain(words.email(profile.email, now_ms))),
        Section("kiosk", plain(words.kiosk(profile.kiosk, now_ms))),
        Section("chat", plain(words.chat(profile.chat, now_ms))),
        Section("events", plain(words.events(profile, list_columns))),
        GAP,
        Section("touchpoints", _touchpoints(history, now_ms)),
        GAP,
        Section("playbook", _playbook(profile, titles)),
        Section("shard", [Row(str(known.shard))]),
    ]
    return [
        Section(heading, [Row(printable(text), look) for text, look in rows])
        for heading, rows in sections
    ]


def _if_any(heading: str, rows: list[str]) -> list[Section]:
    return [Section(heading, plain(rows))] if rows else []


def last_alerts(profile: Profile, history: History, titles: Titles) -> list[RaisedAlert]:
    """Those of the warehouse, and of those that still cool down the ones it does not have yet; the
    newest first."""
    alerts = list(history.alerts or ())
    told = {(alert.alert, alert.at) for alert in alerts}
    for name, at in profile.alerts.items():
        alert, _, key = name.partition(":")
        if (alert, at) not in told:
            severity = titles.severities.get(alert, "")
            alerts.append(RaisedAlert(at, alert, severity, key=key or None))
    return sorted(alerts, key=lambda alert: -alert.at)[:SHOWN_ALERTS]


def _segments(profile: Profile, titles: Titles) -> list[str]:
    inside = sorted(profile.segments.items())
    width = max((len(name) for name, _ in inside), default=0)
    return [
        f"{name:<{width}}  since {minute(at)}  {titles.segments.get(name, '')}".rstrip()
        for name, at in inside
    ]


def _offers(known: Known, titles: Titles, now_ms: int) -> list[Row]:
    key = offers_key(known.customer_id).decode()
    if known.offers is None:
        return [Row(f"none: there is no key {key}, or it has expired", "aside")]
    try:
        served: OffersDocument = read_offers(known.offers)
    except DecodeError as error:
        return [Row(f"{key}: expected offers as the flow writes them, got: {error}", "aside")]
    rows = [row for offer in served.offers for row in _offer(offer, titles, now_ms)]
    as_of, expires_at = (
        moment(milliseconds(served.as_of), now_ms),
        minute(milliseconds(served.expires_at)),
    )
    times = f"as of {as_of}, until {expires_at}"
    return [*(rows or [Row("none fits")]), Row(f"served at {key} {times}", "aside")]


def _offer(offer: OfferEntry, titles: Titles, now_ms: int) -> list[Row]:
    """`1. Tea for two (tea)`, then where, with what score and how long, then why."""
    title = titles.offers.get(offer.offer_id)
    name = f"{title} ({offer.offer_id})" if title else offer.offer_id
    expires_at = milliseconds(offer.expires_at)
    left = ago(expires_at, now_ms) if expires_at > now_ms else "which is over"
    about = (
        f"{offer.placement} on {offer.channel}, score {number(offer.score)}, "
        f"until {minute(expires_at)}, {left}"
    )
    details = filter(None, (about, "; ".join(offer.reasons)))
    return [Row(f"{offer.rank}. {name}", "offer"), *(Row(f"   {each}") for each in details)]


def _alerts(profile: Profile, history: History, titles: Titles, now_ms: int) -> list[Row]:
    alerts = last_alerts(profile, history, titles)
    whens = [f"{moment(each.at, now_ms)}, {ago(each.at, now_ms)}" for each in alerts]
    width = max(map(len, whens), default=0)
    most = max((len(each.severity) for each in alerts), default=0)
    rows = [
        Row(
            f"{when:<{width}}  {each.severity:<{most}}  {_about(each)}",
            each.severity if each.severity in LOOKS else "",
        )
        for when, each in zip(whens, alerts, strict=True)
    ]
    rows += [Row(state) for state in _states(profile, now_ms)]
    if history.alerts is None:
        only = "only those that still cool down" if rows else "none that still cools down"
        rows.append(Row(f"{only}: messages, and older ones, are in the warehouse", "aside"))
        if history.touchpoints is not None and history.missing:  # else it stands beside those
            rows.append(Row(history.missing, "aside"))
    return rows


def _journeys(profile: Profile, titles: Titles, now_ms: int) -> list[Section]:
    """Where they are; no heading where they are in none."""
    rows = []
    for run in profile.journeys:
        about = "" if run.key is None else f" about {run.key}"
        due = f", until {minute(run.due)}, {ago(run.due, now_ms)}" if run.due > now_ms else ""
        # A number means something in its own version alone; what is published has ids.
        names = titles.steps.get((run.journey, run.version), ())
        step = (names[run.step] if run.step < len(names) else "") or run.step + 1
        rows.append(Row(f"{run.journey}{about}: step {step} since {minute(run.since)}{due}"))
    return [Section("journeys", rows)] if rows else []


def _states(profile: Profile, now_ms: int) -> Iterator[str]:
    """What alerts that stand, or were acknowledged, have come to."""
    for name, watch in profile.watches.items():
        alert, colon, key = name.partition(":")
        about = f"{alert} of {watch.key or key}" if colon else alert
        if watch.raised_at:
            steps = watch.steps
            told = f", escalated {'once' if steps == 1 else f'{steps} times'}" if steps else ""
            yield f"{about} stands since {moment(watch.raised_at, now_ms)}{told}"
        if watch.acknowledged_at:
            yield f"{about} was acknowledged {moment(watch.acknowledged_at, now_ms)}"


def _asked(history: History, now_ms: int) -> list[Section]:
    """What others were asked for; no heading where there was nothing, as of most customers."""
    actions = history.actions or ()
    width = max((len(moment(each.at, now_ms)) for each in actions), default=0)
    rows = [
        Row(
            f"{moment(each.at, now_ms):<{width}}  {each.kind:<14}  {origin_of(each.body)}: "
            f"{asked_of(each.kind, each.body)}"
        )
        for each in actions
    ]
    return [Section("actions", rows)] if rows else []


def _about(alert: RaisedAlert) -> str:
    name = alert.alert if alert.key is None else f"{alert.alert} of {alert.key}"
    return f"{name}: {alert.message}" if alert.message else name


def _touchpoints(history: History, now_ms: int) -> list[Row]:
    """The newest first."""
    if history.touchpoints is None:
        return [Row(history.missing or "", "aside")]
    rows = [
        (moment(each.at, now_ms), each.channel, each.event, telling(each.properties))
        for each in history.touchpoints
    ]
    widths = [max((len(row[n]) for row in rows), default=0) for n in range(3)]
    told = [
        Row("  ".join(f"{t:<{w}}" for t, w in zip(row, [*widths, 0], strict=True)).rstrip())
        for row in rows
    ]
    if history.as_of is None:
        return [Row(f"none: {history.url} holds no event yet", "aside")]
    newest = f"{moment(history.as_of, now_ms)}, {ago(history.as_of, now_ms)}"
    as_of = Row(f"as of {newest}, when the newest row of {history.url} came", "aside")
    return [*(told or [Row("none")]), as_of]


def _playbook(profile: Profile, titles: Titles) -> list[Row]:
    if not profile.playbook:
        return []
    rows = [Row(profile.playbook)]
    if not titles.version:
        rows.append(Row("titles are not known here: name the playbook with --playbook", "aside"))
    elif titles.version != profile.playbook.partition("+")[0]:
        rows.append(Row(f"titles are those of another version, {titles.version}", "aside"))
    return rows
