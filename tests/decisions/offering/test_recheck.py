"""A published decision reproduces itself from its record, and one that was changed does not."""

from typing import Any

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.published.schema_examples import action as example
from decisions.offering.logged import read_answer, read_decided
from decisions.offering.recheck import Retold, retell
from decisions.wake import wake
from state.decision_ids import decision_id
from state.touchpoint import identity
from tests.decisions.offering.logged import changed, published
from tests.decisions.offering.shop import HEAD, answer, offer, shop
from tests.decisions.someone import DAY_MS, Someone, book

PLACES = ("home: click", "home: click, inbox: email", "counter: kiosk, home: click")


def numbers(most: int) -> st.SearchStrategy[float]:
    """Above 0, with up to four decimals, as a playbook writes them."""
    return st.integers(1, most * 10_000).map(lambda steps: steps / 10_000)


MONEY = st.sampled_from([0.5, 2.0, 10.0]) | numbers(100_000)
LEVERS = st.sampled_from([1.0, 2.0]) | numbers(10)
CHANCES = st.sampled_from([0.5, 0.25]) | st.integers(1, 9_999).map(lambda steps: steps / 10_000)
POWERS = st.sampled_from([1.0, 0.5, 2.0]) | numbers(4)
WEIGHTS = ("", ", weight: 'profile.cart.value / 3.0'", ", weight: '1.0 + profile.cart.value'")


@st.composite
def shops(draw: st.DrawFn) -> Someone:
    """A customer of a shop whose numbers are drawn, and who often finds offers that tie."""
    offers = [
        offer(
            f"o{number}",
            draw(MONEY),
            f"propensity: {draw(CHANCES)}, lever: {draw(LEVERS)}, "
            f"cost: {draw(st.sampled_from([0.0, 0.1]))}, fallback: {draw(FALLBACK)}"
            + draw(st.sampled_from(WEIGHTS)),
            draw(st.sampled_from(PLACES)),
        )
        for number in range(draw(st.integers(1, 6)))
    ]
    rest = f"arbitration: {{power: {draw(POWERS)}}}"
    written = "offers:\n" + "\n".join(offers) + f"\n{rest}\n"
    return Someone(book(written, HEAD), draw(st.sampled_from(["ann", "bob", "zoë", "c-1"])))


FALLBACK = st.sampled_from(["false", "false", "true"])


def decided(someone: Someone) -> list[bytes]:
    """The decisions for somebody who fills a cart, and comes back the next days."""
    event = {"product_id": "tent", "price": 79.9}
    found = published(someone, someone.does("Product Added", event), "offer.decided")
    for _ in range(2):
        found += published(someone, someone.does("Page Viewed", after_ms=DAY_MS), "offer.decided")
    return found


@settings(max_examples=150)
@given(shops())
def test_every_decision_reproduces_itself_from_its_record(someone: Someone) -> None:
    for record in decided(someone):
        told = retell(read_decided(record))
        assert told.remarks == told.unsaid == ()
        assert told.score is not None
        assert told.rank is not None
        row = told.eligible[told.rank - 1]
        assert (row.offer_id, row.score) == (told.record.body.offer_id, told.record.body.score)


NUMBERS = ("score", "propensity", "power", "weight", "value", "lever", "cost")
COLUMNS = ("propensity", "weight", "score")


@settings(max_examples=150)
@given(shops(), st.data())
def test_a_changed_number_is_remarked_on(someone: Someone, data: st.DataObject) -> None:
    records = decided(someone)
    assume(records)
    record = data.draw(st.sampled_from(records))
    told = retell(read_decided(record))
    assert told.rank is not None
    where = data.draw(st.sampled_from(NUMBERS + COLUMNS))
    path = f"body.{where}"
    if data.draw(st.booleans()) and where in COLUMNS:
        path = f"body.eligible.{where}.{told.rank - 1}"
    number = getattr(told.record.body, where)
    factor = data.draw(st.sampled_from([0.5, 1.001, 3.0, -1.0]))
    other = number * factor if number else factor
    # What is added to a large number may be too little to be seen in it.
    assume(where != "cost" or abs(other - number) > 1e-9 * told.record.body.score)
    assert retell(changed(record, path, other)).remarks, path


@settings(max_examples=100)
@given(shops(), st.data())
def test_another_order_of_the_eligible_set_is_remarked_on(
    someone: Someone, data: st.DataObject
) -> None:
    records = decided(someone)
    assume(records)
    found = orjson.loads(data.draw(st.sampled_from(records)))
    columns = found["body"]["eligible"]
    count = len(columns["score"])
    assume(count > 1)
    one = data.draw(st.integers(0, count - 2))
    other = data.draw(st.integers(one + 1, count - 1))
    alike = [(columns["score"][n], columns["offer_id"][n]) for n in (one, other)]
    for column in columns.values():
        column[one], column[other] = column[other], column[one]
    remarks = retell(read_decided(orjson.dumps(found))).remarks
    assert bool(remarks) == (alike[0] != alike[1])


TIED = "\n".join(offer(name, 2) for name in "abcdef")


def drawn(customer: str) -> list[str]:
    """How equal scores are to come, by its own words: a hash of customer and offer."""
    return sorted("abcdef", key=lambda name: identity(customer, name))


@pytest.mark.parametrize("customer", ["ann", "bob", "c-1"])
def test_equal_scores_come_as_they_are_drawn_for_this_customer(customer: str) -> None:
    someone = shop(TIED)
    someone.customer_id = customer
    record, _ = published(someone, someone.does("Page Viewed"))
    assert [row.offer_id for row in retell(read_decided(record)).eligible] == drawn(customer)
    for order in (drawn("dora"), sorted(drawn(customer))):
        remarks = retell(changed(record, "body.eligible.offer_id", order)).remarks
        assert any("drawn for this customer" in remark for remark in remarks)


