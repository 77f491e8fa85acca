"""An offer that is about something is made to whom that interests, by what they declared."""

from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.events.decode import decode
from connectors.kafka.reader import Place
from connectors.kafka.topics import ENRICHED
from connectors.published.records import enriched_record
from connectors.warehouse.tables import TOUCHPOINTS
from decisions.decide import decide
from decisions.offering.ask import Question, ask
from decisions.offering.explain import tell
from decisions.offering.logged import read_decided
from decisions.offering.recheck import retell
from decisions.playbook import Playbook, PlaybookError
from state.applied import Applied
from state.decision import Decision
from state.fold import fold
from state.profile import Profile, encode_profile
from state.touchpoint import Touchpoint
from tests.decisions.offering.logged import published
from tests.decisions.offering.shop import offer, say, served, shop, tells, told
from tests.decisions.someone import START_MS, Someone, actions, book

HEAD = """\
channels: [click]
traits: {city: string, interests: list(string), sports: list(string)}
placements:
  home: {channels: [click], offers: 6}
"""
ARTICLES = "\n".join(
    [offer("race", 9, "topics: [running, trail]"), offer("pan", 5, "topics: cooking")]
)
WORDS = ["running", "trail", "cooking", "Zürich", "42", "true", "null", '"it\'s", they said', ""]
said_before = st.sampled_from([*WORDS, "Running", "running ", "else"])
values = st.lists(said_before, max_size=8) | st.sampled_from([None, "running", ["running", 7], 7])
subjects = st.lists(st.sampled_from(WORDS[:-1]), min_size=1, max_size=4, unique=True)


def reader(offers: str = ARTICLES, rest: str = "") -> Someone:
    """A customer of a shop that has something to read."""
    return shop(offers, rest, HEAD)


def written(topics: list[str]) -> str:
    """As they stand in a playbook: JSON is YAML."""
    return orjson.dumps(topics).decode()


@settings(max_examples=150, deadline=None)
@given(st.lists(subjects, min_size=1, max_size=6), st.lists(values, max_size=5))
def test_an_offer_is_made_exactly_where_its_topics_and_what_was_declared_meet(
    articles: list[list[str]], history: list[Any]
) -> None:
    offers = [
        offer(f"a{number}", 1, f"topics: {written(topics)}")
        for number, topics in enumerate(articles)
    ]
    someone, declared = reader("\n".join(offers)), set[str]()
    someone.does("Page Viewed")
    for value in history:
        decision = tells(someone, {"interests": value})
        assert decision is None or not decision.rule_errors
        if value is None:
            declared = set()
        elif isinstance(value, list) and 7 not in value:
            declared = set(value)
        share = {
            f"a{number}": Fraction(len(declared & set(topics)), len(topics))
            for number, topics in enumerate(articles)
        }
        shares = [share[name] for name in served(someone)]
        assert set(served(someone)) == {name for name, part in share.items() if part}
        assert shares == sorted(shares, reverse=True)
        for name, one in told(someone).items():
            assert (one.stage == "interest") == (not share[name])
            assert [w.weight for w in one.treatments] == [float(share[name])] * bool(share[name])


def test_an_offer_is_asked_anew_with_the_event_that_changes_what_is_declared() -> None:
    someone = reader()
    someone.does("Page Viewed")
    assert served(someone) == []
    (made,) = actions(tells(someone, {"interests": ["trail"]}), "offer.decided")
    assert (made.body["offer_id"], made.caused_by) == ("race", "m-2")
    assert someone.does("Page Viewed") is None
    decision = tells(someone, {"interests": ["cooking"]})
    assert decision is not None
    assert decision.serving is not None
    assert [one.offer_id for one in decision.serving.offers] == ["pan"]
    decision = tells(someone, {"interests": None})
    assert decision is not None
    assert decision.serving is not None
    assert decision.serving.offers == []


def test_who_tells_something_else_keeps_the_decisions_that_stand() -> None:
    someone = reader()
    tells(someone, {"interests": ["trail", "running"]})
    before = [held.decision_id for held in someone.profile.offers]
    assert tells(someone, {"city": "Bern"}) is None
    assert tells(someone, {"interests": ["running", "trail", "ski"]}) is None
    assert [held.decision_id for held in someone.profile.offers] == before


def decided(someone: Someone, decision: Decision | None) -> Any:
    """The record of the only decision for an offer."""
    (record,) = published(someone, decision, "offer.decided")
    return orjson.loads(record)


