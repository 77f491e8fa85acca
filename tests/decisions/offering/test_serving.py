from state.decision import Serving
from state.decision_ids import decision_id
from state.sections import ANSWERS, ORDERS
from state.times import rfc3339
from state.touchpoint import identity
from tests.decisions.someone import (
    DAY_MS,
    HEAD,
    HOUR_MS,
    START_MS,
    Someone,
    actions,
    book,
    summary,
)

SHOP = """
    segments: {buyer: {title: Buyer, when: profile.orders.count > 0}}
    offers:
      club:
        title: Join the club
        eligible: '"buyer" in segments'
        because: has bought
        lever: 50
        value: 10
        channels: [email, click]
        placements: [home, inbox]
        ttl: 3h
      hello:
        title: Ten percent off
        lever: 20
        value: 5.5
        channels: [click]
        placements: home
        ttl: 6h
      bestsellers:
        title: Bestsellers
        fallback: true
        lever: 100
        value: 1000
        channels: [click]
        placements: home
        ttl: 1d
    """


def serving(someone: Someone, event: str, after_ms: int = 1_000) -> Serving:
    decision = someone.does(event, {"total": 1.0}, after_ms=after_ms)
    assert decision is not None
    assert decision.serving is not None
    return decision.serving


def test_the_first_event_decides_what_to_serve_and_says_all_of_it() -> None:
    someone = Someone(book(SHOP))
    decision = someone.does("Page Viewed")
    assert decision is not None
    now_ms = START_MS + 1_000
    number = decision_id("c-1", identity("c-1", "m-1", "offer.decided", "hello")).hex()
    assert decision.serving is not None
    (served,) = decision.serving.offers
    assert (decision.serving.as_of, decision.serving.expires_at) == (now_ms, now_ms + 6 * HOUR_MS)
    assert (served.offer_id, served.decision_id, served.rank) == ("hello", number, 1)
    (action,) = decision.actions
    assert (action.id, action.kind, action.caused_by) == (number, "offer.decided", "m-1")
    assert action.body == {
        "offer_id": "hello",
        "decision_id": number,
        "channel": "click",
        "score": 110.0,
        "propensity": 1.0,
        "value": 5.5,
        "placement": "home",
        "reasons": ["for everyone", "value 5.5 × lever 20"],  # noqa: RUF001 - it is the product's own sign
        "expires_at": rfc3339(now_ms + 6 * HOUR_MS),
        "group": "",
        "power": 1.0,
        "weight": 1.0,
        "lever": 20.0,
        "cost": 0.0,
        "arms": {},
        "eligible": {
            "offer_id": ["hello"],
            "channel": ["click"],
            "placement": ["home"],
            "propensity": [1.0],
            "weight": [1.0],
            "score": [110.0],
        },
        "learned": None,
    }


def test_nothing_more_is_decided_while_the_choice_stands() -> None:
    someone = Someone(book(SHOP))
    someone.does("Page Viewed")
    for _ in range(5):
        assert someone.does("Page Viewed") is None


def test_a_better_offer_takes_its_place_and_the_rest_is_kept_as_decided() -> None:
    someone = Someone(book(SHOP))
    first = serving(someone, "Page Viewed").offers[0]
    later = serving(someone, "Order Completed")
    assert [(o.rank, o.offer_id, o.channel, o.placement) for o in later.offers] == [
        (1, "club", "click", "home"),
    ]
    assert first.offer_id == "hello"
    home_only = SHOP.replace("placements: [home, inbox]", "placements: [inbox, home]")
    someone = Someone(book(home_only))
    first = serving(someone, "Page Viewed").offers[0]
    both = serving(someone, "Order Completed").offers
    assert [(o.rank, o.offer_id, o.channel) for o in both] == [
        (1, "club", "email"),
        (2, "hello", "click"),
    ]
    assert both[1].decision_id == first.decision_id
    assert both[1].expires_at == first.expires_at


def test_only_the_offers_that_are_new_are_published() -> None:
    someone = Someone(book(SHOP.replace("placements: [home, inbox]", "placements: [inbox, home]")))
    someone.does("Page Viewed")
    bought = actions(someone.does("Order Completed", {"total": 1.0}), "offer.")
    assert [action.body["offer_id"] for action in bought] == ["club"]


def test_an_offer_is_decided_anew_when_a_third_of_its_time_is_left() -> None:
    someone = Someone(book(SHOP))
    first = serving(someone, "Page Viewed")
    assert someone.does("Page Viewed", after_ms=4 * HOUR_MS) is None
    renewed = serving(someone, "Page Viewed", after_ms=1)
    assert renewed.offers[0].offer_id == "hello"
    assert renewed.offers[0].decision_id != first.offers[0].decision_id
    assert renewed.expires_at == someone.now_ms + 6 * HOUR_MS