CHANGES: list[tuple[str, Any, str]] = [
    ("id", "0" * 32, "id: expected one that Touchline has made, got '00000000000000000"),
    ("body.decision_id", "x", "decision_id: expected the record's id "),
    ("customer_id", "bob", "id: expected a decision for 'bob', got "),
    ("caused_by", "m-2", "id: expected one that begins with "),
    ("body.offer_id", "coat", "eligible: expected coat home click once, got it 0 times"),
    ("body.score", 401.0, "score: expected 400.0 of its terms, got 401.0"),
    ("body.lever", 41.0, "score: expected 410.0 of its terms, got 400.0"),
    ("body.weight", -1.0, "weight: expected 0 or more, got -1.0"),
    ("body.propensity", 0.0, "propensity: expected above 0 and up to 1, got 0.0"),
    ("body.expires_at", "2020-01-01T00:00:00Z", "expires_at: expected a time after decided_at"),
    ("body.eligible.score", [400.0], "eligible: expected columns of one length, got offer_id 2"),
    ("body.eligible.score.1", 401.0, "eligible, ranks 1 and 2: expected the higher score first"),
    ("body.eligible.score.1", -1.0, "eligible, rank 2: expected a score of 0 or more, got -1.0"),
    ("body.eligible.propensity.1", 1.5, "eligible, rank 2: expected a propensity above 0 and up"),
    ("body.eligible.offer_id.1", "welcome", "eligible, rank 2: expected each treatment once"),
]


@pytest.mark.parametrize(("path", "value", "remark"), CHANGES)
def test_a_remark_says_where_what_was_expected_and_what_came(
    path: str, value: Any, remark: str
) -> None:
    record = orjson.dumps(example("offer.decided"))
    remarks = retell(changed(record, path, value)).remarks
    assert any(one.startswith(remark) for one in remarks), remarks
    assert retell(read_decided(record)).remarks == ()


def without(*names: str, number: str = "") -> Retold:
    """The example as it would be without some fields, and with another id."""
    found = example("offer.decided")
    for name in names:
        del found["body"][name]
    if number:
        found["id"] = found["body"]["decision_id"] = number
    return retell(read_decided(orjson.dumps(found)))


def test_of_an_older_record_it_is_said_what_cannot_be_told() -> None:
    terms = ("power", "weight", "lever", "cost")
    told = without("group", *terms, "arms", "eligible")
    assert (told.rank, told.score, told.eligible, told.remarks) == (None, None, (), ())
    assert told.unsaid == (
        "whether the terms make the score: power, weight, lever, cost are not in the record",
        "its rank, and what came before and after it: eligible is not in the record",
        "in which arms the customer was: arms is not in the record",
    )
    assert without("arms").score == 400.0


def test_the_id_of_an_older_record_has_no_checks_and_is_made_of_the_same() -> None:
    record = read_decided(orjson.dumps(example("offer.decided")))
    made = identity(record.customer_id, record.caused_by, "offer.decided", "welcome").hex()
    assert without("eligible", number=made).remarks == ()
    (remark,) = without("eligible", number="0" * 32).remarks
    assert remark.startswith(f"id: expected one that begins with {made[:24]}")
    assert len(without("arms", number=made).remarks) == 1


def test_what_a_newer_version_adds_is_passed_over() -> None:
    found = example("offer.decided")
    found["body"] |= {"seed": 7}
    found["body"]["eligible"] |= {"alpha": [1.0, 2.0]}
    assert retell(read_decided(orjson.dumps(found))).remarks == ()


def test_of_more_than_are_listed_the_own_one_may_be_left_out() -> None:
    found = example("offer.decided")
    columns = found["body"]["eligible"]
    for name, column in columns.items():
        column[:] = [f"o{n}" if name == "offer_id" else column[0] for n in range(256)]
    columns["score"] = [500.0 + 256 - n for n in range(256)]
    told = retell(read_decided(orjson.dumps(found)))
    assert (told.rank, told.remarks) == (None, ())


def test_what_time_alone_brought_about_reproduces_itself() -> None:
    someone = shop(offer("a"), "refresh: 7d\n")
    someone.does("Page Viewed")
    until_ms = someone.now_ms + DAY_MS
    woken = wake(someone.profile, someone.customer_id, someone.playbook, until_ms)
    someone.now_ms, decision = woken[0]
    (record,) = published(someone, decision)
    told = retell(read_decided(record))
    assert (told.record.caused_by, told.remarks, told.rank) == ("time:offer.a", (), 1)


def test_what_became_of_it_is_told_of_this_decision_alone() -> None:
    someone = shop(offer("a"))
    (record,) = published(someone, someone.does("Page Viewed"))
    decision = read_decided(record)
    (shown,) = published(someone, answer(someone, "Shown", "a"))
    told = read_answer(shown, decision)
    assert told is not None
    assert (told.answer, told.caused_by) == ("shown", "m-2")
    assert read_answer(record, decision) is None
    other = changed(record, "id", decision_id("bob", bytes(12)).hex())
    assert read_answer(shown, other) is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (b"{", "expected a record of touchpoints.actions, got: Input data was truncated"),
        (b"[]", "expected a record of touchpoints.actions, got: Expected `object`, got `array`"),
        (b"\xff", "expected a record of touchpoints.actions, got: "),
        (b"{}", "expected a record of touchpoints.actions, got: Object missing required field `k"),
        (b'{"kind":"alert.raised"}', "expected an action of kind offer.decided, got one of kind"),
        (b'{"kind":"offer.decided"}', "got: Object missing required field `id`"),
    ],
)
def test_what_is_no_decision_for_an_offer_is_refused(record: bytes, said: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        read_decided(record)
    assert said in str(refused.value)
