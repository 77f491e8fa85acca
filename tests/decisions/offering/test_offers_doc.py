"""docs/offers.md: its example is recomputed by hand, its tables are those of the code."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from math import sqrt
from operator import mul
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from decisions.decide import decide
from decisions.learning.counter import Counter
from decisions.learning.table import CounterTable
from decisions.load import parse_playbook
from decisions.offering.answers import RESULTS
from decisions.offering.explain import STAGES
from decisions.offering.memory import PROPOSALS_KEPT, TIMES_KEPT
from decisions.offering.propensity import Moment
from decisions.world import World
from flows.commands.explain import command
from state.decision import MOST_ELIGIBLE
from state.fold import fold
from state.product import Listed, Product
from state.profile import Profile
from tests.decisions.offering.logged import published
from tests.decisions.offering.shop import answer, tells, told
from tests.decisions.someone import DAY_MS, START_MS, Someone, actions, touchpoint

DOCUMENT = (Path(__file__).parents[3] / "docs" / "offers.md").read_text()


def between(begin: str, end: str) -> str:
    return DOCUMENT.split(f"<!-- {begin}: checked by a test -->\n")[1].split(f"<!-- /{end} -->")[0]


def first_cells(table: str) -> tuple[str, ...]:
    return tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_the_stages_are_those_of_explain_in_their_order() -> None:
    assert first_cells(between("stages", "stages")) == STAGES


def test_the_results_of_answers_are_all_of_them() -> None:
    assert first_cells(between("results", "results")) == RESULTS


def test_the_bounds_are_those_in_force() -> None:
    assert f"At most {TIMES_KEPT} times" in DOCUMENT
    assert f"({MOST_ELIGIBLE} treatments at most)" in DOCUMENT
    assert f"the customer's last {PROPOSALS_KEPT} " in DOCUMENT


EXAMPLE = between("example", "example")
TENT = {"product_id": "tent", "price": 80.0}
ROW = r"^\| `(\w+)` in `(\w+)` through `(\w+)` \|" + r" ([\d.]+) \|" * 6 + "$"
ROWS = [
    ((offer, place, channel), [Decimal(number) for number in numbers])
    for offer, place, channel, *numbers in re.findall(ROW, EXAMPLE, re.MULTILINE)
]


def ann() -> Someone:
    """She has put a tent into her cart, and agreed to marketing."""
    (written,) = re.findall(r"```yaml\n(.*?)```", EXAMPLE, re.DOTALL)
    someone = Someone(parse_playbook(written, "docs/offers.md"), "ann")
    someone.does("Product Added", TENT)
    return someone


def test_each_score_of_the_example_is_what_its_terms_make_by_hand() -> None:
    assert len(ROWS) == 5
    for _, (propensity, weight, value, lever, cost, score) in ROWS:
        assert propensity * weight * value * lever - cost == score
    scores = [numbers[-1] for _, numbers in ROWS]
    assert scores == sorted(scores, reverse=True)


FEATURES = between("features", "features")
BUCKETS = [
    (bucket, *(Decimal(number) for number in numbers))
    for bucket, *numbers in re.findall(
        r"^\| `([\w+]+)` \|" + r" ([\d.]+) \|" * 4 + "$", FEATURES, re.MULTILINE
    )
]


def determinant(m: list[list[int]]) -> int:
    (a, b, c), (d, e, f), (g, h, i) = m
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def test_weights_means_and_spreads_of_the_features_are_what_cramer_s_rule_says() -> None:
    at = {"none": (1, 0, 0), "buyer": (1, 1, 0), "cart": (1, 0, 1), "buyer+cart": (1, 1, 1)}
    assert [bucket for bucket, *_ in BUCKETS] == list(at)
    b = [[50 * (i == j) for j in range(3)] for i in range(3)]
    f = [5, 0, 0]
    for bucket, seen, taken, *_ in BUCKETS:
        for i in range(3):
            f[i] += int(taken) * at[bucket][i]
            for j in range(3):
                b[i][j] += int(seen) * at[bucket][i] * at[bucket][j]
    assert f"B = {tuple(map(tuple, b))}, f = {tuple(f)}" in FEATURES

    def solved(right: Sequence[int]) -> list[float]:
        """B⁻¹ · right."""
        whole = determinant(b)
        instead = [
            [[right[i] if j == k else b[i][j] for j in range(3)] for i in range(3)]
            for k in range(3)
        ]
        return [determinant(each) / whole for each in instead]

    weights = solved(f)
    assert "the weights {:.4f},\n{:.4f} and {:.4f}".format(*weights) in FEATURES
    m = 72 / 754
    for bucket, _, _, mean, spread in BUCKETS:
        x = at[bucket]
        assert f"{sum(map(mul, x, weights)):.4f}" == str(mean)
        assert f"{sqrt(m * (1 - m) / 2 * sum(map(mul, x, solved(x)))):.4f}" == str(spread)


def test_means_and_spreads_of_the_features_are_those_in_the_record() -> None:
    (written,) = re.findall(r"```yaml\n(.*?)```", FEATURES, re.DOTALL)
    playbook = parse_playbook(written, "docs/offers.md")
    assert playbook.model is not None
    table = CounterTable(playbook.model.size, 30 * DAY_MS)
    for bucket, seen, taken, *_ in BUCKETS:
        counter = Counter(float(seen), float(taken), START_MS)
        table.put(playbook.model.rows["club", "click", bucket], counter)
    for bucket, _, _, *shape in BUCKETS:
        where = Moment(bucket, 7, World(counters=table), START_MS)
        (mean,), (spread,) = playbook.model.appraise([0], None, 1.0, where).shapes
        assert [f"{number:.4f}" for number in (mean, spread)] == [str(number) for number in shape]


def willing(someone: Someone) -> Someone:
    """Before the tent, and she has agreed to marketing already."""
    fresh = Someone(someone.playbook, "ann")
    fresh.does("Consent Granted", {"purpose": "marketing"})
    before = Someone(someone.playbook, "ann")
    before.profile.consents = fresh.profile.consents
    return before


def test_the_example_is_what_is_decided() -> None:
    someone = ann()
    assert [offer for offer, _, _ in someone.offers()] == ["delivery", "survey"]
    assert told(someone)["club"].stage == "consent"
    someone = willing(someone)
    decided = actions(someone.does("Product Added", TENT), "offer.decided")
    assert someone.offers() == [("club", "email", "inbox"), ("delivery", "click", "home")]
    eligible = decided[0].body["eligible"]
    names = zip(eligible["offer_id"], eligible["placement"], eligible["channel"], strict=True)
    assert list(names) == [name for name, _ in ROWS]
    scores = [float(numbers[-1]) for _, numbers in ROWS]
    assert [round(score, 12) for score in eligible["score"]] == scores
    assert told(someone)["survey"].stage == "capped"
    first_ms = someone.now_ms
    answer(someone, "Dismissed", "delivery")
    assert someone.offers() == [("club", "email", "inbox")]
    assert told(someone)["survey"].stage == "capped"
    someone.does("Page Viewed", after_ms=first_ms + DAY_MS - 1 - someone.now_ms)
    assert someone.offers() == [("club", "email", "inbox")]
    someone.does("Page Viewed", after_ms=1)
    assert someone.offers() == [("club", "email", "inbox"), ("survey", "click", "home")]


CONTENT = between("content", "content")
CONTENT_ROW = r"^\| `(\w+)` \| ([\w, ]*) \| ([\w ]*) \|" + r" ([\d.]+) \|" * 4 + "$"


def test_the_example_of_content_is_what_is_decided_and_its_scores_are_made_by_hand() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", CONTENT, re.DOTALL)
    someone = Someone(parse_playbook(text, "docs/offers.md"), "ann")
    said, later = (json.loads(one) for one in re.findall(r"(\[\"[^`}]*\])", CONTENT))
    decided = actions(tells(someone, {"interests": said}), "offer.decided")
    rows = re.findall(CONTENT_ROW, CONTENT, re.MULTILINE)
    assert [offer for offer, *_ in rows] == [offer for offer, _, _ in someone.offers()]
    for action, (offer, topics, part, *numbers) in zip(decided, rows, strict=True):
        propensity, weight, value, score = map(Decimal, numbers)
        assert propensity * weight * value == score
        names = topics.split(", ") if topics else []
        assert action.body.get("topics", []) == names
        assert part == (f"{len({*names} & {*said})} of {len(names)}" if names else "")
        assert weight == (Decimal(len({*names} & {*said})) / len(names) if names else 1)
        body = action.body
        assert (body["offer_id"], body["weight"]) == (offer, float(weight))
        assert round(body["score"], 12) == float(score)
    stopped = told(someone)["sharp_knives"]
    assert (stopped.stage, *stopped.reasons) == (
        "interest",
        "it is about cooking; the customer declared trail, running, skiing",
    )
    assert stopped.reasons[0] in CONTENT.replace("\n", " ")
    (new,) = actions(tells(someone, {"interests": later}), "offer.decided")
    assert (new.body["offer_id"], round(new.body["score"], 12)) == ("sharp_knives", 0.8)
    assert "first_race" not in [offer for offer, _, _ in someone.offers()]


CATEGORY = between("category", "category")


def test_the_example_of_categories_is_what_is_decided_and_its_scores_are_made_by_hand() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", CATEGORY, re.DOTALL)
    playbook = parse_playbook(text, "docs/offers.md")
    *says, moved = re.findall(r'`"category": "(\w+)"`', CATEGORY)
    products = re.findall(r"`(p-\d+)`", CATEGORY)
    (said,) = (json.loads(one) for one in re.findall(r"(\[\"[^`}]*\])", CATEGORY))

    def offered(catalogue: dict[str, str]) -> list[Any]:
        """The records of what Ben is offered, the best first."""
        known = World(products={p: Listed("t", 1, Product(c)) for p, c in catalogue.items()})
        event = touchpoint("ben", "m-1", "Identified", START_MS)
        event.type, event.traits, profile = "identify", {"interests": said}, Profile()
        changed = fold(profile, event, playbook.traits)
        decision = decide(profile, event, changed, playbook, START_MS, known)
        return [action.body for action in actions(decision, "offer.decided")]

    catalogue = dict(zip(products, says, strict=True))
    rows = re.findall(CONTENT_ROW, CATEGORY, re.MULTILINE)
    for body, (offer, topics, part, *numbers) in zip(offered(catalogue), rows, strict=True):
        propensity, weight, value, score = map(Decimal, numbers)
        assert propensity * weight * value == score
        assert (body["offer_id"], ", ".join(body["topics"])) == (offer, topics)
        met = len({*body["topics"]} & {*said})
        assert part == f"{met} of {len(body['topics'])}"
        assert weight == Decimal(met) / len(body["topics"])
        assert (body["weight"], round(body["score"], 12)) == (float(weight), float(score))
    best, _ = offered(catalogue | {"p-1001": moved})
    assert (best["offer_id"], best["weight"], round(best["score"], 12)) == ("camping_set", 1, 6)
    assert "the set weighs 1 " in CATEGORY
    assert "its score is 6," in CATEGORY
    looked_at = re.findall(r"`('\[[^`]*')`", DOCUMENT)
    assert len(looked_at) == 2
    for interests in looked_at:
        assert parse_playbook(f"{text}interests: {interests}\n", "docs/offers.md").interests


def test_what_explain_says_of_a_logged_decision_is_what_it_says() -> None:
    someone = willing(ann())
    records = published(someone, someone.does("Product Added", TENT))
    records += published(someone, answer(someone, "Dismissed", "delivery"))
    (shown,) = re.findall(r"```text\n(.*?)```", between("logged", "logged"), re.DOTALL)
    (decision,) = re.findall(r"^  decision (\w+)$", shown, re.MULTILINE)
    assert DOCUMENT.count(decision) == 3
    said = CliRunner().invoke(
        command, ["--record", "-", "--decision", decision], input=b"\n".join(records)
    )
    assert said.stdout == shown