def test_the_record_says_what_it_is_about_what_was_declared_and_what_comes_of_that() -> None:
    someone = reader()
    record = decided(someone, tells(someone, {"interests": ["ski", "trail", "ski"]}))
    body = record["body"]
    assert (body["topics"], body["interests"]) == (["running", "trail"], ["ski", "trail"])
    assert (body["weight"], body["score"]) == (0.5, 4.5)
    assert body["reasons"] == ["interested in running or trail", "weight 0.5 × value 9"]  # noqa: RUF001 - the sign is meant
    assert retell(read_decided(orjson.dumps(record))).remarks == ()
    body["interests"] = ["ski"]
    assert retell(read_decided(orjson.dumps(record))).remarks == (
        "interests: expected one of ['running', 'trail'], got ['ski']",
    )


def test_an_offer_for_anybody_says_nothing_of_topics_and_keeps_its_version() -> None:
    someone = reader(offer("club", 5))
    record = decided(someone, someone.does("Page Viewed"))
    assert not {"topics", "interests"} & record["body"].keys()
    plain = book(f"offers:\n{offer('club', 5)}\n").offers["club"]
    assert someone.playbook.offers["club"].version == plain.version
    assert book_of("running") != book_of("trail")


def book_of(topic: str) -> bytes:
    """The version of an offer about it, with words of its own."""
    text = offer("club", 5, f"topics: {topic}, because: b")
    return book(f"offers:\n{text}\n", HEAD).offers["club"].version


@pytest.mark.parametrize(
    ("said", "declared"), [({"interests": ["ski", "pan"]}, "ski, pan"), ({}, "nothing")]
)
def test_why_it_is_not_made_names_its_topics_and_what_was_declared(
    said: dict[str, Any], declared: str
) -> None:
    someone = reader()
    tells(someone, said)
    before = encode_profile(someone.profile)
    race = told(someone)["race"]
    assert race.stage == "interest"
    assert race.reasons == (f"it is about running, trail; the customer declared {declared}",)
    assert encode_profile(someone.profile) == before


def test_why_it_is_made_is_told_too() -> None:
    someone = reader()
    tells(someone, {"interests": ["trail"]})
    race = told(someone)["race"]
    assert race.stage == "served"
    assert race.reasons == ("it is about running, trail; the customer declared trail",)
    assert race.treatments[0].terms == "weight 0.5 × value 9"  # noqa: RUF001 - the sign is meant


def test_its_own_weight_counts_beside_the_share_and_may_end_in_a_comment() -> None:
    more = 'topics: [running, trail], weight: "profile.cart.value / 10.0 // by the cart"'
    someone = reader(offer("race", 9, more))
    someone.does("Product Added", {"product_id": "tent", "price": 30.0})
    tells(someone, {"interests": ["trail"]})
    assert [held.weight for held in someone.profile.offers] == [1.5]


def test_a_learned_propensity_is_weighed_by_the_share_likewise() -> None:
    offers = offer("race", 9, "propensity: 0.5, topics: [running, trail]")
    someone = reader(offers, "learning: {policy: greedy}")
    record = decided(someone, tells(someone, {"interests": ["trail"]}))
    assert record["body"]["weight"] == 0.5
    assert retell(read_decided(orjson.dumps(record))).remarks == ()


def test_a_fallback_is_made_only_to_whom_it_interests_too() -> None:
    someone = reader(offer("race", 9, "topics: trail, fallback: true"))
    someone.does("Page Viewed")
    assert served(someone) == []
    tells(someone, {"interests": ["trail"]})
    assert served(someone) == ["race"]


SPORTS = "interests: 'has(customer.sports) ? customer.sports + [\"trail\"] : []'"


def test_a_playbook_may_say_otherwise_what_customers_have_declared() -> None:
    someone = reader(ARTICLES, SPORTS)
    tells(someone, {"interests": ["cooking"]})
    assert served(someone) == []
    tells(someone, {"sports": []})
    assert served(someone) == ["race"]
    assert told(someone)["pan"].reasons == ("it is about cooking; the customer declared trail",)


def test_what_ends_in_an_error_counts_as_nothing_and_is_counted_as_one() -> None:
    someone = reader(ARTICLES, "interests: customer.sports")
    decision = someone.does("Page Viewed")
    assert decision is not None
    assert decision.rule_errors == {"interests": 1}
    assert served(someone) == []
    assert told(someone)["race"].stage == "interest"
    tells(someone, {"sports": ["trail"]})
    assert served(someone) == ["race"]


@pytest.mark.parametrize(
    "context",
    [
        "running",
        7,
        ["running", 7],
        {"running": True},
        [[]],
        None,
        ["a"] * 65,
        ["running", "x" * 65],
    ],
)
def test_what_a_page_says_is_an_error_too_where_it_is_no_list_of_topics(context: object) -> None:
    found = asked({"topics": context})
    assert (found.offers, found.errors) == ([], ["interests"])


