"""Propensities that are learned: where they start, what moves them, and that offers do not flap."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.decide import decide
from decisions.learning.counter import Counter
from decisions.learning.policies.kinds import Thompson
from decisions.learning.table import CounterTable
from decisions.offering.model import FEW, Model
from decisions.offering.propensity import Moment, redrawn
from decisions.playbook import Playbook
from decisions.world import World
from state.fold import fold
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import (
    DAY_MS,
    HOUR_MS,
    START_MS,
    Someone,
    actions,
    book,
    touchpoint,
)

PLACES = HEAD.replace("offers: 2", "offers: 1")


def playbook(learning: str, *offers: str, rest: str = "") -> Playbook:
    lines = "\n".join(offers)
    return book(f"offers:\n{lines}\nlearning: {{{learning}}}\n{rest}\n", PLACES)


def model_of(found: Playbook) -> Model:
    assert found.model is not None
    return found.model


def world_of(found: Playbook, own: dict[tuple[str, str, str], tuple[float, float]]) -> World:
    """Arm → (tries, taken), seen in this shard; "" as the offer: of a group, told."""
    model = model_of(found)
    table = CounterTable(model.size, 30 * DAY_MS)
    for arm, (tries, taken) in own.items():
        put = table.put if arm[0] else table.tell
        put(model.rows[arm], Counter(tries, taken, START_MS))
    return World(counters=table)


def appraised(found: Playbook, world: World, seed: int = 7, bucket: str = "all") -> list[float]:
    numbers = list(range(len(found.offers)))
    where = Moment(bucket, seed, world, START_MS)
    return list(model_of(found).appraise(numbers, None, 1.0, where).propensity)


class Visitor(Someone):
    """Someone of whom decisions know a world."""

    world = World()

    def comes(self, after_ms: int = 1_000) -> list[str]:
        self.now_ms += after_ms
        self.events += 1
        event = touchpoint(self.customer_id, f"m-{self.events}", "Page Viewed", self.now_ms)
        changed = fold(self.profile, event, self.playbook.traits)
        self.last = decide(self.profile, event, changed, self.playbook, self.now_ms, self.world)
        return [name for name, _, _ in self.offers()]


def test_without_evidence_an_offer_is_expected_where_the_playbook_says() -> None:
    found = playbook(
        "policy: greedy", offer("a", 1, "propensity: 0.1"), offer("b", 1, "propensity: 0.02")
    )
    # By maturity: SP·SE / (SE + 1).
    assert appraised(found, World()) == [
        pytest.approx(0.1 * 50 / 51, abs=1e-8),
        pytest.approx(0.02 * 50 / 51, abs=1e-8),
    ]


def test_evidence_moves_it_and_the_more_the_further() -> None:
    found = playbook("policy: greedy, evidence: 10", offer("a", 1, "propensity: 0.1"))
    few = world_of(found, {("a", "click", "all"): (10.0, 5.0)})
    many = world_of(found, {("a", "click", "all"): (1000.0, 500.0)})
    (low,), (high,) = appraised(found, few), appraised(found, many)
    assert low == pytest.approx((0.1 * 10 + 5) / 21, abs=1e-3)
    assert high == pytest.approx((0.1 * 10 + 500) / 1011, abs=1e-3)


def test_a_new_offer_starts_where_its_group_is_by_now_and_one_with_its_own_does_not() -> None:
    groups = "groups: {tea: {title: Tea, propensity: 0.1}}"
    found = playbook(
        "policy: greedy, evidence: 10",
        offer("a", 1, "group: tea"),
        offer("b", 1, "group: tea, propensity: 0.1"),
        rest=groups,
    )
    world = world_of(found, {("", "click", "tea"): (990.0, 599.0)})
    (grouped, alone) = appraised(found, world)
    assert grouped == pytest.approx(0.6 * 10 / 11, abs=2e-3)
    assert alone == pytest.approx(0.1 * 10 / 11, abs=2e-3)


def test_each_bucket_of_the_context_learns_by_itself() -> None:
    context = (
        'context: \'profile.orders.count > 0 ? "buyer" : "visitor"\', buckets: [buyer, visitor]'
    )
    found = playbook(f"policy: greedy, {context}", offer("a", 1, "propensity: 0.1"))
    world = world_of(found, {("a", "click", "buyer"): (1000.0, 900.0)})
    assert appraised(found, world, bucket="buyer")[0] > 0.8
    assert appraised(found, world, bucket="visitor")[0] < 0.11
    assert appraised(found, world, bucket="other")[0] < 0.11


def test_a_context_that_says_something_else_or_ends_in_an_error_is_other() -> None:
    context = 'context: \'1 / profile.orders.count > 0 ? "buyer" : "x"\', buckets: [buyer]'
    found = playbook(f"policy: greedy, {context}", offer("a", 1, "propensity: 0.1"))
    someone = Visitor(found)
    assert someone.comes() == ["a"]
    assert someone.last is not None
    assert someone.last.rule_errors == {"learning.context": 1}
    assert someone.profile.proposals[0].bucket == "other"


def test_offers_do_not_flap_while_luck_and_evidence_stay() -> None:
    """Thompson sampling by each event anew would serve another one at nearly each of them."""
    offers = [offer(f"o{n}", 1, "propensity: 0.1").replace("1d", "1h") for n in range(8)]
    found = playbook("redraw: 30d", *offers)
    kept = 0
    for n in range(50):
        someone = Visitor(found, f"c-{n}")
        first = someone.comes()
        kept += sum(someone.comes(HOUR_MS) == first for _ in range(20))
    assert kept >= 0.95 * 50 * 20  # a change of luck falls into the twenty hours of one in 36


def test_luck_changes_after_a_time_and_is_another_for_each_customer() -> None:
    offers = [offer(f"o{n}", 1, "propensity: 0.1").replace("1d", "1h") for n in range(8)]
    found = playbook("redraw: 1d", *offers)
    firsts = set()
    for n in range(40):
        someone = Visitor(found, f"c-{n}")
        firsts |= {tuple(someone.comes(DAY_MS)) for _ in range(4)}
    assert len(firsts) == 8


def test_a_rival_that_comes_or_goes_changes_nothing_between_two_others() -> None:
    trio = [offer(name, 1, "propensity: 0.1") for name in "abc"]
    pair = playbook("redraw: 30d", *trio[:2])
    three = playbook("redraw: 30d", *trio)
    for seed in range(50):
        assert appraised(pair, World(), seed) == appraised(three, World(), seed)[:2]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64 - 1), st.floats(1, 500), st.floats(0, 1))
def test_a_success_never_draws_an_offer_lower_nor_a_refusal_higher(
    seed: int, tries: float, share: float
) -> None:
    found = playbook("evidence: 20", offer("a", 1, "propensity: 0.1"))
    arm = ("a", "click", "all")
    (now,) = appraised(found, world_of(found, {arm: (tries, tries * share)}), seed)
    (taken,) = appraised(found, world_of(found, {arm: (tries + 1, tries * share + 1)}), seed)
    (refused,) = appraised(found, world_of(found, {arm: (tries + 1, tries * share)}), seed)
    assert refused - 2e-4 <= now <= taken + 2e-4  # beliefs are rounded to a thousandth of a try


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(1, FEW), st.booleans(), st.randoms())
def test_a_few_are_appraised_as_they_are_among_many(
    seed: int, few: int, weigh: bool, dice: Random
) -> None:
    made = [
        offer(
            f"o{n}",
            round(dice.uniform(0.1, 9), 3),
            dice.choice(["group: tea", "propensity: 0.1"])
            + f", cost: {dice.uniform(0, 0.5):.3f}, lever: {dice.choice([0.5, 1, 2])}",
            "home: click, inbox: email",
        )
        for n in range(FEW)
    ]
    found = playbook(
        "evidence: 20, context: '\"x\"', buckets: [x, y]",
        *made,
        rest="groups: {tea: {title: Tea, propensity: 0.2}}",
    )
    model = model_of(found)
    rows = dice.sample(sorted(model.rows), len(model.rows) // 2)
    world = world_of(found, {arm: (n, n * dice.random()) for n, arm in enumerate(rows)})
    where = Moment("y", seed, world, START_MS + dice.randrange(90) * DAY_MS)
    numbers = dice.sample(range(2 * FEW), 2 * FEW)
    weights = [dice.choice([0.5, 1.0, 2.0]) for _ in numbers] if weigh else None
    power = dice.choice([0.5, 1.0])
    many = model.appraise(numbers, weights, power, where)
    some = model.appraise(numbers[:few], weights and weights[:few], power, where)
    assert list(map(list, some.shapes)) == [list(shape[:few]) for shape in many.shapes]
    assert some.propensity == pytest.approx(list(many.propensity[:few]), abs=1.1e-9)
    assert some.score == pytest.approx(list(many.score[:few]), rel=1e-4, abs=1e-7)
    kept = [at for at in many.order if at < few]
    assert some.order == kept
    assert some.even == (len(set(some.score)) < few)


@pytest.mark.parametrize("many", [FEW, FEW + 1])
@pytest.mark.parametrize("costs", ["0", "9"])
def test_what_costs_more_than_it_may_bring_has_no_place_in_the_order(many: int, costs: str) -> None:
    made = [offer(f"o{n}", n + 1, f"propensity: 0.5, cost: {costs}") for n in range(many)]
    model = model_of(playbook("", *made))
    found = model.appraise(range(many), None, 1.0, Moment("all", 7, World(), START_MS))
    worth_it = [at for at, score in enumerate(found.score) if score >= 0]
    assert sorted(found.order) == worth_it
    assert (len(worth_it) < many) is (costs == "9")


@pytest.mark.parametrize("many", [FEW, FEW + 1])
def test_a_lever_counts_among_few_and_among_many(many: int) -> None:
    made = [offer(f"o{n}", 4, f"propensity: 0.5, lever: {n % 3 + 1}") for n in range(many)]
    model = model_of(playbook("", *made))
    found = model.appraise(range(many), None, 1.0, Moment("all", 7, World(), START_MS))
    expected = [4 * likely * (n % 3 + 1) for n, likely in enumerate(found.propensity)]
    assert list(found.score) == pytest.approx(expected)


def test_customers_explore_in_their_share_and_every_offer_alike_whatever_its_channels() -> None:
    found = playbook(
        "policy: greedy, explore: 40%",
        offer("best", 9, "propensity: 0.5"),
        offer("poor", 1, "propensity: 0.1"),
        offer("both", 1, "propensity: 0.1", "home: click, inbox: email, counter: kiosk"),
    )
    firsts: dict[str, int] = {}
    for n in range(1_500):
        someone = Visitor(found, f"c-{n}")
        someone.comes()
        decided = actions(someone.last, "offer.decided")
        first = next(a for a in decided if a.body["offer_id"] == someone.profile.offers[0].offer_id)
        learned = first.body["learned"]
        name = first.body["offer_id"]
        firsts[name] = firsts.get(name, 0) + 1
        expected = 0.4 / 3 if name != "both" else 0.4 / 9
        assert learned["chance"] == pytest.approx(expected + (0.6 if name == "best" else 0.0))
        assert learned["explored"] or name == "best"
    assert firsts["best"] == pytest.approx(1_500 * (0.6 + 0.4 / 3), abs=70)
    assert firsts["poor"] == pytest.approx(200, abs=50)
    assert firsts["both"] == pytest.approx(200, abs=50)


def test_the_record_holds_what_was_drawn_from_so_that_it_can_be_drawn_again() -> None:
    names = [f"o{n}" for n in range(5)]
    found = playbook("evidence: 30", *[offer(name, 1, "propensity: 0.07") for name in names])
    dice = Random(3)
    world = world_of(
        found,
        {(name, "click", "all"): (tries := dice.uniform(0, 90), tries * 0.2) for name in names},
    )
    world.told = 42
    for n in range(30):
        someone = Visitor(found, f"c-{n}")
        someone.world = world
        someone.comes()
        (decided,) = actions(someone.last, "offer.decided")
        learned, eligible = decided.body["learned"], decided.body["eligible"]
        assert (learned["totals"], learned["policy"], learned["bucket"]) == (42, "thompson", "all")
        assert learned["chance"] is None
        again = redrawn(
            Thompson(),
            zip(eligible["offer_id"], eligible["channel"], strict=True),
            np.array([learned["alpha"], learned["beta"]]),
            int(learned["seed"], 16),
        )
        assert again == eligible["propensity"]
        assert decided.body["propensity"] == again[0]


def test_arms_are_rows_of_their_own_and_those_of_a_group_have_one_more() -> None:
    found = playbook(
        "context: '\"x\"', buckets: [x, y]",
        offer("a", 1, "group: tea", "home: click, inbox: email"),
        offer("b", 1, "propensity: 0.5"),
        rest="groups: {tea: {title: Tea, propensity: 0.1}}",
    )
    model = model_of(found)
    assert sorted(model.rows.values()) == list(range(len(model.rows)))
    assert model.size == len(model.rows) + 1
    assert {arm for arm in model.rows if not arm[0]} == {("", "click", "tea"), ("", "email", "tea")}
    assert set(model.pooled) == {row for (name, _, _), row in model.rows.items() if name == "a"}
