"""The example playbook does what its readers are told it does."""

from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path

from connectors.events.decode import decode
from decisions.decide import decide
from decisions.load import load_playbook
from flows.simulate.stream import stream
from state.fold import fold
from state.profile import Profile
from state.sections import NOW
from state.touchpoint import Touchpoint
from tests.decisions.someone import START_MS, Someone, actions

RETAIL = load_playbook(Path(__file__).parents[2] / "playbooks" / "retail.yaml")


def test_it_is_large_enough_to_show_what_a_playbook_can_say() -> None:
    assert len(RETAIL.segments) >= 8
    assert len(RETAIL.offers) >= 12
    assert len(RETAIL.alerts) >= 8
    assert sum(placement.offers for placement in RETAIL.placements.values()) <= 3


def test_it_offers_on_every_channel_and_has_something_for_everybody() -> None:
    channels = {channel for offer in RETAIL.offers.values() for channel in offer.channels}
    assert channels == set(RETAIL.channels) == {"click", "email", "chat", "kiosk"}
    assert any(offer.fallback for offer in RETAIL.offers.values())


def test_it_watches_every_channel() -> None:
    events = " ".join(name for alert in RETAIL.alerts.values() for name in alert.events)
    for word in ("Kiosk", "Chat", "Order", "Email"):
        assert word in events


def test_eligibility_rests_on_what_seldom_changes() -> None:
    """An eligibility that reads the clock would be asked at every event of every customer."""
    assert not RETAIL.offers_read & NOW


def test_ordinary_traffic_flips_no_offers() -> None:
    """After half of the events, at most 0.15 offers, alerts and moves an event, and no condition in
    trouble."""
    profiles: dict[str, Profile] = defaultdict(Profile)
    events, raised, errors = 0, Counter[str](), 0
    for number, sent in enumerate(islice(stream(7, 300, START_MS, 200), 24_000)):
        event = decode(sent.value, sent.channel, sent.due_ms, sent.due_ms)
        if not isinstance(event, Touchpoint):
            continue
        profile = profiles[event.customer_id]
        changed = fold(profile, event, RETAIL.traits)
        if not changed:
            continue
        decision = decide(profile, event, changed, RETAIL, sent.due_ms)
        if number < 12_000:
            continue
        events += 1
        for kind in ("segment.", "offer.", "alert."):
            raised.update(action.kind for action in actions(decision, kind))
        errors += sum(decision.rule_errors.values()) if decision else 0
    assert raised.total() / events <= 0.15
    assert set(raised) == {"segment.entered", "segment.exited", "offer.decided", "alert.raised"}
    assert errors == 0


def test_a_story_over_four_channels() -> None:
    """Somebody fails at a kiosk, complains in the chat, and is served an apology."""
    someone = Someone(RETAIL)
    kiosk = {"kiosk_id": "k-7", "store": "store-mall"}
    assert someone.does("Page Viewed") is not None
    assert ("welcome", "click", "home") in someone.offers()
    someone.does("Kiosk Session Started", kiosk)
    someone.does("Kiosk Transaction Failed", kiosk)
    failed = actions(someone.does("Kiosk Transaction Failed", kiosk), "alert.")
    assert [a.body["message"] for a in failed] == ["Payment failed at kiosk k-7 in store-mall"]
    assert ("apology", "chat", "counter") in someone.offers()
    asked = actions(someone.does("Live Chat Conversation Started"), "alert.")
    assert [a.body["alert"] for a in asked] == ["kiosk_then_chat"]
    someone.does("Order Completed", {"total": 2500.0})
    assert ("vip_preview", "click", "home") in someone.offers()
    left = actions(someone.does("Unsubscribed"), "alert.")
    assert [a.body["alert"] for a in left] == ["vip_unsubscribed"]
