"""docs/offers.md: the report that it explains is the one that these customers would make."""

import re
from pathlib import Path

from connectors.warehouse.outcomes import Period, Span
from decisions.experimenting.differences import of_rates
from decisions.experimenting.judge import LEAST_INFORMATION, judge
from decisions.experimenting.quantiles import SHARPEST, normal
from decisions.experimenting.shares import UNLIKELY
from decisions.experimenting.tally import Tally
from decisions.load import parse_playbook
from flows.commands.experiments.counting import Counted, Records
from flows.commands.experiments.document import Report
from flows.commands.experiments.page import lines
from tests.decisions.offering.shop import HEAD

DOCUMENT = (Path(__file__).parents[2] / "docs" / "offers.md").read_text()
SECTION = DOCUMENT.split("\n## Experiments\n")[1].split("\n## ")[0]
(WRITTEN,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
(SHOWN,) = re.findall(r"<!-- report: .*?```text\n(.*?)```", SECTION, re.DOTALL)
COUNTED = {
    arm: (int(customers.replace(",", "")), int(accepted))
    for arm, customers, accepted in re.findall(
        r"^(\w+) +\d+ % +([\d,]+) +(\d+) ", SHOWN, re.MULTILINE
    )
}


def tally(customers: int, successes: int) -> Tally:
    return Tally(customers, successes, float(successes), float(successes))


def test_the_report_is_what_is_said_of_these_arms() -> None:
    book = parse_playbook(HEAD + "offers: {}\n" + WRITTEN, "docs/offers.md")
    experiment = book.experiments["tone"]
    tallies = {arm: tally(*COUNTED[arm]) for arm, _ in experiment.arms}
    span = Span(212_480, "2026-11-02T00:00:07.100Z", "2026-11-22T23:59:58.900Z")
    counted = Counted(span, tallies, no_arm=0, held_out=0, records=Records(decisions=31_207))
    judged = judge(experiment, "plain", tallies)
    report = Report(experiment, "accepted", Period(), counted, judged)
    assert "".join(f"{line}\n" for line in lines(report)) == SHOWN


def test_the_numbers_of_the_example_are_recomputed_from_its_counts() -> None:
    plain, warm = (tally(*COUNTED[arm]) for arm in ("plain", "warm"))
    points, low, high = re.findall(
        r"warm beside plain: ([+-][\d.]+) .*\n.*\n  at one time +([+-][\d.]+) to ([+-][\d.]+)",
        SHOWN,
    )[0]
    (n, k), (m, j) = COUNTED["warm"], COUNTED["plain"]
    assert float(points) == round(100 * (k / n - j / m), 2)
    expected = of_rates(warm, plain, normal(0.05 / 2))
    assert (float(low), float(high)) == (
        round(100 * expected.low, 2),
        round(100 * expected.high, 2),
    )


def test_the_bounds_are_those_in_force() -> None:
    assert f"before {LEAST_INFORMATION:.0f} successes it is not given" in " ".join(SECTION.split())
    assert f"about {SHARPEST:.0f} successes" in " ".join(SECTION.split())
    assert f"once in {1 / UNLIKELY:,.0f}" in " ".join(SECTION.split())