def test_of_two_offers_the_one_that_stands_shorter_is_decided_anew_in_its_time() -> None:
    shop = """
        offers:
          long: {title: L, lever: 2, value: 1, channels: [email], placements: inbox, ttl: 30d}
          short: {title: S, lever: 1, value: 1, channels: [click], placements: home, ttl: 6h}
        """
    someone = Someone(book(shop))
    before = serving(someone, "Page Viewed").offers
    assert [offer.offer_id for offer in before] == ["long", "short"]
    assert someone.does("Page Viewed", after_ms=4 * HOUR_MS) is None
    after = serving(someone, "Page Viewed", after_ms=1).offers
    assert after[0].decision_id == before[0].decision_id
    assert after[1].decision_id != before[1].decision_id


def test_an_offer_stands_at_most_to_its_end_and_is_not_renewed_before() -> None:
    someone = Someone(book(SHOP.replace("ttl: 6h", "ttl: 30d\n        end: 2026-02-02")))
    midnight_ms = START_MS - START_MS % DAY_MS + DAY_MS
    assert serving(someone, "Page Viewed").expires_at == midnight_ms
    assert someone.does("Page Viewed", after_ms=midnight_ms - someone.now_ms - 1) is None
    assert serving(someone, "Page Viewed", after_ms=1).offers[0].offer_id == "bestsellers"


def test_an_offer_begins_with_the_first_event_after_its_start() -> None:
    someone = Someone(
        book(
            SHOP.replace(
                "eligible: '\"buyer\" in segments'", "start: 2026-02-02T05:40:00.000+02:00"
            ).replace("because: has bought", "")
        )
    )
    someone.does("Page Viewed")
    assert someone.does("Page Viewed", after_ms=HOUR_MS - 1_001) is None
    version = someone.playbook.version
    assert someone.profile.playbook == version
    assert serving(someone, "Page Viewed", after_ms=1).offers[0].offer_id == "club"
    assert someone.profile.playbook == f"{version}+1"


def test_a_start_date_passed_leaves_the_other_offers_as_they_were_decided() -> None:
    gift = """
      gift:
        title: A gift
        lever: 1
        value: 1
        channels: [email]
        placements: inbox
        start: 2026-02-03
        ttl: 30d
    """
    someone = Someone(book(SHOP.rstrip().replace("ttl: 6h", "ttl: 30d") + gift))
    hello = serving(someone, "Page Viewed").offers[0]
    decision = someone.does("Page Viewed", after_ms=DAY_MS)
    assert summary(decision) == [("offer.decided", "gift")]
    assert decision is not None
    assert decision.serving is not None
    assert [offer.offer_id for offer in decision.serving.offers] == ["hello", "gift"]
    assert decision.serving.offers[0].decision_id == hello.decision_id


def test_another_playbook_decides_every_offer_anew() -> None:
    someone = Someone(book(SHOP))
    first = serving(someone, "Page Viewed").offers[0]
    someone.playbook = book(SHOP.replace("Ten percent", "Fifteen percent"))
    second = serving(someone, "Page Viewed").offers[0]
    assert second.offer_id == first.offer_id
    assert second.decision_id != first.decision_id
    assert someone.does("Page Viewed") is None


def test_a_fallback_offer_is_served_only_where_nothing_else_is_eligible() -> None:
    someone = Someone(
        book(SHOP.replace("title: Ten", "eligible: profile.cart.value > 0.0\n        title: Ten"))
    )
    assert serving(someone, "Page Viewed").offers[0].offer_id == "bestsellers"
    tent = {"product_id": "tent", "price": 1.0}
    decision = someone.does("Product Added", tent)
    assert summary(decision) == [("offer.decided", "hello")]
    assert summary(someone.does("Product Removed", tent)) == [("offer.decided", "bestsellers")]


def test_a_fallback_offer_does_not_fill_up_and_one_for_a_placement_is_enough() -> None:
    head = HEAD.replace("[click], offers: 1", "[click], offers: 3")
    spare = "title: T, value: 1, channels: [click], placements: home, ttl: 1d, fallback: true"
    rest = (
        SHOP.rstrip()
        + f"""
      spare: {{lever: 1, {spare}}}
    """
    )
    someone = Someone(book(rest, head))
    someone.does("Page Viewed")
    assert [offer for offer, _, _ in someone.offers()] == ["hello"]
    someone = Someone(book(rest.replace("lever: 20", "eligible: 'false'\n        lever: 20"), head))
    someone.does("Page Viewed")
    assert [offer for offer, _, _ in someone.offers()] == ["bestsellers"]


