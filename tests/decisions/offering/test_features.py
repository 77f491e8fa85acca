"""Features of customers: how they are written, and what is learned by them of offers."""

from random import Random

import numpy as np
import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kafka.broadcast import ArmCounted, CountersSummed, encode_told, read_told
from decisions.decide import decide
from decisions.explaining.of_learning import learning
from decisions.learning.counter import Counter
from decisions.learning.table import CounterTable
from decisions.offering.features import MAX_FEATURES, bucket_names
from decisions.offering.linear import LinearModel
from decisions.offering.logged import read_decided
from decisions.offering.model import Model
from decisions.offering.propensity import Moment
from decisions.offering.recheck import retell
from decisions.playbook import Playbook, PlaybookError
from decisions.wake import wake
from decisions.world import World
from flows.commands.explain import command
from state.fold import fold
from tests.decisions.offering.logged import changed, published
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import DAY_MS, HOUR_MS, START_MS, Someone, actions, book, touchpoint

PLACES = HEAD.replace("offers: 2", "offers: 1")
TWO = 'features: {berlin: customer.city == "Berlin", near: customer.zone == "near"}'
OFFERS = [offer(name, 1, "propensity: 0.1") for name in "ab"]


def playbook(learning: str, *offers: str, rest: str = "") -> Playbook:
    lines = "\n".join(offers or OFFERS)
    return book(f"offers:\n{lines}\nlearning: {{{learning}}}\n{rest}\n", PLACES)


def model_of(found: Playbook) -> Model:
    assert found.model is not None
    return found.model


class Visitor(Someone):
    """Someone of whom it is known where they live, and of whom decisions know a world."""

    world = World()

    def comes(self, **traits: str) -> None:
        self.now_ms += 1_000
        self.events += 1
        self.profile.traits |= traits
        event = touchpoint(self.customer_id, f"m-{self.events}", "Page Viewed", self.now_ms)
        seen = fold(self.profile, event, self.playbook.traits)
        self.last = decide(self.profile, event, seen, self.playbook, self.now_ms, self.world)


PLACES_OF_MANY = {
    "none": {"city": "Bonn", "zone": "far"},
    "berlin": {"city": "Berlin", "zone": "far"},
    "near": {"city": "Bonn", "zone": "near"},
    "berlin+near": {"city": "Berlin", "zone": "near"},
}


def test_the_features_that_hold_make_the_bucket_in_whichever_order_they_are_written() -> None:
    turned = 'features: {near: customer.zone == "near", berlin: customer.city == "Berlin"}'
    for features in (TWO, turned):
        found = playbook(f"policy: linear, {features}")
        assert {bucket for _, _, bucket in model_of(found).rows} == set(PLACES_OF_MANY)
        for bucket, traits in PLACES_OF_MANY.items():
            someone = Visitor(found)
            someone.comes(**traits)
            assert someone.profile.proposals[0].bucket == bucket


def test_a_feature_that_ends_in_an_error_does_not_hold_and_is_counted() -> None:
    broken = "features: {rich: 1 / profile.orders.count > 0, berlin: customer.city == 'Berlin'}"
    someone = Visitor(playbook(f"policy: linear, {broken}"))
    someone.comes(city="Berlin", zone="far")
    assert someone.last is not None
    assert someone.last.rule_errors == {"learning.features.rich": 1}
    assert someone.profile.proposals[0].bucket == "berlin"


def test_when_time_changes_a_feature_offers_are_chosen_anew_at_that_instant() -> None:
    late = "features: {late: now - profile.last_at >= 1h}"
    found = playbook(f"policy: linear, {late}", rest="refresh: 30d")
    world = world_of(
        found,
        {
            ("a", "click", "none"): (5_000.0, 4_500.0),
            ("a", "click", "late"): (5_000.0, 500.0),
            ("b", "click", "none"): (5_000.0, 500.0),
            ("b", "click", "late"): (5_000.0, 4_500.0),
        },
    )
    someone = Visitor(found)
    someone.world = world
    someone.comes()
    assert someone.offers() == [("a", "click", "home")]
    until_ms = someone.now_ms + HOUR_MS
    woken = wake(someone.profile, someone.customer_id, found, until_ms, world)
    assert [at_ms for at_ms, _ in woken] == [until_ms]
    assert someone.offers() == [("b", "click", "home")]


@settings(max_examples=50)
@given(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=MAX_FEATURES))
def test_every_bucket_has_a_name_of_its_own_which_is_told_to_other_shards(ids: list[str]) -> None:
    names = bucket_names([name * 12 for name in ids])
    assert len(set(names)) == 2 ** len(ids)
    told = CountersSummed(1, [ArmCounted("a", "click", name, 2.0, 1.0, 0) for name in names])
    assert read_told(encode_told(told)) == told


def spread_of_outcomes(mean: float, tries: float) -> float:
    """The v² of an arm of which nothing else is known."""
    m = (mean * tries + 2) / (tries + 4)
    return m * (1 - m) / 2


