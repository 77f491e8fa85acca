"""The page about one customer, made of what is known: no service needed."""

import json
from typing import Any

import click
from msgspec import structs

from connectors.published.schema_examples import action
from flows.commands.customer.document import document
from flows.commands.customer.history import AskedAction, History, RaisedAlert, Touch
from flows.commands.customer.page import last_alerts, page
from flows.commands.customer.rows import Row, Section, filled, lines_of
from flows.commands.customer.titles import Titles
from state.event_names import event_key
from state.journeys import Run
from state.profile import (
    Cart,
    CartLine,
    ChannelActivity,
    Chat,
    Email,
    Interest,
    Kiosk,
    Orders,
    Profile,
    Sessions,
    Watch,
)
from state.store.lookup import Known

MINUTE_MS, DAY_MS = 60_000, 86_400_000
FIRST_MS = 1_767_225_600_000
NOW_MS = FIRST_MS + 10 * DAY_MS
"""2026-01-11T00:00:00Z."""
PROFILE = Profile(
    first_at=FIRST_MS,
    last_at=NOW_MS - 3 * MINUTE_MS,
    channels={"click": ChannelActivity(1, 0, NOW_MS - 5_000)},
    events={event_key("Order Completed"): 2, "Queue Joined": 10},
    sessions=Sessions(1, NOW_MS - MINUTE_MS, NOW_MS, 5),
    cart=Cart("cart-1", {"tea-01": CartLine(2, 3.5, "tea")}, 7.0, NOW_MS),
    orders=Orders(2, 1426.8899999999999, NOW_MS - 2 * DAY_MS, 678.34, [(20_461, 1426.89, 2)]),
    affinity={"tea": Interest(5.999997360586205, NOW_MS), "pots": Interest(7.25, NOW_MS)},
    email=Email(sent=2, unsubscribed=True, last_sent_at=NOW_MS + 7_200_000),
    kiosk=Kiosk(visits=1, failures=2, last_failure_at=NOW_MS - 1_000),
    chat=Chat(1, 4, NOW_MS - 5_000, rating=2, rated_at=NOW_MS - 5_000),
    traits={"sports": ["trail\x1b", "ski"], "city": "Ulm\x1b[2J", "age": 42, "pets": []},
    segments={"vip": NOW_MS, "family": NOW_MS},
    alerts={"vip_unhappy": NOW_MS - 5_000, "kiosk_failed:k-7": NOW_MS - 60_000},
    playbook="v1+3",
)
OFFERS: dict[str, Any] = {
    "customer_id": "ann",
    "as_of": "2026-01-10T23:59:00.000Z",
    "expires_at": "2026-01-12T00:00:00.000Z",
    "offers": [
        {
            "offer_id": "tea",
            "decision_id": "0",
            "channel": "click",
            "rank": 1,
            "score": 900.0,
            "propensity": 1.0,
            "value": 90.0,
            "placement": "home",
            "reasons": ["drinks tea", "likes pots"],
            "expires_at": "2026-01-12T00:00:00.000Z",
        }
    ],
}
HISTORY = History(
    "./warehouse",
    as_of=NOW_MS - 2_000,
    touchpoints=[
        Touch(NOW_MS, "click", "Product Added", "2", {"name": "Green tea", "price": 3.5}),
        Touch(NOW_MS - DAY_MS, "chat", "Queue Joined", "1"),
    ],
    alerts=[
        RaisedAlert(NOW_MS - 5_000, "vip_unhappy", "critical", "Rated 1 of 5"),
        RaisedAlert(NOW_MS - 5 * DAY_MS, "big_order", "info", "An order of 500"),
    ],
)
TITLES = Titles("v1", {"tea": "Tea for two"}, {"vip": "Spent much"}, {"kiosk_failed": "warning"})


def shown(
    profile: Profile = PROFILE,
    offers: Any = OFFERS,
    history: History = HISTORY,
    titles: Titles = TITLES,
    columns: int | None = None,
) -> list[str]:
    known = Known("ann", 3, profile, None if offers is None else json.dumps(offers).encode())
    sections = page(known, history, titles, NOW_MS)
    return [click.unstyle(line) for line in lines_of(sections, columns)]


