"""The small run of the cap checker: 20,000 events, two flow processes, killed every few seconds
while they learn by a linear policy, and sell what there is little of and what comes and goes."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.redis_server import RedisServer
from tests.faults.caps.__main__ import main
from tests.faults.caps.audience import Pace
from tests.faults.caps.report import plain, told
from tests.faults.caps.run import OVERLAPS, Order, perform
from tests.oracle.contact.findings import SPENT, STOCKED

SMALL = Order(
    pace=Pace(customers=200, events=20_000, rate=1_000, pages=50),
    seed=4,
    kill_every_s=3,
    quiet_after_s=5,
    most_s=90,
    learning="linear",
    units=2,
    products=True,
)


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_no_cap_and_no_hard_budget_is_exceeded_by_two_that_are_killed_while_they_learn(
    real_kafka: KafkaBroker, real_redis: RedisServer, tmp_path: Path
) -> None:
    report = perform(SMALL, real_kafka, real_redis, tmp_path, lambda _: None)
    findings = report.findings
    assert report.trouble == []
    assert findings.places == {}
    assert findings.violations == 0
    assert findings.slack == []
    assert (report.sent, report.accounted) == (20_000, 20_000)
    assert findings.events + report.repeated >= 20_000 > findings.events
    assert report.kills >= 1
    assert report.kills + report.counts.get(OVERLAPS, 0) >= 2
    assert min(report.repeated, report.late, findings.decisions, len(report.latencies_ms)) > 50
    assert findings.caps["shown"].late_shows > 0
    assert findings.budgets["pairs"].accepted <= SMALL.units <= findings.budgets["seats"].accepted
    assert min(findings.laws[law].asked for law in (SPENT, STOCKED)) > 100
    assert report.words > 5
    page = told(report)
    assert all(f"| `{name}` |" in page for name in findings.caps)
    values = orjson.loads(orjson.dumps(plain(report)))
    assert (values["holds"], values["violations"], values["sent"]) == (True, 0, 20_000)
    assert values["findings"]["caps"]["shown"]["delays_ms"][2] > 0


def test_the_command_says_what_it_takes() -> None:
    said = CliRunner().invoke(main, ["--help"])
    assert said.exit_code == 0
    assert "--events" in said.output
    refused = CliRunner().invoke(main, ["--events", "0"])
    assert refused.exit_code == 2
    assert "0 is not in the range x>=1000" in refused.output