def world_of(found: Playbook, own: dict[tuple[str, str, str], tuple[float, float]]) -> World:
    """Arm → (tries, taken); "" as the offer: of a group, told."""
    table = CounterTable(model_of(found).size, 30 * DAY_MS)
    for arm, (tries, taken) in own.items():
        put = table.put if arm[0] else table.tell
        put(model_of(found).rows[arm], Counter(tries, taken, START_MS))
    return World(counters=table)


def test_what_is_seen_in_one_bucket_says_something_of_those_that_share_a_feature() -> None:
    found = playbook(f"policy: linear, evidence: 10, {TWO}")
    world = world_of(
        found,
        {("a", "click", "berlin"): (2_000.0, 1_000.0), ("a", "click", "none"): (2_000.0, 100.0)},
    )
    means = {}
    for bucket in PLACES_OF_MANY:
        where = Moment(bucket, 7, world, START_MS)
        shapes = model_of(found).appraise([0, 1], None, 1.0, where).shapes
        means[bucket] = shapes[0]
    assert means["berlin+near"][0] == pytest.approx(0.5, abs=0.02)
    assert means["near"][0] == pytest.approx(0.05, abs=0.02)
    assert {round(of[1], 6) for of in means.values()} == {0.1}  # of the other offer none


def test_an_offer_that_says_no_propensity_starts_where_its_group_is_by_now() -> None:
    groups = "groups: {tea: {title: Tea, propensity: 0.1}}"
    found = playbook(f"policy: linear, {TWO}", offer("a", 1, "group: tea"), rest=groups)
    world = world_of(found, {("", "click", "tea"): (950.0, 595.0)})
    where = Moment("near", 7, world, START_MS)
    (mean,), (spread,) = model_of(found).appraise([0], None, 1.0, where).shapes
    assert mean == pytest.approx(0.6, abs=1e-6)
    assert spread == pytest.approx(np.sqrt(spread_of_outcomes(0.6, 50) * 2 / 50), abs=1e-6)


def test_a_feature_that_matters_is_learned_until_offers_go_by_it() -> None:
    """In Berlin `a` is taken by 40 % and `b` by 10 %, elsewhere it is the other way round; `near`
    makes no difference. Each customer comes once and answers."""
    found = playbook(f"policy: linear, evidence: 20, {TWO}")
    table = CounterTable(model_of(found).size, 30 * DAY_MS)
    dice, right = Random(11), []
    for n in range(1_500):
        someone = Visitor(found, f"c-{n}")
        someone.world = World(counters=table)
        bucket, traits = dice.choice(list(PLACES_OF_MANY.items()))
        someone.comes(**traits)
        best = "a" if traits["city"] == "Berlin" else "b"
        (served, channel, _) = someone.offers()[0]
        taken = dice.random() < (0.4 if served == best else 0.1)
        row = model_of(found).rows[served, channel, bucket]
        table.book(row, someone.now_ms, tries=1.0, taken=float(taken))
        right.append(served == best)
    assert np.mean(right[:100]) < 0.8
    assert np.mean(right[-500:]) > 0.95


def records(customers: int = 30) -> list[bytes]:
    """What is decided for each customer first, a third of the time to explore."""
    trio = [offer(name, value, "propensity: 0.2") for name, value in (("a", 3), ("b", 3), ("c", 1))]
    found = playbook(f"policy: linear, explore: 33%, {TWO}", *trio)
    dice, told = Random(5), []
    world = world_of(
        found,
        {arm: (tries := dice.uniform(0, 90), tries * 0.2) for arm in model_of(found).rows},
    )
    for n in range(customers):
        someone = Visitor(found, f"c-{n}")
        someone.world = world
        someone.comes(**dice.choice(list(PLACES_OF_MANY.values())))
        told += published(someone, someone.last)
    return told


def test_every_decision_is_drawn_again_from_its_record_without_a_remark() -> None:
    told = [orjson.loads(record)["body"]["learned"] for record in records()]
    assert {learned["bucket"] for learned in told} == set(PLACES_OF_MANY)
    assert {learned["explored"] for learned in told} == {True, False}
    for record, learned in zip(records(), told, strict=True):
        assert learned["policy"] == "linear"
        assert learned["chance"] is None
        assert (len(learned["mean"]), len(learned["spread"])) == (3, 3)
        assert "alpha" not in learned
        assert retell(read_decided(record)).remarks == ()


def test_explain_tells_a_decision_by_features_from_its_record_and_that_it_reproduces_itself() -> (
    None
):
    (record, *_) = records(1)
    said = CliRunner().invoke(command, ["--record", "-"], input=record)
    assert said.exit_code == 0
    assert "the record reproduces itself: score, order and id" in said.stdout
    said = CliRunner().invoke(
        command, ["--record", "-"], input=record.replace(b'"mean":[0', b'"mean":[1')
    )
    assert said.exit_code == 3


