"""The categories of an offer's products are topics of it, where it says so, as they are then."""

from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.decide import decide
from decisions.explaining.explain import explain
from decisions.explaining.page import to_json
from decisions.offering.ask import Question, ask
from decisions.offering.explain import Told, tell
from decisions.offering.interest import TOPIC_BYTES
from decisions.offering.logged import read_decided
from decisions.offering.recheck import retell
from decisions.playbook import PlaybookError
from decisions.world import BARE, World
from state.decision import Decision
from state.fold import fold
from state.product import Listed, Product
from tests.decisions.offering.logged import published
from tests.decisions.offering.shop import offer, served, shop
from tests.decisions.someone import Someone, book, touchpoint

HEAD = """\
channels: [click]
traits: {city: string, interests: list(string)}
placements:
  home: {channels: [click], offers: 6}
"""
KIT = "products: [tent, stove], topics_of_products: true"
OFFERS = "\n".join([offer("kit", 9, KIT), offer("club", 1)])
WORDS = ["camping", "cooking", "running", "it's", "Zürich", "42"]


def reader(offers: str = OFFERS, rest: str = "") -> Someone:
    """A customer of a shop that knows what its products are."""
    return shop(offers, rest, HEAD)


def world(**categories: str | None) -> World:
    """One in which the catalogue says these categories; None: there is no such product any more."""
    said = {
        name: None if category is None else Product(category)
        for name, category in categories.items()
    }
    return World(products={name: Listed("t", 1, product) for name, product in said.items()})


def happens(
    someone: Someone,
    known: World,
    name: str = "Page Viewed",
    properties: dict[str, Any] | None = None,
    **traits: Any,
) -> Decision | None:
    """An event of the customer, where this is known."""
    someone.now_ms += 1_000
    someone.events += 1
    event = touchpoint(someone.customer_id, f"m-{someone.events}", name, someone.now_ms, properties)
    if traits:
        event.type, event.traits = "identify", traits
    changed = fold(someone.profile, event, someone.playbook.traits)
    return decide(someone.profile, event, changed, someone.playbook, someone.now_ms, known)


def told(someone: Someone, known: World) -> dict[str, Told]:
    found = tell(someone.profile, someone.customer_id, someone.playbook, someone.now_ms, known)
    return {one.offer: one for one in found}


def decided(someone: Someone, decision: Decision | None) -> dict[str, Any]:
    """Offer → the record of the decision for it."""
    records = map(orjson.loads, published(someone, decision, "offer.decided"))
    return {record["body"]["offer_id"]: record for record in records}


topics = st.lists(st.sampled_from(WORDS), max_size=3, unique=True)
shelves = st.lists(st.sampled_from([*WORDS, "", None]), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(topics, shelves, st.booleans()), min_size=1, max_size=5), topics)
def test_an_offer_weighs_the_share_of_its_topics_and_categories_that_interest(
    written: list[tuple[list[str], list[str | None], bool]], interests: list[str]
) -> None:
    offers: list[str] = []
    categories: dict[str, str | None] = {}
    abouts: dict[str, list[str]] = {}
    shares: dict[str, Fraction] = {}
    for number, (own, shelf, of_products) in enumerate(written):
        products = [f"p{number}_{at}" for at in range(len(shelf))]
        categories |= dict(zip(products, shelf, strict=True))
        more = f"products: [{', '.join(products)}], topics_of_products: {str(of_products).lower()}"
        more += f", topics: {orjson.dumps(own).decode()}" if own else ""
        offers.append(offer(f"a{number}", 1, more))
        about = list(own)
        for category in shelf if of_products else ():
            if category and category not in about:
                about.append(category)
        met = [topic for topic in about if topic in interests]
        abouts[f"a{number}"] = about
        shares[f"a{number}"] = Fraction(len(met), len(about)) if about else Fraction(1)
    there = {f"a{n}": None not in shelf for n, (_, shelf, _) in enumerate(written)}
    someone, known = reader("\n".join(offers)), world(**categories)
    records = decided(someone, happens(someone, known, interests=interests))
    assert set(records) == {name for name, part in shares.items() if part and there[name]}
    assert served(someone) == sorted(served(someone), key=lambda name: -shares[name])
    for name, record in records.items():
        body = record["body"]
        assert body["weight"] == float(shares[name])
        assert body.get("topics", []) == abouts[name]
        assert body.get("interests", []) == (interests if abouts[name] else [])
        assert retell(read_decided(orjson.dumps(record))).remarks == ()
    for name, one in told(someone, known).items():
        expected = "stock" if not there[name] else "served" if shares[name] else "interest"
        assert one.stage == expected