def test_an_offer_that_moves_to_another_placement_is_decided_anew() -> None:
    someone = Someone(
        book("""
            offers:
              cart: {title: C, eligible: profile.cart.value > 0.0, lever: 9, value: 1,
                channels: [click], placements: home, ttl: 1d}
              club: {title: C, lever: 1, value: 1, channels: [click, email],
                placements: [home, inbox], ttl: 1d}
            """)
    )
    first = serving(someone, "Page Viewed").offers[0]
    moved = serving_of(someone, "Product Added", {"product_id": "tent", "price": 1.0}).offers[1]
    assert (first.offer_id, first.channel, first.placement) == ("club", "click", "home")
    assert (moved.offer_id, moved.channel, moved.placement) == ("club", "email", "inbox")
    assert moved.decision_id != first.decision_id


def test_when_nothing_is_eligible_any_more_an_empty_list_is_served() -> None:
    only_buyers = """
        offers:
          cart:
            title: Cart
            eligible: profile.cart.value > 0.0
            lever: 1
            value: 1
            channels: [click]
            placements: home
            ttl: 1h
        """
    someone = Someone(book(only_buyers))
    assert someone.does("Page Viewed") is None
    tent = {"product_id": "tent", "price": 1.0}
    served = serving_of(someone, "Product Added", tent)
    empty = serving_of(someone, "Product Removed", tent)
    assert (empty.offers, empty.as_of) == ([], someone.now_ms)
    assert empty.expires_at == served.expires_at
    assert someone.does("Page Viewed") is None
    serving_of(someone, "Product Added", tent)
    # Whatever was served has gone by itself: there is nothing to take back.
    assert someone.does("Product Removed", tent, after_ms=2 * HOUR_MS) is None
    assert someone.profile.offers == []


def serving_of(someone: Someone, event: str, properties: dict[str, object]) -> Serving:
    decision = someone.does(event, properties)
    assert decision is not None
    assert decision.serving is not None
    return decision.serving


def test_the_channel_is_the_first_of_the_offer_that_the_placement_has() -> None:
    head = HEAD.replace("channels: [click], offers: 1", "channels: [chat, kiosk, click], offers: 1")
    playbook = book(SHOP.replace("[email, click]", "[email, kiosk, chat]"), head)
    assert playbook.offers["club"].places == (
        *(("home", "kiosk"), ("home", "chat")),
        ("inbox", "email"),
    )


def test_equal_scores_fall_to_each_customer_by_their_own_stable_lot() -> None:
    twins = "offers:\n" + "".join(
        f"  {name}: {{title: T, lever: 2, value: {value}, channels: [click], "
        "placements: home, ttl: 1d}\n"
        for name, value in (("a", 3), ("b", 3.0), ("c", 3))
    )
    drawn = []
    for number in range(60):
        someone = Someone(book(twins), f"c-{number}")
        someone.does("Page Viewed")
        again = Someone(book(twins), f"c-{number}")
        again.does("Something Else", after_ms=DAY_MS)
        assert again.offers() == someone.offers()
        drawn.append(someone.offers()[0][0])
    assert all(drawn.count(name) >= 10 for name in "abc")


def test_a_placement_holds_as_many_as_it_says_and_an_offer_fills_only_one() -> None:
    head = HEAD.replace(
        "home: {channels: [click], offers: 1}", "home: {channels: [click], offers: 2}"
    )
    rest = "offers:\n" + "".join(
        f"  o{value}: {{title: T, lever: 1, value: {value}, channels: [click, email], "
        "placements: [home, inbox], ttl: 1d}\n"
        for value in (1, 2, 3, 4)
    )
    someone = Someone(book(rest, head))
    someone.does("Page Viewed")
    assert someone.offers() == [
        ("o4", "click", "home"),
        ("o3", "click", "home"),
        ("o2", "email", "inbox"),
    ]


def test_eligibility_is_asked_again_only_when_something_it_reads_has_changed() -> None:
    playbook = book(SHOP.replace("'\"buyer\" in segments'", "profile.orders.count > 0"))
    assert playbook.offers_read == ORDERS | ANSWERS
    someone = Someone(playbook)
    someone.does("Page Viewed")
    before = someone.profile.offers
    someone.does("Page Viewed")
    assert someone.profile.offers is before


def test_an_eligibility_that_ends_in_an_error_counts_as_false() -> None:
    someone = Someone(
        book(SHOP.replace("'\"buyer\" in segments'", "1 / profile.orders.count == 1"))
    )
    decision = someone.does("Page Viewed")
    assert decision is not None
    assert decision.rule_errors == {"offer.club": 1}
    assert someone.offers()[0][0] == "hello"
