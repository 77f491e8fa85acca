"""`touchline experiments` says what an experiment has shown, from rows that were really decided."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from decisions.experimenting.differences import of_rates
from decisions.experimenting.quantiles import normal
from decisions.experimenting.tally import Tally
from flows.cli import main
from flows.commands.experiments import COMMANDS
from tests.decisions.offering.shop import HEAD
from tests.flows.experiment_world import TEXT, Lived, World

CUSTOMERS = [f"c-{number:06d}" for number in range(2_000)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """Two thousand customers, and the folder of their warehouse and playbook."""
    folder = tmp_path_factory.mktemp("experiment")
    found = World()
    found.live(CUSTOMERS)
    found.store(folder / "w")
    (folder / "book.yaml").write_text(TEXT)
    return found, folder


def experiments(folder: Path, *arguments: str, text: str = "") -> Result:
    path = folder / "book.yaml"
    if text:
        path = folder / "other.yaml"
        path.write_text(text)
    env = {"TOUCHLINE_WAREHOUSE_URL": str(folder / "w"), "TOUCHLINE_PLAYBOOK": str(path)}
    return CliRunner().invoke(main, ["experiments", *arguments], env=env)


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def arms(world: World, name: str) -> dict[str, list[Lived]]:
    """Arm → who lived in it, by the playbook alone; without who is held out of everything."""
    held_out, dealt = (world.playbook.experiments[one] for one in ("control", name))
    found: dict[str, list[Lived]] = {}
    for one in world.lived:
        if name == "control" or held_out.arm_of(one.customer_id) != "control":
            found.setdefault(dealt.arm_of(one.customer_id), []).append(one)
    return found


def test_the_arms_and_the_uplift_are_those_of_the_customers_who_lived(
    world: tuple[World, Path],
) -> None:
    lived = arms(world[0], "tone")
    report = said(experiments(world[1], "report", "tone", "--json"))
    assert (report["success"], report["reference"]) == ("accepted", "plain")
    tallies = {}
    for one in report["arms"]:
        accepted = sum(customer.accepted for customer in lived[one["arm"]])
        customers = len(lived[one["arm"]])
        assert (one["customers"], one["successes"], one["share"]) == (customers, accepted, 0.4)
        assert one["rate"] == accepted / customers
        tallies[one["arm"]] = Tally(customers, accepted, float(accepted), float(accepted))
    assert report["no_arm"] == len(lived[""])
    left_out = len(CUSTOMERS) - sum(map(len, lived.values()))
    assert report["held_out"] == left_out > 300
    (only,) = report["comparisons"]
    expected = of_rates(tallies["warm"], tallies["plain"], normal(0.05))
    assert (only["once"]["low"], only["once"]["high"]) == (expected.low, expected.high)
    for kind in ("once", "anytime"):
        assert only[kind]["low"] < 0.3 - 0.1 < only[kind]["high"], "the truth"
    assert (only["arm"], only["verdict"]) == ("warm", "better")
    assert report["shares"]["mismatch"] is False
    assert report["trouble"] == []
    records = report["records"]
    assert (records["otherwise"], records["customers"], records["last_at"]) == (0, 0, None)
    assert records["decisions"] >= len(lived["plain"]) + len(lived["warm"])


def test_who_is_held_out_counts_though_nothing_was_ever_decided_about_them(
    world: tuple[World, Path],
) -> None:
    lived = arms(world[0], "control")
    report = said(experiments(world[1], "report", "control", "--json"))
    assert report["success"] == "orders"
    for one in report["arms"]:
        customers = lived[one["arm"]]
        assert one["customers"] == len(customers)
        assert one["successes"] == sum(customer.ordered for customer in customers)
    paid = said(experiments(world[1], "report", "control", "--success", "revenue", "--json"))
    for one in paid["arms"]:
        customers = lived[one["arm"]]
        mean = sum(customer.paid for customer in customers) / len(customers)
        assert one["mean"] == pytest.approx(mean)
    (only,) = paid["comparisons"]
    assert only["once"]["low"] < only["difference"] < only["once"]["high"]
    assert only["anytime"]["low"] < only["once"]["low"]


def test_a_person_reads_which_interval_may_be_looked_at_daily(world: tuple[World, Path]) -> None:
    shown = experiments(world[1], "tone").stdout
    assert shown == experiments(world[1], "report", "tone").stdout
    assert "experiment tone, by customers who accepted an offer\n" in shown
    assert "warm beside plain: +" in shown
    assert "look as often as you like, and stop by it" in shown
    assert "who looks daily and stops by it is misled" in shown
    assert "comparisons  1: nothing to correct for" in shown
    assert "shares       as the playbook says" in shown
    assert "!" not in shown
    turned = experiments(world[1], "report", "tone", "--reference", "warm").stdout
    assert "plain beside warm: -" in turned


def test_experiments_and_controls_are_listed_with_their_shares(world: tuple[World, Path]) -> None:
    assert experiments(world[1]).stdout.splitlines() == [
        "experiment  salt     arms",
        "tone        tone     plain 40 %, warm 40 %",
        "control     control  control 20 %, treated 80 %",
        "2 experiments",
    ]
    listed = said(experiments(world[1], "ls", "--json"))["experiments"]
    assert listed[1] == {
        "experiment": "control",
        "salt": "control",
        "arms": {"control": 20, "treated": 80},
        "reference": "control",
    }


def test_what_was_offered_less_is_not_blamed_for_being_accepted_less(
    world: tuple[World, Path],
) -> None:
    report = experiments(world[1], "report", "control", "--success", "accepted").stdout
    assert "! control is offered less" in report


def test_a_salt_that_was_another_when_decisions_were_made_is_told(
    world: tuple[World, Path],
) -> None:
    salted = TEXT.replace("warm: 40%}", "warm: 40%}, salt: anew")
    report = said(experiments(world[1], "report", "tone", "--json", text=salted))
    records = report["records"]
    assert 0.3 * records["decisions"] < records["otherwise"] < records["decisions"]
    (trouble,) = report["trouble"]
    assert f"of {records['customers']:,} customers, say another arm" in trouble
    assert records["last_at"] in trouble
    assert "! " in experiments(world[1], "report", "tone", text=salted).stdout


def test_an_experiment_that_was_not_there_when_decisions_were_made_is_told(
    world: tuple[World, Path],
) -> None:
    more = TEXT.replace("experiments: {", "experiments: {new: {title: N, arms: {a: 50%, b: 50%}}, ")
    report = said(experiments(world[1], "report", "new", "--json", text=more))
    assert report["records"]["otherwise"] == report["records"]["decisions"] > 0


def test_arms_that_lose_customers_are_told(tmp_path: Path) -> None:
    found = World()
    dealt = found.playbook.experiments["tone"]
    found.live([one for one in CUSTOMERS[:1_000] if dealt.arm_of(one) != "warm" or one[-1] > "3"])
    found.store(tmp_path / "w")
    (tmp_path / "book.yaml").write_text(TEXT)
    report = said(experiments(tmp_path, "report", "tone", "--json"))
    assert report["shares"]["mismatch"] is True
    (trouble,) = report["trouble"]
    assert trouble.startswith("the arms are not as large as the playbook says")


def test_an_arm_without_customers_is_told_and_not_compared(tmp_path: Path) -> None:
    found = World()
    dealt = found.playbook.experiments["tone"]
    found.live([one for one in CUSTOMERS[:40] if dealt.arm_of(one) == "plain"][:5])
    found.store(tmp_path / "w")
    (tmp_path / "book.yaml").write_text(TEXT)
    report = said(experiments(tmp_path, "report", "tone", "--json"))
    assert report["comparisons"] == []
    assert report["arms"][1] == {
        "arm": "warm",
        "share": 0.4,
        "customers": 0,
        "successes": 0,
        "rate": None,
        "mean": None,
    }
    assert report["trouble"] == ["nobody was seen in warm, so nothing is compared with it"]
    assert "warm    40 %" in experiments(tmp_path, "report", "tone").stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (("report", "tune"), 1, 'no experiment "tune"; expected one of tone, control; did you'),
        (("tune",), 1, 'did you mean "tone"?'),
        (("report", "tone", "--reference", "worm"), 1, "expected one of plain, warm; did you mean"),
        (("report", "tone", "--since", "2031-01-01"), 1, "seen since 2031-01-01 00:00:00"),
        (("report", "tone", "--url", "/nowhere/at/all"), 1, "/nowhere/at/all"),
        (("report", "tone", "--since", "2026-02-02", "--until", "2026-02-01"), 2, "after --since"),
        (("report", "tone", "--success", "luck"), 2, "luck"),
        (("--playbook", "/nowhere.yaml"), 1, "/nowhere.yaml"),
    ],
)
def test_what_cannot_be_told_ends_with_one_sentence(
    world: tuple[World, Path], arguments: tuple[str, ...], exit_code: int, text: str
) -> None:
    result = experiments(world[1], *arguments)
    assert result.exit_code == exit_code, result.output
    assert text in result.stderr
    assert "Traceback" not in result.output


def test_a_playbook_without_experiments_says_so(world: tuple[World, Path]) -> None:
    bare = HEAD + "offers: {}\n"
    assert "0 experiments" in experiments(world[1], text=bare).stdout
    said_so = experiments(world[1], "report", "tone", text=bare).stderr
    assert "none: the playbook has no experiments and no control" in said_so


def test_the_commands_that_the_page_shows_do_what_it_says(world: tuple[World, Path]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "offers.md").read_text()
    shown = re.findall(r"^touchline experiments ?(.*)$", page, re.MULTILINE)
    assert len(shown) == 3
    for line in shown:
        result = experiments(world[1], *line.split())
        assert result.exit_code == 0, result.output


def test_every_member_of_the_group_has_examples_and_exit_codes_in_its_help() -> None:
    for name in COMMANDS:
        shown = CliRunner().invoke(main, ["experiments", name, "--help"]).stdout
        assert "Exit codes: 0" in shown, name
        assert "touchline experiments" in shown, name