def test_what_the_catalogue_says_by_the_next_choice_decides_who_gets_it_and_what_comes_first() -> (
    None
):
    pair = "\n".join(
        [
            offer("kit", 6, "products: tent, topics_of_products: true"),
            offer("pan", 5, "products: pan, topics_of_products: true, topics: cooking"),
        ]
    )
    someone = reader(pair)
    happens(someone, world(tent="camping", pan="camping"), interests=["camping"])
    assert served(someone) == ["kit", "pan"]
    assert [held.weight for held in someone.profile.offers] == [1.0, 0.5]
    moved = world(tent="garden", pan="cooking")
    assert happens(someone, moved) is None  # nothing is chosen for that alone
    assert served(someone) == ["kit", "pan"]
    happens(someone, moved, interests=["camping", "cooking"])
    assert served(someone) == ["pan"]
    assert [held.weight for held in someone.profile.offers] == [0.5]  # what stands keeps its weight
    found = told(someone, moved)
    assert (found["kit"].stage, found["pan"].stage) == ("interest", "served")
    assert found["kit"].reasons == ("it is about garden; the customer declared camping, cooking",)
    assert found["pan"].reasons == ("it is about cooking; the customer declared camping, cooking",)
    assert found["pan"].treatments[0].terms == "weight 1 × value 5"  # noqa: RUF001 - the sign is meant


def test_two_shares_decide_which_of_two_offers_comes_first() -> None:
    pair = "\n".join(
        [
            offer("kit", 6, "products: [tent, stove], topics_of_products: true"),
            offer("pan", 5, "products: pan, topics_of_products: true"),
        ]
    )
    someone = reader(pair)
    known = world(tent="camping", stove="cooking", pan="cooking")
    happens(someone, known, interests=["cooking"])
    assert served(someone) == ["pan", "kit"]
    someone = reader(pair)
    happens(someone, known, interests=["cooking", "camping"])
    assert served(someone) == ["kit", "pan"]


@pytest.mark.parametrize("known", [BARE, world(tent="", stove="")])
def test_where_no_category_is_known_it_is_for_anybody_with_its_own_weight(known: World) -> None:
    someone = reader(rest="interests: customer.interests")
    decision = happens(someone, known)
    assert decision is not None
    assert not decision.rule_errors  # as nobody is asked what interests them
    records = decided(someone, decision)
    assert served(someone) == ["kit", "club"]
    assert (records["kit"]["body"]["weight"], someone.profile.offers[0].score) == (1.0, 9.0)
    assert not {"topics", "interests"} & records["kit"]["body"].keys()
    assert told(someone, known)["kit"].reasons == ("it is for everyone",)


def test_topics_of_its_own_count_also_where_no_category_is_known() -> None:
    someone = reader(offer("kit", 9, f"{KIT}, topics: [camping, running]"))
    happens(someone, BARE)
    assert served(someone) == []
    records = decided(someone, happens(someone, BARE, interests=["running"]))
    assert records["kit"]["body"]["topics"] == ["camping", "running"]
    assert records["kit"]["body"]["weight"] == 0.5


def test_what_is_sold_out_is_so_before_anybody_is_asked_what_interests() -> None:
    someone = reader(rest="interests: customer.interests")
    known = world(tent="camping", stove=None)
    decision = happens(someone, known)
    assert decision is not None
    assert not decision.rule_errors
    assert told(someone, known)["kit"].stage == "stock"
    decision = happens(someone, world(tent="camping", stove="cooking"), city="Bern")
    assert decision is not None
    assert decision.rule_errors == {"interests": 1}


