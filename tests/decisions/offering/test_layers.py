"""Who may get an offer: dates, consent, three layers of conditions, answers."""

import pytest

from state.bounds import CONSENTS_KEPT
from tests.decisions.offering.shop import answer, offer, served, shop, told
from tests.decisions.someone import DAY_MS, START_MS, Someone

CONDITIONS = """
    eligible: ["profile.orders.count > 0"], applicable: "!profile.chat.open",
    suitable: ["profile.cart.value < 100.0", "profile.cart.items < 3"]"""
LAYERED = "\n".join([offer("best", 5, CONDITIONS.strip()), offer("other", 1)])
TENT = {"product_id": "tent", "price": 60.0}


def test_an_offer_needs_every_condition_of_all_three_layers() -> None:
    someone = shop(LAYERED)
    someone.does("Page Viewed")
    assert served(someone) == ["other"]
    someone.does("Order Completed", {"total": 10.0})
    assert served(someone) == ["best", "other"]
    someone.does("Live Chat Conversation Started")
    assert served(someone) == ["other"]
    someone.does("Live Chat Conversation Ended")
    assert served(someone) == ["best", "other"]
    someone.does("Product Added", TENT)
    assert served(someone) == ["best", "other"]
    someone.does("Product Added", TENT)
    assert served(someone) == ["other"]


@pytest.mark.parametrize(
    ("events", "stage", "reason"),
    [
        ([], "eligible", "profile.orders.count > 0 is false: profile.orders.count = 0"),
        (
            ["Order Completed", "Live Chat Conversation Started"],
            "applicable",
            "!profile.chat.open is false: profile.chat.open = true",
        ),
        (
            ["Order Completed", "Product Added", "Product Added"],
            "suitable",
            "profile.cart.value < 100.0 is false: profile.cart.value = 120.0",
        ),
    ],
)
def test_the_layer_where_it_stops_is_told_with_the_values(
    events: list[str], stage: str, reason: str
) -> None:
    someone = shop(LAYERED)
    someone.does("Page Viewed")
    for name in events:
        someone.does(name, {"total": 10.0} if name == "Order Completed" else TENT)
    best = told(someone)["best"]
    assert (best.stage, best.reasons, best.treatments) == (stage, (reason,), ())


def test_a_segment_that_keeps_the_customer_out_is_told_with_its_own_condition() -> None:
    someone = shop(
        offer("club", more="eligible: '\"buyer\" in segments'"),
        "segments: {buyer: {title: B, when: profile.orders.count > 1}}",
    )
    someone.does("Order Completed", {"total": 1.0})
    assert told(someone)["club"].reasons == (
        '"buyer" in segments is false',
        "profile.orders.count > 1 is false: profile.orders.count = 1",
    )


PURPOSES = """
purposes: {service: granted, marketing: withdrawn}
groups: {letters: {title: Letters, purpose: marketing}}
"""
GATED = "\n".join(
    [
        offer("help", 1, "purpose: service"),
        offer("sale", 9, "group: letters"),
        offer("news", 8, "group: letters, purpose: service"),
    ]
)


def consents(someone: Someone, word: str, purpose: str, after_ms: int = 1_000) -> None:
    someone.does(f"Consent {word}", {"purpose": purpose}, after_ms=after_ms)


def test_without_a_word_of_the_customer_the_default_of_the_purpose_holds() -> None:
    someone = shop(GATED, PURPOSES)
    someone.does("Page Viewed")
    assert served(someone) == ["news", "help"]
    assert told(someone)["sale"].reasons == (
        "the customer has said nothing of marketing, and by default it is withdrawn",
    )


def test_a_consent_opens_its_offers_and_a_withdrawal_takes_them_away_with_that_event() -> None:
    someone = shop(GATED, PURPOSES)
    consents(someone, "Granted", "marketing")
    assert served(someone) == ["sale", "news"]
    decision = someone.does("Consent Withdrawn", {"purpose": "marketing"})
    assert decision is not None
    assert decision.serving is not None
    assert [one.offer_id for one in decision.serving.offers] == ["news", "help"]
    assert told(someone)["sale"].stage == "consent"
    consents(someone, "Withdrawn", "service")
    assert served(someone) == []


def test_consents_are_kept_before_a_playbook_knows_their_purpose() -> None:
    someone = shop(offer("help"))
    later = shop(GATED, PURPOSES).playbook
    consents(someone, "Granted", "marketing")
    someone.playbook = later
    someone.does("Page Viewed")
    assert "sale" in served(someone)


def test_a_withdrawal_of_a_declared_purpose_is_heard_whatever_else_is_withdrawn() -> None:
    someone = shop(offer("a", more="purpose: marketing"), "purposes: {marketing: granted}")
    for number in range(CONSENTS_KEPT):
        consents(someone, "Withdrawn", f"junk{number}")
    assert served(someone) == ["a"]
    consents(someone, "Withdrawn", "marketing")
    assert served(someone) == []
    assert len(someone.profile.consents) == CONSENTS_KEPT
    assert "junk0" not in someone.profile.consents


def test_what_was_dismissed_rests_for_its_cooldown_and_what_was_accepted_is_suppressed() -> None:
    someone = shop(
        "\n".join([offer("a", 5, "cooldown: 2d, suppress: 10d"), offer("b", 1, "suppress: 1d")])
    )
    someone.does("Page Viewed")
    assert served(someone) == ["a", "b"]
    answer(someone, "Dismissed", "a")
    dismissed_at = someone.now_ms
    assert served(someone) == ["b"]
    someone.does("Page Viewed", after_ms=2 * DAY_MS - 1)
    assert served(someone) == ["b"]
    assert told(someone)["a"].stage == "answered"
    someone.does("Page Viewed", after_ms=1)
    assert someone.now_ms == dismissed_at + 2 * DAY_MS
    assert served(someone) == ["a", "b"]
    answer(someone, "Accepted", "a")
    assert served(someone) == ["b"]
    someone.does("Page Viewed", after_ms=10 * DAY_MS - 1)
    assert served(someone) == ["b"]
    someone.does("Page Viewed", after_ms=1)
    assert served(someone) == ["a", "b"]


def test_an_offer_that_was_accepted_goes_from_the_serving_key_with_that_event() -> None:
    someone = shop("\n".join([offer("a", 5), offer("b", 1), offer("c", 3)]))
    someone.does("Page Viewed")
    decision = answer(someone, "Accepted", "a")
    assert decision.serving is not None
    assert [one.offer_id for one in decision.serving.offers] == ["c", "b"]


def test_the_dates_are_told() -> None:
    someone = shop(
        "\n".join([offer("new", more="start: 2026-03-01"), offer("old", more="end: 2026-01-31")])
    )
    someone.does("Page Viewed")
    assert someone.now_ms == START_MS + 1_000
    found = told(someone)
    assert (found["new"].stage, found["old"].stage) == ("dates", "dates")
    assert found["new"].reasons == (
        "it starts at 2026-03-01T00:00:00.000Z, now is 2026-02-02T02:40:01.000Z",
    )
    assert found["old"].reasons == (
        "it ended at 2026-02-01T00:00:00.000Z, now is 2026-02-02T02:40:01.000Z",
    )
