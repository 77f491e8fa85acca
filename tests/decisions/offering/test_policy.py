"""Quiet hours and offers that exclude each other."""

from msgspec import structs

from decisions.decide import decide
from state.fold import fold
from tests.decisions.offering.shop import offer, served, shop, told
from tests.decisions.someone import DAY_MS, HOUR_MS, START_MS, Someone, touchpoint

QUIET = """
contact:
  quiet: {from: "22:00", to: "08:00", channels: [email], zone: customer.zone, otherwise: UTC}
"""
OFFERS = "\n".join([offer("mail", 5, places="inbox: email"), offer("page", 1)])
MIDNIGHT_MS = START_MS - START_MS % DAY_MS


def at(someone: Someone, hour: float) -> None:
    """An event at that hour (UTC) of the first day."""
    someone.does("Page Viewed", after_ms=int(MIDNIGHT_MS + hour * HOUR_MS) - someone.now_ms)


def test_in_quiet_hours_nothing_is_decided_for_their_channels() -> None:
    someone = shop(OFFERS, QUIET)
    at(someone, 3)
    assert served(someone) == ["page"]
    assert told(someone)["mail"].stage == "quiet"
    assert told(someone)["mail"].reasons == ("email is left alone until 2026-02-02T08:00:00.000Z",)
    at(someone, 8 - 1 / HOUR_MS)
    assert served(someone) == ["page"]
    at(someone, 8)
    assert served(someone) == ["mail", "page"]


def test_what_is_decided_stands_until_they_begin_and_is_not_renewed_before() -> None:
    someone = shop(OFFERS, QUIET)
    at(someone, 12)
    (mail, page) = someone.profile.offers
    assert mail.expires_at == MIDNIGHT_MS + 22 * HOUR_MS
    assert page.expires_at == MIDNIGHT_MS + 36 * HOUR_MS
    at(someone, 21.9)
    assert someone.profile.offers[0].decision_id == mail.decision_id
    at(someone, 22)
    assert served(someone) == ["page"]


def test_it_is_quiet_where_the_customer_is() -> None:
    someone = shop(OFFERS, QUIET)
    someone.profile.traits["zone"] = "Asia/Tokyo"  # nine hours ahead
    at(someone, 12)
    assert served(someone) == ["mail", "page"]
    assert someone.profile.offers[0].expires_at == MIDNIGHT_MS + 13 * HOUR_MS
    at(someone, 13)
    assert served(someone) == ["page"]
    at(someone, 23)
    assert served(someone) == ["mail", "page"]


def test_a_customer_who_turns_up_in_another_zone_is_left_alone_by_its_hours() -> None:
    someone = shop(OFFERS, QUIET)
    at(someone, 12)
    first = someone.profile.offers[0]
    someone.profile.traits["zone"] = "Asia/Tokyo"  # where it is 21:30
    someone.does("Product Viewed", after_ms=1_000)
    assert someone.profile.offers[0] == first  # nothing that is read has changed yet
    identify(someone, "Asia/Tokyo", 12.5)
    moved = someone.profile.offers[0]
    assert (moved.offer_id, moved.expires_at) == ("mail", MIDNIGHT_MS + 13 * HOUR_MS)
    assert moved.decision_id != first.decision_id
    at(someone, 13)
    assert served(someone) == ["page"]


def identify(someone: Someone, zone: str, hour: float) -> None:
    """The customer says where they are."""
    someone.now_ms = int(MIDNIGHT_MS + hour * HOUR_MS)
    event = structs.replace(
        touchpoint(someone.customer_id, "i-1", "Identified", someone.now_ms),
        type="identify",
        traits={"zone": zone},
    )
    changed = fold(someone.profile, event, someone.playbook.traits)
    decide(someone.profile, event, changed, someone.playbook, someone.now_ms)


def test_hours_that_a_playbook_brings_end_what_stands_in_them() -> None:
    someone = shop(OFFERS)
    at(someone, 12)
    assert someone.profile.offers[0].expires_at == MIDNIGHT_MS + 36 * HOUR_MS
    someone.playbook = shop(OFFERS, QUIET).playbook
    at(someone, 21)
    assert someone.profile.offers[0].expires_at == MIDNIGHT_MS + 22 * HOUR_MS
    at(someone, 22)
    assert served(someone) == ["page"]


def test_of_two_that_exclude_each_other_the_better_one_stands() -> None:
    offers = "\n".join([offer("a", 3), offer("b", 2), offer("c", 1)])
    someone = shop(offers, "contact: {exclusive: {either: [a, b]}}")
    someone.does("Page Viewed")
    assert served(someone) == ["a", "c"]
    assert (told(someone)["b"].stage, told(someone)["b"].reasons) == (
        "rival",
        ("a stands, and the two exclude each other",),
    )


def test_sets_that_share_an_offer_bind_each_for_itself() -> None:
    offers = "\n".join([offer("a", 3), offer("b", 2), offer("c", 1)])
    someone = shop(offers, "contact: {exclusive: {one: [a, b], two: [b, c]}}")
    someone.does("Page Viewed")
    assert served(someone) == ["a", "c"]