def test_a_category_that_is_longer_than_any_topic_interests_nobody() -> None:
    someone, known = reader(), world(tent="c" * (TOPIC_BYTES + 1), stove="")
    happens(someone, known, interests=["c" * TOPIC_BYTES])
    assert served(someone) == ["club"]
    assert told(someone, known)["kit"].stage == "interest"


LOOKED_AT = 'interests: \'["camping", "garden"].filter(c, profile.affinity[c] > 2.0)\''


def test_what_a_customer_looks_at_meets_the_catalogue_with_the_event_that_makes_it_enough() -> None:
    someone, known = reader(rest=LOOKED_AT), world(tent="camping", stove="cooking")
    for expected in (["club"], ["club"], ["kit", "club"]):
        happens(someone, known, "Product Viewed", {"product_id": "x", "category": "camping"})
        assert served(someone) == expected
    assert someone.profile.offers[0].weight == 0.5


def test_it_is_chosen_anew_with_what_interests_and_with_nothing_else() -> None:
    someone, known = reader(), world(tent="camping", stove="cooking")
    assert happens(someone, known) is not None
    assert happens(someone, known, city="Bern") is None
    assert happens(someone, known, "Product Viewed", {"category": "camping"}) is None
    happens(someone, known, interests=["camping"])
    assert served(someone) == ["kit", "club"]
    before = [held.decision_id for held in someone.profile.offers]
    assert happens(someone, known, interests=["camping", "running"]) is None
    assert [held.decision_id for held in someone.profile.offers] == before


def test_its_own_weight_and_that_of_a_channel_are_multiplied_by_the_share() -> None:
    head = HEAD.replace("[click]", "[click, email]", 1).replace("offers: 6", "offers: 1")
    head += "  inbox: {channels: [email]}\n"
    more = f"{KIT}, weight: 4.0, treatments: {{email: {{weight: 3.0}}}}"
    someone = shop(offer("kit", 9, more, "home: click, inbox: email"), head=head)
    known = world(tent="camping", stove="cooking")
    records = decided(someone, happens(someone, known, interests=["camping"]))
    assert records["kit"]["body"]["eligible"]["weight"] == [2.0, 1.5]


def test_what_is_learned_is_weighed_by_the_share_likewise() -> None:
    someone = reader(offer("kit", 9, f"{KIT}, propensity: 0.5"), "learning: {policy: greedy}")
    known = world(tent="camping", stove="cooking")
    record = decided(someone, happens(someone, known, interests=["camping"]))["kit"]
    assert record["body"]["weight"] == 0.5
    assert retell(read_decided(orjson.dumps(record))).remarks == ()


def test_a_fallback_is_made_only_to_whom_it_interests_too() -> None:
    someone = reader(offer("kit", 9, f"{KIT}, fallback: true"))
    known = world(tent="camping", stove="cooking")
    happens(someone, known)
    assert served(someone) == []
    happens(someone, known, interests=["cooking"])
    assert served(someone) == ["kit"]


def test_who_asks_is_answered_by_the_catalogue_that_is_known_there() -> None:
    someone = reader(rest="interests: 'has(context.likes) ? context.likes : []'")
    for category, expected in (("camping", ["kit", "club"]), ("garden", ["club"])):
        question = Question("c-1", f"r-{category}", ["home"], {"likes": ["camping"]})
        known = world(tent=category, stove="")
        answer = ask(someone.profile, question, someone.playbook, someone.now_ms, known)
        assert [one.offer_id for one in answer.offers] == expected


def test_a_record_that_names_no_topic_of_interest_does_not_reproduce_itself() -> None:
    someone, known = reader(), world(tent="camping", stove="cooking")
    record = decided(someone, happens(someone, known, interests=["camping"]))["kit"]
    assert record["body"]["reasons"][0] == (
        "interested in a category of its products, if they have one"
    )
    record["body"]["topics"] = ["garden", "cooking"]
    assert retell(read_decided(orjson.dumps(record))).remarks == (
        "interests: expected one of ['garden', 'cooking'], got ['camping']",
    )


LOSS = "through click it costs more than it may bring:"
ABOUT = "it is about camping, no; the customer declared camping"