def test_a_mean_below_0_and_a_spread_of_nearly_0_are_drawn_again_as_well() -> None:
    """Each feature makes `a` less likely than it can be; of `b` all is known."""
    found = playbook(f"policy: linear, {TWO}")
    seen = {("a", "click", bucket): (2_000.0, 0.0) for bucket in ("berlin", "near")}
    seen |= {("b", "click", bucket): (1e14, 0.0) for bucket in PLACES_OF_MANY}
    someone = Visitor(found)
    someone.world = world_of(found, seen | {("a", "click", "none"): (2_000.0, 1_000.0)})
    someone.comes(**PLACES_OF_MANY["berlin+near"])
    (record,) = published(someone, someone.last)
    learned = orjson.loads(record)["body"]["learned"]
    assert min(learned["mean"]) < -0.1
    assert min(learned["spread"]) == 1e-9
    assert retell(read_decided(record)).remarks == ()


@pytest.mark.parametrize("name", ["mean", "spread"])
def test_a_mean_or_spread_that_does_not_lead_to_the_propensity_is_remarked_on(name: str) -> None:
    for record in records(8):
        said = orjson.loads(record)["body"]["learned"][name]
        (remark,) = retell(
            changed(record, f"body.learned.{name}", [said[0] * 1.01, *said[1:]])
        ).remarks
        assert remark.startswith("eligible, rank 1: expected propensity ")
        for wrong in (said[1:], [0.0, *said[1:]] if name == "spread" else []):
            (remark,) = retell(changed(record, f"body.learned.{name}", wrong)).remarks
            assert remark == "learned: expected 3 means, and spreads above 0, got others"


def test_the_same_customer_with_the_same_counters_draws_the_same() -> None:
    assert records() == records()


def test_a_rival_that_comes_or_goes_changes_nothing_between_two_others() -> None:
    pair = playbook(f"policy: linear, {TWO}")
    three = playbook(f"policy: linear, {TWO}", *OFFERS, offer("c", 1, "propensity: 0.1"))
    for seed in range(30):
        drawn = [
            model_of(found)
            .appraise(list(range(len(found.offers))), None, 1.0, Moment("near", seed, World(), 0))
            .propensity
            for found in (pair, three)
        ]
        assert drawn[0] == drawn[1][:2]


def test_only_with_features_the_model_is_a_linear_one() -> None:
    assert isinstance(model_of(playbook(f"policy: linear, {TWO}")), LinearModel)
    assert not isinstance(model_of(playbook("policy: thompson")), LinearModel)


def test_check_says_which_features_there_are() -> None:
    told = "\n".join(learning(playbook(f"policy: linear, {TWO}")))
    features = 'berlin (customer.city == "Berlin") and near (customer.zone == "near")'
    assert told.startswith(
        f"by each offer and channel, for each customer by the features {features}: a draw from what"
    )


SIX = ", ".join(f"f{n}: profile.orders.count > {n}" for n in range(6))
REFUSED = {
    "policy: linear": "learning.features; expected 1 to 5 named conditions, as the policy linear "
    "learns what each of them adds, got nothing",
    "policy: linear, features: {}": "learning.features; expected 1 to 5 named conditions, as the "
    "policy linear learns what each of them adds, got none",
    TWO: "learning.features; expected `policy: linear` beside it, as no other policy asks for "
    "features, got thompson",
    f"policy: linear, {TWO}, context: customer.city, buckets: [bonn]": "learning.context; expected "
    "`features` or `context`, as the features make the buckets, got both",
    f"policy: linear, features: {{{SIX}}}": "learning.features; expected at most 5 entries, got 6",
    "policy: linear, features: {none: profile.orders.count > 1}": "an id in learning.features; "
    "expected a-z, 0-9 and _, a letter first, at most 12 characters, and none of YAML's own words "
    'or `none`, got "none"',
    "policy: linear, features: {a: profile.orders.cont > 1}": "learning.features.a; ",
    "policy: linear, features: {a: profile.orders.count}": "learning.features.a; ",
    "policy: linear, features: {a: event.name == 'x'}": "learning.features.a; ",
}


@pytest.mark.parametrize("written", REFUSED)
def test_features_that_are_none_are_refused_with_what_was_expected(written: str) -> None:
    with pytest.raises(PlaybookError) as refused:
        playbook(written)
    assert REFUSED[written] in str(refused.value)


def test_what_is_decided_says_what_it_was_drawn_by() -> None:
    someone = Visitor(playbook(f"policy: linear, {TWO}"))
    someone.comes(**PLACES_OF_MANY["near"])
    (decided,) = actions(someone.last, "offer.decided")
    learned = decided.body["learned"]
    assert learned["mean"] == [0.1, 0.1]
    assert learned["spread"] == [round(float(np.sqrt(spread_of_outcomes(0.1, 50) * 2 / 50)), 9)] * 2