def test_the_page_says_who_what_is_up_what_they_have_and_what_they_did() -> None:
    assert shown() == [
        "customer_id  ann",
        "traits       city Ulm?[2J, age 42",
        "             sports trail?, ski",
        "             pets none",
        "seen         3 min ago, first 2026-01-01 00:00",
        "",
        "segments     family  since 2026-01-11 00:00",
        "             vip     since 2026-01-11 00:00  Spent much",
        "offers       1. Tea for two (tea)",
        "                home on click, score 900, until 2026-01-12 00:00, in 1 d",
        "                drinks tea; likes pots",
        (
            "             served at touchline:offers:ann as of 2026-01-10 23:59:00, until"
            " 2026-01-12 00:00"
        ),
        "alerts       2026-01-10 23:59:55, 5 s ago    critical  vip_unhappy: Rated 1 of 5",
        "             2026-01-10 23:59:00, 1 min ago  warning   kiosk_failed of k-7",
        "             2026-01-06 00:00:00, 5 d ago    info      big_order: An order of 500",
        "",
        "cart         7, changed now",
        "             2 x tea-01 at 3.50 (tea)",
        "orders       2 for 1,426.89, the last 2 d ago for 678.34",
        "             2026-01-08  2 for 1,426.89",
        "affinity     pots 7.25, tea 6",
        "",
        "channels     click  1 event, last 5 s ago",
        "sessions     1 visit; the last one began 1 min ago, 5 events",
        "email        2 sent, 0 opened, 0 clicked, 0 bounced; unsubscribed",
        "             last sent in 2 h",
        "kiosk        1 visit, 0 transactions, 2 failures",
        "             last failure 1 s ago",
        "chat         1 conversation, 4 messages; last 5 s ago; rated 2 of 5, 5 s ago",
        "events       10 Queue Joined, 2 Order Completed",
        "",
        "touchpoints  00:00:00             click  Product Added  Green tea, 3.50",
        "             2026-01-10 00:00:00  chat   Queue Joined",
        "             as of 2026-01-10 23:59:58, 2 s ago, when the newest row of ./warehouse came",
        "",
        "playbook     v1+3",
        "shard        3",
    ]


def test_what_is_empty_is_a_dash_and_what_is_missing_says_why() -> None:
    lines = shown(Profile(), None, History("w", missing="w: no answer"), Titles())
    for heading in ("traits", "segments", "cart", "orders", "kiosk", "chat", "playbook"):
        assert f"{heading:<13}-" in lines
    assert "offers       none: there is no key touchline:offers:ann, or it has expired" in lines
    assert "touchpoints  w: no answer" in lines
    none = "none that still cools down: messages, and older ones, are in the warehouse"
    assert f"alerts       {none}" in lines
    assert [line for line in lines if line != line.rstrip()] == []


def test_nothing_to_offer_and_nothing_in_the_warehouse_are_told_apart_from_missing() -> None:
    lines = shown(offers={**OFFERS, "offers": []}, history=History("w", 5, [], []))
    assert "offers       none fits" in lines
    assert "touchpoints  none" in lines
    assert "touchpoints  none: w holds no event yet" in shown(history=History("w", None, [], []))


def test_a_serving_key_that_is_none_of_ours_is_told_and_the_rest_is_shown() -> None:
    lines = shown(offers=["?"])
    (told,) = [line for line in lines if line.startswith("offers")]
    assert "touchline:offers:ann: expected offers as the flow writes them, got: " in told
    assert lines[-1] == "shard        3"


def test_an_offer_whose_time_is_over_is_not_told_as_if_it_stood() -> None:
    over = [{**OFFERS["offers"][0], "expires_at": "2026-01-10T00:00:00.000Z"}]
    lines = shown(offers={**OFFERS, "offers": over})
    assert any("until 2026-01-10 00:00, which is over" in line for line in lines)


def test_titles_of_another_version_and_none_at_all_are_said() -> None:
    assert "             titles are those of another version, v2" in shown(titles=Titles("v2"))
    without = shown(titles=Titles())
    assert "             titles are not known here: name the playbook with --playbook" in without
    assert "offers       1. tea" in without


