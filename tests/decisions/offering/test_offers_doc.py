"""docs/offers.md: its example is recomputed by hand, its tables are those of the code."""

import json
import re
from decimal import Decimal
from pathlib import Path

from click.testing import CliRunner

from decisions.load import parse_playbook
from decisions.offering.answers import RESULTS
from decisions.offering.explain import STAGES
from decisions.offering.memory import PROPOSALS_KEPT, TIMES_KEPT
from flows.commands.explain import command
from state.decision import MOST_ELIGIBLE
from tests.decisions.offering.logged import published
from tests.decisions.offering.shop import answer, tells, told
from tests.decisions.someone import DAY_MS, Someone, actions

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