def test_what_the_share_makes_a_loss_is_told_with_the_share() -> None:
    someone, known = reader(offer("kit", 9, f"{KIT}, cost: 5")), world(tent="camping", stove="no")
    happens(someone, known, interests=["camping"])
    kit = told(someone, known)["kit"]
    assert (kit.stage, kit.treatments) == ("cost", ())
    assert kit.reasons == (
        f"{LOSS} weight 0.5 × value 9 − cost 5 = -0.5",  # noqa: RUF001 - the signs are meant
        f"its weight is the share of its topics: {ABOUT}",
    )
    unknown = told(reader(offer("kit", 4, f"{KIT}, cost: 5")), world(tent="", stove=""))["kit"]
    assert unknown.reasons == (
        f"{LOSS} weight 1 × value 4 − cost 5 = -1",  # noqa: RUF001 - the signs are meant
    )


CATEGORY = "a category of tent and stove, as the catalogue says it then"


@pytest.mark.parametrize(
    ("topics", "whom", "weight"),
    [
        (
            "",
            [
                f"Who declared {CATEGORY}.",
                "While it says none: everyone.",
            ],
            "the share of its topics that the customer declared.",
        ),
        (
            ", topics: running, weight: 'profile.cart.value'",
            [
                f'Who declared "running" or {CATEGORY}.',
            ],
            "profile.cart.value, times the share of its topics that the customer declared.",
        ),
    ],
)
def test_in_words_it_is_said_whom_it_interests_and_how_it_is_weighed(
    topics: str, whom: list[str], weight: str
) -> None:
    interests = 'interests: \'"new" in segments ? ["camping"] : customer.interests\''
    new = "segments: {new: {title: New, when: profile.orders.count == 0}}"
    playbook = book(f"offers:\n{offer('kit', 9, KIT + topics)}\n{interests}\n{new}\n", HEAD)
    page = explain(playbook, "offer.kit")
    says: Any = to_json(page)["says"]
    assert says["topics"] == whom
    assert says["rank"][1] == f"The weight is 1 here; in a decision it is: {weight}"
    assert "eligible" not in says
    assert page.rests_on == ("segment.new",)
    assert any(line.startswith("customer.interests: ") for line in says["reads"])


def test_whether_categories_count_and_what_interests_make_another_version_of_an_offer() -> None:
    def version(more: str, rest: str = "") -> bytes:
        offers = offer("kit", 9, f"products: tent, because: b{more}")
        return book(f"offers:\n{offers}\n{rest}\n", HEAD).offers["kit"].version

    of_products = ", topics_of_products: true"
    made = [version(""), version(of_products), version(f"{of_products}, topics: camping")]
    made.append(version(of_products, LOOKED_AT))
    assert len({*made}) == 4
    assert version(", topics_of_products: false") == version("", LOOKED_AT) == made[0]


KEY = "offers.kit.topics_of_products"
NEITHER = (
    "expected `interests`, or a trait of that name of type list(string), to say whom they concern, "
    "got neither"
)


@pytest.mark.parametrize(
    ("more", "head", "said"),
    [
        (
            "topics: camping, topics_of_products: true",
            HEAD,
            f"{KEY}; expected it beside the products whose categories are meant, got no products",
        ),
        (
            KIT,
            HEAD.replace("list(string)", "string"),
            f"{KEY}; {NEITHER}",
        ),
        (
            f"{KIT}, topics: camping",
            HEAD.replace("list(string)", "string"),
            f"offers.kit.topics; {NEITHER}",
        ),
        (
            "products: tent, topics_of_products: always",
            HEAD,
            f'{KEY}; expected true or false, got "always"',
        ),
    ],
)
def test_what_nobody_could_go_by_is_refused_with_its_place(more: str, head: str, said: str) -> None:
    text = offer("kit", 9, more)
    with pytest.raises(PlaybookError) as refused:
        book(f"offers:\n{text}\n", head)
    lines = str(refused.value).splitlines()
    (line,) = [line for line in lines if said in line]
    at = text.index("topics:" if ".topics;" in said else "topics_of_products:")
    number = head.count("\n") + 2
    assert line.startswith(f"test.yaml:{number}:")
    assert int(line.split(":")[2]) > at