def asked(said: dict[str, Any]) -> Any:
    """What a page is told that says this of the customer."""
    rest = "interests: 'has(context.topics) ? context.topics : []'"
    someone = reader(ARTICLES, rest)
    question = Question(someone.customer_id, "r-1", ["home"], said)
    return ask(someone.profile, question, someone.playbook, someone.now_ms)


def test_a_page_may_say_what_interests_its_visitor() -> None:
    assert [one.offer_id for one in asked({"topics": ["trail", "cooking"]}).offers] == [
        "pan",
        "race",
    ]
    assert asked({}).offers == []
    assert asked({}).errors == []


def test_a_trait_that_was_no_list_when_it_was_kept_is_an_error_and_no_crash() -> None:
    someone = reader()
    someone.profile.traits["interests"] = "running"
    decision = someone.does("Page Viewed")
    assert decision is not None
    assert decision.rule_errors == {"interests": 1}
    assert served(someone) == []


def problems(text: str, head: str = HEAD) -> str:
    with pytest.raises(PlaybookError) as refused:
        book(text, head)
    return str(refused.value)


ABOUT = f"offers:\n{offer('race', 1, 'topics: running')}\n"


@pytest.mark.parametrize("traits", ["", "traits: {interests: string}\n", "traits: {sports: int}\n"])
def test_topics_need_something_to_say_whom_they_concern(traits: str) -> None:
    head = HEAD.replace(HEAD.splitlines(keepends=True)[1], traits)
    assert (
        "offers.race.topics; expected `interests`, or a trait of that name of type list(string), "
        "to say whom they concern, got neither"
    ) in problems(ABOUT, head)


@pytest.mark.parametrize(
    ("written", "got"), [("customer.city", "string"), ("'7'", "int"), ("'[1]'", "list(int)")]
)
def test_what_customers_declared_must_be_able_to_be_a_list_of_texts(written: str, got: str) -> None:
    said = problems(f"{ABOUT}interests: {written}\n")
    assert f"interests; expected a list of texts, got {got}" in said
    assert said.count("\n") == 0


def test_a_topic_that_nobody_could_declare_is_refused_and_so_are_too_many() -> None:
    long = "ü" * 33
    text = f"offers:\n{offer('race', 1, f'topics: {long}')}\n"
    assert "at most 64 bytes, as nobody can declare more" in problems(text)
    many = ", ".join(f"t{number}" for number in range(11))
    text = f"offers:\n{offer('race', 1, f'topics: [{many}]')}\n"
    assert "offers.race.topics; expected 1 to 10 entries, got 11" in problems(text)


def test_no_more_than_two_traits_are_lists() -> None:
    head = HEAD.replace("city: string", "city: list(string)")
    assert "traits; expected at most 2 that are lists, got more" in problems("", head)


def test_all_that_is_told_is_told_as_often_as_it_is_asked() -> None:
    someone = reader()
    tells(someone, {"interests": ["trail"]})
    book_: Playbook = someone.playbook
    first, again = (
        tell(someone.profile, someone.customer_id, book_, someone.now_ms) for _ in range(2)
    )
    assert first == again
    say(someone, "Dismissed", {"decision_id": someone.profile.offers[0].decision_id.hex()})
    assert told(someone)["race"].stage == "answered"


def test_what_an_event_declares_stands_beside_it_in_the_warehouse_and_with_the_offer() -> None:
    raw = b"""{"messageId": "m-1", "type": "identify", "userId": "ann",
        "timestamp": "2026-02-02T02:40:01.000Z",
        "traits": {"interests": ["trail", "Z\\u00fcrich"]}}"""
    playbook = book(f"offers:\n{ARTICLES}\nsummary: {{likes: customer.interests}}\n", HEAD)
    event = decode(raw, "click", START_MS, START_MS)
    assert isinstance(event, Touchpoint)
    profile = Profile()
    decision = decide(profile, event, fold(profile, event, playbook.traits), playbook, event.at_ms)
    assert [one.body["offer_id"] for one in actions(decision, "offer.decided")] == ["race"]
    shown = playbook.summary(profile, event.at_ms)
    assert shown == {"likes": ["trail", "Z\u00fcrich"]}
    record = enriched_record(event, shown, [], Applied(0, 0, 1, 0), playbook.version)
    row = TOUCHPOINTS.reader()(Place(ENRICHED, 0), record)
    assert orjson.dumps(shown).decode() in row.values