def test_an_alert_is_told_once_with_the_words_of_the_warehouse_and_the_newest_are_kept() -> None:
    alerts = last_alerts(PROFILE, HISTORY, TITLES)
    assert [(a.alert, a.key, a.severity) for a in alerts] == [
        ("vip_unhappy", None, "critical"),
        ("kiosk_failed", "k-7", "warning"),
        ("big_order", None, "info"),
    ]
    many = History("w", alerts=[RaisedAlert(n, f"a{n}") for n in range(9)])
    assert [a.at for a in last_alerts(Profile(), many, TITLES)] == [8, 7, 6, 5, 4]


def test_the_journeys_that_the_customer_is_in_stand_there_if_there_are_any() -> None:
    assert not [line for line in shown() if line.startswith("journeys")]
    run = Run(
        b"r" * 16, "left_cart", b"123456", 7, 2, NOW_MS - DAY_MS, NOW_MS + 7_200_000, FIRST_MS
    )
    alone = Run(b"s" * 16, "win_back", b"123456", None, 0, NOW_MS - DAY_MS)
    profile = structs.replace(PROFILE, journeys=[run, alone])
    lines = shown(profile)
    at = next(n for n, line in enumerate(lines) if line.startswith("journeys"))
    assert lines[at : at + 2] == [
        (
            "journeys     left_cart about 7: step 3 since 2026-01-10 00:00, until 2026-01-11 02:00,"
            " in 2 h"
        ),
        "             win_back: step 1 since 2026-01-10 00:00",
    ]
    names = {("left_cart", b"123456"): ("wait", "", "remind"), ("win_back", b"654321"): ("hello",)}
    named = structs.replace(TITLES, steps=names)
    lines = [line[13:] for line in shown(profile, titles=named)]
    assert any(line.startswith("left_cart about 7: step remind since") for line in lines)
    assert any(line.startswith("win_back: step 1 since") for line in lines), "of another version"
    known = Known("ann", 3, profile, None)
    told = json.loads(json.dumps(document(known, HISTORY, [], TITLES)))["journeys"]
    assert told[0] == {
        "run": (b"r" * 16).hex(),
        "journey": "left_cart",
        "version": b"123456".hex(),
        "key": 7,
        "step": 3,
        "since": "2026-01-10T00:00:00.000Z",
        "due_at": "2026-01-11T02:00:00.000Z",
        "started_at": "2026-01-01T00:00:00.000Z",
    }
    assert told[1]["due_at"] is None


def test_what_alerts_have_come_to_is_said() -> None:
    watches = {
        "kiosk_failed:k-7": Watch(raised_at=NOW_MS - 60_000, steps=2),
        "vip_unhappy": Watch(raised_at=NOW_MS - 5_000, acknowledged_at=NOW_MS - 1_000),
        "counts:h": Watch(times=[1], key="a long key"),
    }
    lines = shown(profile=structs.replace(PROFILE, watches=watches))
    said = [line[13:] for line in lines if "stands" in line or "acknowledged" in line]
    assert said == [
        "kiosk_failed of k-7 stands since 2026-01-10 23:59:00, escalated 2 times",
        "vip_unhappy stands since 2026-01-10 23:59:55",
        "vip_unhappy was acknowledged 2026-01-10 23:59:59",
    ]
    known = Known("ann", 3, structs.replace(PROFILE, watches=watches), None)
    assert document(known, HISTORY, [], TITLES)["standing_alerts"] == {
        "kiosk_failed:k-7": {
            "raised_at": "2026-01-10T23:59:00.000Z",
            "acknowledged_at": None,
            "steps": 2,
        },
        "vip_unhappy": {
            "raised_at": "2026-01-10T23:59:55.000Z",
            "acknowledged_at": "2026-01-10T23:59:59.000Z",
            "steps": 0,
        },
    }


def test_what_others_were_asked_for_stands_below_the_alerts_if_there_was_anything() -> None:
    bodies = [action(kind)["body"] for kind in ("email.request", "log")]
    asked = [
        AskedAction(NOW_MS, "email.request", bodies[0]),
        AskedAction(NOW_MS - DAY_MS, "log", bodies[1]),
    ]
    history = structs.replace(HISTORY, actions=asked)
    lines = shown(history=history)
    at = next(n for n, line in enumerate(lines) if line.startswith("actions"))
    assert lines[at : at + 3] == [
        (
            "actions      00:00:00             email.request   kiosk_failing: cart_reminder to "
            "ann@example.com, needs approval, until 2026-01-16 09:30"
        ),
        (
            "             2026-01-10 00:00:00  log             kiosk_failing: A payment failed at "
            "kiosk k-3, until 2026-01-16 09:30"
        ),
        "",
    ]
    assert not any(line.startswith("actions") for line in shown())
    told = document(Known("ann", 3, PROFILE, None), history, [], TITLES)
    assert told["last_actions"] == [
        {"at": "2026-01-11T00:00:00.000Z", "kind": "email.request", "body": bodies[0]},
        {"at": "2026-01-10T00:00:00.000Z", "kind": "log", "body": bodies[1]},
    ]


