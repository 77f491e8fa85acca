"""What an offer is worth: P^a x C x V x L - cost, in the channel where it is worth most."""

import pytest

from tests.decisions.offering.shop import offer, served, shop, told
from tests.decisions.someone import actions

TREATED = offer(
    "club",
    20,
    "propensity: 0.1, lever: 2, cost: 0.5, "
    "treatments: {email: {propensity: 0.3, cost: 1, value: 10}, click: {weight: 3.0}}",
    "home: click, inbox: email",
)


def test_each_channel_has_terms_of_its_own_and_the_record_has_them_all() -> None:
    someone = shop(TREATED)
    (decided,) = actions(someone.does("Page Viewed"), "offer.decided")
    body = decided.body
    assert body["score"] == pytest.approx(0.1 * 3.0 * 20 * 2 - 0.5)
    terms = ("propensity", "power", "weight", "value", "lever", "cost")
    assert [body[name] for name in terms] == [0.1, 1.0, 3.0, 20.0, 2.0, 0.5]
    assert body["reasons"][1] == (
        "propensity 0.1 × weight 3 × value 20 × lever 2 − cost 0.5"  # noqa: RUF001 - the signs are meant
    )
    eligible = body["eligible"]
    assert eligible["channel"] == ["click", "email"]
    assert eligible["score"] == pytest.approx([11.5, 0.3 * 10 * 2 - 1])
    assert eligible["propensity"] == [0.1, 0.3]
    assert eligible["weight"] == [3.0, 1.0]


def test_the_best_channel_is_part_of_the_answer() -> None:
    someone = shop(TREATED.replace("weight: 3.0", "weight: 1.0"))
    someone.does("Page Viewed")
    assert someone.offers() == [("club", "email", "inbox")]


def test_the_power_tells_how_much_likelihood_counts() -> None:
    likely = offer("likely", 10, "propensity: 0.5")
    dear = offer("dear", 100, "propensity: 0.04")
    for power, expected in ((0, ["dear", "likely"]), (1, ["likely", "dear"])):
        someone = shop("\n".join([likely, dear]), f"arbitration: {{power: {power}}}")
        someone.does("Page Viewed")
        assert served(someone) == expected


def test_the_moment_weighs_and_is_weighed_again_when_it_changes() -> None:
    """The weight of a full cart lifts an offer over another, as long as it is full."""
    heavy = offer("cart", 1, 'weight: "profile.cart.value > 50.0 ? 4.0 : 1.0"')
    someone = shop("\n".join([heavy, offer("other", 2)]))
    someone.does("Page Viewed")
    assert served(someone) == ["other", "cart"]
    tent = {"product_id": "tent", "price": 60.0}
    someone.does("Product Added", tent)
    assert served(someone) == ["cart", "other"]
    someone.does("Product Removed", tent)
    assert served(someone) == ["other", "cart"]


@pytest.mark.parametrize(
    "weight", ["0.0 - 1.0", "1.0 / 0.0", "0.0 / 0.0", "1 / profile.orders.count", "-1", "1e300"]
)
def test_a_weight_that_is_negative_no_number_or_an_error_takes_the_offer_out(weight: str) -> None:
    someone = shop("\n".join([offer("bad", 9, f'weight: "{weight}"'), offer("good", 1)]))
    decision = someone.does("Page Viewed")
    assert decision is not None
    assert decision.rule_errors == {"offer.bad": 1}
    assert served(someone) == ["good"]
    assert told(someone)["bad"].stage == "weight"


def test_what_costs_more_than_it_may_bring_is_left_out_in_that_channel() -> None:
    places = "inbox: email, home: click"
    terms = "propensity: 0.05, treatments: {email: {cost: 0.6}}"
    someone = shop(offer("letter", 10, terms, places))
    someone.does("Page Viewed")
    assert someone.offers() == [("letter", "click", "home")]
    someone = shop(offer("letter", 10, f"cost: 0.7, {terms}", places))
    someone.does("Page Viewed")
    assert served(someone) == []
    assert told(someone)["letter"].stage == "cost"
    more = "costs more than it may bring: propensity 0.05"
    assert told(someone)["letter"].reasons == (
        f"through email it {more} × value 10 − cost 0.6 = -0.1",  # noqa: RUF001 - the signs are meant
        f"through click it {more} × value 10 − cost 0.7 = -0.2",  # noqa: RUF001 - the signs are meant
    )


def test_a_group_says_what_its_offers_do_not() -> None:
    groups = "groups: {g: {title: G, propensity: 0.5, lever: 3, cooldown: 1h, suppress: 2h}}"
    offers = "\n".join([offer("a", 2, "group: g"), offer("b", 2, "group: g, lever: 1")])
    playbook = shop(offers, groups).playbook
    a, b = playbook.offers["a"], playbook.offers["b"]
    assert [a.treatments[0].score, b.treatments[0].score] == [3.0, 1.0]
    assert (a.cooldown_ms, a.suppress_ms) == (3_600_000, 7_200_000)


@pytest.mark.parametrize(
    ("before", "after", "anew"),
    [
        ("ttl: 1d", "ttl: 2d", True),
        ("ttl: 1d", "ttl: 1d, end: 2026-03-01", True),
        ("ttl: 1d", "ttl: 1d, because: of you", True),
        ("ttl: 1d", "ttl: 1d, lever: 2", True),
        ("ttl: 1d", "ttl: 24h", False),
        ("ttl: 1d", "ttl: 1d, cooldown: 9d", False),
        ("value: 2", "value: 2.0", False),
    ],
)
def test_a_decision_is_made_anew_where_it_would_say_something_else(
    before: str, after: str, anew: bool
) -> None:
    someone = shop(offer("a", 2))
    someone.does("Page Viewed")
    someone.playbook = shop(offer("a", 2).replace(before, after)).playbook
    assert (actions(someone.does("Page Viewed"), "offer.decided") != []) is anew


def test_a_decision_stays_while_the_playbook_says_of_the_offer_what_it_said() -> None:
    first = shop("\n".join([offer("a", 2), offer("b", 1)]))
    first.does("Page Viewed")
    before = {held.offer_id: held.decision_id for held in first.profile.offers}
    first.playbook = shop("\n".join([offer("a", 2), offer("b", 1.5)])).playbook
    decided = actions(first.does("Page Viewed"), "offer.decided")
    assert [action.body["offer_id"] for action in decided] == ["b"]
    after = {held.offer_id: held.decision_id for held in first.profile.offers}
    assert after["a"] == before["a"]
    assert after["b"] != before["b"]
