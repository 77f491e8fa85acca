"""An offer of products is made while all of them are there, and says what they cost together."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.published.records import action_record
from decisions.decide import decide
from decisions.offering.explain import tell
from decisions.offering.logged import read_decided
from decisions.offering.recheck import retell
from decisions.offering.stock import first_sold_out, price_of
from decisions.playbook import PlaybookError
from decisions.wake import recall, wake
from decisions.world import BARE, World
from state.applied import Applied
from state.decision import Decision
from state.fold import fold
from state.product import Listed, Product
from tests.decisions.offering.shop import HEAD, offer, served, shop
from tests.decisions.someone import DAY_MS, Someone, actions, book, touchpoint

BUNDLE = "products: [tent, mat]"
SHOP = "\n".join([offer("set", 9, BUNDLE), offer("tent", 5, "products: tent"), offer("club", 1)])

listings = st.none() | st.builds(
    Product,
    price=st.none() | st.floats(0, 1e6),
    stock=st.none() | st.integers(0, 3),
)
catalogues = st.dictionaries(st.sampled_from(["tent", "mat", "lamp"]), listings)


def world(**products: Product | None) -> World:
    """One in which the catalogue says this."""
    return World(products={name: Listed("t", 1, said) for name, said in products.items()})


def comes(someone: Someone, known: World) -> Decision | None:
    """An event of the customer, where this is known."""
    someone.now_ms += 1_000
    someone.events += 1
    event = touchpoint(someone.customer_id, f"m-{someone.events}", "Page Viewed", someone.now_ms)
    changed = fold(someone.profile, event, someone.playbook.traits)
    someone.profile.playbook = ""  # all is asked anew, whatever the event changed
    return decide(someone.profile, event, changed, someone.playbook, someone.now_ms, known)


@given(catalogues)
def test_an_offer_is_served_exactly_if_all_of_its_products_are_there(
    catalogue: dict[str, Product | None],
) -> None:
    someone = shop(SHOP, head=HEAD.replace("offers: 2", "offers: 3"))
    comes(someone, world(**catalogue))
    there = {name for name, said in catalogue.items() if said is not None and said.stock != 0}
    wanted = {"set": {"tent", "mat"}, "tent": {"tent"}, "club": set()}
    assert set(served(someone)) == {name for name, needs in wanted.items() if needs <= there}


@given(catalogues)
def test_why_an_offer_is_not_made_names_a_product_and_its_stock(
    catalogue: dict[str, Product | None],
) -> None:
    someone = shop(SHOP)
    known = world(**catalogue)
    comes(someone, known)
    found = tell(someone.profile, someone.customer_id, someone.playbook, someone.now_ms, known)
    told = next(one for one in found if one.offer == "set")
    missing = first_sold_out(("tent", "mat"), known)
    assert (told.stage == "stock") == bool(missing)
    if missing:
        said = catalogue.get(missing)
        why = "is not in the catalogue" if said is None else "is sold out: its stock is 0"
        assert told.reasons == (f"product {missing} {why}",)


def test_what_was_served_is_withdrawn_by_the_next_choice_and_may_come_back() -> None:
    someone = shop(SHOP)
    comes(someone, world(tent=Product(stock=3), mat=Product(stock=1)))
    assert served(someone) == ["set", "tent"]
    comes(someone, world(tent=Product(stock=3), mat=Product(stock=0)))
    assert served(someone) == ["tent", "club"]
    comes(someone, world(tent=None, mat=Product(stock=0)))
    assert served(someone) == ["club"]
    comes(someone, world(tent=Product(), mat=Product()))
    assert served(someone) == ["set", "tent"]


def test_where_no_catalogue_is_looked_at_every_product_counts_as_there() -> None:
    someone = shop(SHOP)
    comes(someone, BARE)
    assert served(someone) == ["set", "tent"]


@given(
    st.none() | st.floats(0, 1e6),
    st.lists(st.none() | st.floats(0, 1e6), min_size=1, max_size=10),
)
def test_a_bundle_costs_what_is_said_or_the_sum_of_all_prices(
    own: float | None, prices: list[float | None]
) -> None:
    names = [f"p{n}" for n in range(len(prices))]
    said = f"products: [{', '.join(names)}]" + ("" if own is None else f", price: {own:.6f}")
    one = book(f"offers:\n{offer('a', 1, said)}\n", HEAD).offers["a"]
    found = price_of(one, world(**dict(zip(names, map(Product, [""] * 10, prices), strict=False))))
    if own is not None:
        assert found == float(f"{own:.6f}")
    elif None in prices:
        assert found is None
    else:
        assert found == sum(price for price in prices if price is not None)


def test_products_and_price_stand_in_the_record_and_in_what_is_served() -> None:
    someone = shop(SHOP)
    decision = comes(
        someone, world(tent=Product("tents", 120.0, 3), mat=Product("mats", 30.0, None))
    )
    assert decision is not None
    assert decision.serving is not None
    bodies = {a.body["offer_id"]: a.body for a in actions(decision, "offer.decided")}
    assert bodies["set"]["products"] == ["tent", "mat"]
    assert bodies["set"]["price"] == 150.0
    assert [(one.products, one.price) for one in decision.serving.offers] == [
        (("tent", "mat"), 150.0),
        (("tent",), 120.0),
    ]


def test_a_decision_that_stays_keeps_the_price_it_was_made_with() -> None:
    someone = shop(SHOP)
    comes(someone, world(tent=Product(price=120.0), mat=Product(price=30.0)))
    comes(someone, world(tent=Product(price=99.0), mat=Product(price=30.0)))
    assert [held.price for held in someone.profile.offers] == [150.0, 120.0]


def test_an_offer_without_products_says_nothing_of_them() -> None:
    someone = shop(offer("club", 1))
    (action,) = actions(comes(someone, world()), "offer.decided")
    assert not {"products", "price"} & action.body.keys()


def test_other_products_or_another_price_make_another_version_of_an_offer() -> None:
    kinds = ["", "products: a", "products: b", "products: [a, b]", "products: a, price: 2"]
    made = {book(f"offers:\n{offer('x', 1, kind)}\n", HEAD).offers["x"].version for kind in kinds}
    assert len(made) == len(kinds)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("price: 5", "offers.a.price; expected a price beside the products that it is for"),
        ("products: [x, x]", 'offers.a.products; expected each once, got "x"'),
        (f"products: [{'x' * 129}]", "offers.a.products; expected at most 128 characters, got 129"),
        (
            f"products: [{', '.join(f'p{n}' for n in range(11))}]",
            "offers.a.products; expected 1 to 10 entries, got 11",
        ),
    ],
)
def test_what_no_offer_can_have_is_refused_with_its_place(more: str, said: str) -> None:
    with pytest.raises(PlaybookError, match=re.escape(said)):
        book(f"offers:\n{offer('a', 1, more)}\n", HEAD)


@given(catalogues, st.lists(st.sampled_from(["tent", "mat", "lamp"]), min_size=1, unique=True))
def test_a_recall_leaves_what_can_be_had_as_it_was_decided(
    catalogue: dict[str, Product | None], out: list[str]
) -> None:
    someone = shop(SHOP)
    comes(someone, world(**catalogue))
    before = list(someone.profile.offers)
    known = world(**catalogue | dict.fromkeys(out, Product(stock=0)))
    someone.now_ms += 1_000
    args = someone.profile, someone.customer_id, someone.playbook, someone.now_ms
    found = recall(*args, [f"stock:{one}" for one in out])
    gone = [held for held in before if not {*out}.isdisjoint(held.products)]
    left = [held for held in before if held not in gone]
    assert someone.profile.offers == left
    assert bool(found) == bool(gone)
    for now_ms, decision in found:
        assert now_ms == someone.now_ms
        assert decision.actions == []
        assert decision.serving is not None
        told = [(one.rank, one.decision_id) for one in decision.serving.offers]
        assert told == [(rank, one.decision_id.hex()) for rank, one in enumerate(left, 1)]
    anew = wake(*args, known)
    assert someone.profile.offers[: len(left)] == left
    for now_ms, decision in anew:
        assert now_ms == someone.now_ms
        causes = {action.caused_by for action in decision.actions}
        first = next(product for product in out if any(product in one.products for one in gone))
        assert causes <= {f"stock:{first}"}
    assert wake(*args, known) == []


def test_what_was_withdrawn_leaves_an_empty_list_for_as_long_as_it_would_have_stood() -> None:
    someone = shop(offer("set", 9, "products: [tent, mat]"))
    comes(someone, world(tent=Product(), mat=Product()))
    (held,) = someone.profile.offers
    args = someone.profile, someone.customer_id, someone.playbook, someone.now_ms
    ((_, decision),) = recall(*args, ["stock:mat"])
    assert decision.serving is not None
    assert (decision.serving.offers, decision.serving.expires_at) == ([], held.expires_at)
    assert wake(*args, world(tent=Product(), mat=None)) == []


def test_who_is_withdrawn_two_offers_from_is_chosen_for_once_because_of_the_first() -> None:
    someone = shop(SHOP)
    comes(someone, world(tent=Product(), mat=Product()))
    args = someone.profile, someone.customer_id, someone.playbook, someone.now_ms
    assert len(recall(*args, ["stock:mat"])) == len(recall(*args, ["stock:tent"])) == 1
    ((_, decision),) = wake(*args, world(mat=None, tent=None))
    (action,) = actions(decision, "offer.decided")
    assert (action.body["offer_id"], action.caused_by) == ("club", "stock:mat")


def test_an_event_before_the_choice_makes_it_and_is_its_cause() -> None:
    someone = shop(SHOP)
    comes(someone, world(tent=Product(), mat=Product()))
    args = someone.profile, someone.customer_id, someone.playbook, someone.now_ms
    assert len(recall(*args, ["stock:tent"])) == 1
    event = touchpoint(someone.customer_id, "m-x", "Nothing", someone.now_ms)
    known = world(tent=None, mat=Product())
    decision = decide(someone.profile, event, 0, someone.playbook, someone.now_ms, known)
    (action,) = actions(decision, "offer.decided")
    assert (action.body["offer_id"], action.caused_by) == ("club", "m-x")
    assert someone.profile.withdrawn_for == ""


def test_what_the_playbook_says_anew_of_an_offer_goes_with_what_is_withdrawn() -> None:
    someone = shop(SHOP)
    comes(someone, world(tent=Product(), mat=Product()))
    book = shop(SHOP.replace("value: 5", "value: 6")).playbook
    args = someone.profile, someone.customer_id, book, someone.now_ms
    assert recall(*args, ["stock:lamp"]) == []
    assert served(someone) == ["set", "tent"]
    ((_, decision),) = recall(*args, ["stock:mat"])
    assert decision.serving is not None
    assert (served(someone), decision.serving.offers) == ([], [])
    wake(*args, world(tent=Product(), mat=None))
    assert served(someone) == ["tent", "club"]


def test_a_decision_after_a_recall_is_made_again_from_its_record() -> None:
    someone = shop(SHOP)
    comes(someone, world(tent=Product(), mat=Product()))
    args = someone.profile, someone.customer_id, someone.playbook, someone.now_ms
    assert len(recall(*args, ["stock:mat"])) == 1
    ((_, decision),) = wake(*args, world(tent=Product(), mat=None))
    (action,) = actions(decision, "offer.decided")
    place = Applied(0, 0, 1, 0)
    version = someone.playbook.version
    record = action_record(someone.customer_id, action, someone.now_ms, version, place)
    told = retell(read_decided(record))
    assert (told.record.caused_by, told.remarks) == ("stock:mat", ())


def test_nobody_is_recalled_for_what_has_expired() -> None:
    someone = shop(SHOP)
    comes(someone, world(tent=Product(), mat=Product()))
    later_ms = someone.now_ms + DAY_MS
    args = someone.profile, someone.customer_id, someone.playbook, later_ms
    assert recall(*args, ["stock:mat"]) == []