def test_alerts_without_the_warehouse_say_what_they_lack() -> None:
    without = History("w", as_of=5, touchpoints=[], missing="w: no answer within 10 s")
    lines = shown(history=without)
    at = next(n for n, line in enumerate(lines) if line.startswith("alerts"))
    assert [line[13:] for line in lines[at : at + 4]] == [
        "2026-01-10 23:59:55, 5 s ago             vip_unhappy",
        "2026-01-10 23:59:00, 1 min ago  warning  kiosk_failed of k-7",
        "only those that still cool down: messages, and older ones, are in the warehouse",
        "w: no answer within 10 s",
    ]


def test_why_the_warehouse_is_missing_is_said_once() -> None:
    lines = shown(history=History("w", missing="w: no such folder"))
    assert [line for line in lines if "no such folder" in line] == [
        "touchpoints  w: no such folder"
    ]


def test_interest_is_shown_as_it_has_faded_until_now() -> None:
    lines = shown(Profile(affinity={"tea": Interest(8.0, NOW_MS - 30 * DAY_MS)}))
    assert "affinity     tea 4" in lines


def test_days_with_orders_before_the_last_five_are_summed_up() -> None:
    days = [(20_440 + n, 10.0 + n, 1) for n in range(8)]
    lines = shown(Profile(orders=Orders(8, 108.0, NOW_MS, 17.0, days)))
    told = [line.strip() for line in lines if "  1 for " in line]
    assert len(told) == 5
    assert any(line.strip().startswith("before, since 2025-12-18: 3 for 33") for line in lines)


def test_five_days_with_orders_are_told_one_by_one_and_nothing_is_before_them() -> None:
    days = [(20_440 + n, 10.0 + n, 1) for n in range(5)]
    lines = shown(Profile(orders=Orders(5, 60.0, NOW_MS, 14.0, days)))
    assert len([line for line in lines if "  1 for " in line]) == 5
    assert not any("before, since" in line for line in lines)


def test_the_channel_that_something_came_on_last_stands_first() -> None:
    moments = {"kiosk": NOW_MS - DAY_MS, "email": NOW_MS - MINUTE_MS, "chat": FIRST_MS}
    activities = {name: ChannelActivity(1, 0, at) for name, at in moments.items()}
    lines = shown(Profile(channels=activities))
    told = [line.removeprefix("channels").split()[0] for line in lines if "1 event" in line]
    assert told == ["email", "kiosk", "chat"]


def test_a_terminal_gets_no_line_that_is_wider_and_loses_no_word() -> None:
    wide, narrow = shown(columns=None), shown(columns=50)
    assert max(map(len, wide)) > 50
    assert max(map(len, narrow)) <= 50
    assert " ".join(narrow).split() == " ".join(wide).split()


def test_what_goes_on_stands_further_in_than_where_it_began() -> None:
    section = Section("offers", [Row("   " + "tea " * 8)])
    lines = [click.unstyle(line) for line in lines_of([section], 37)]
    assert [len(line) - len(line[13:].lstrip()) for line in lines] == [16, 18]


def test_a_long_list_breaks_between_its_items() -> None:
    item = "x" * 20
    lines = shown(Profile(traits={f"trait-{number:02d}": item for number in range(4)}))
    assert f"traits       trait-00 {item}, trait-01 {item}," in lines
    assert f"             trait-02 {item}, trait-03 {item}" in lines


def test_a_line_of_a_list_has_room_for_its_comma_and_the_last_one_needs_none() -> None:
    items = ["12345678", "abcdefgh", "ABCDEFGH"]
    assert filled(items, 18) == ["12345678,", "abcdefgh, ABCDEFGH"]
    assert filled(items, 19) == ["12345678, abcdefgh,", "ABCDEFGH"]
    assert filled([], 18) == []
