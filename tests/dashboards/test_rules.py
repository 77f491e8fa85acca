"""Prometheus' configuration and rules, and the page that each alert leads to."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dashboards.board_file import read_boards
from dashboards.places import BOARDS, PROMETHEUS, ROOT, RULES, RUNBOOKS
from dashboards.prove.questions import queries
from dashboards.rule_file import Rule, read_rules
from dashboards.series import LABELS
from flows.cli import COMMANDS
from tests.dashboards.promtool import promtool

CASES = Path(__file__).with_name("rules")
ALL = read_rules(RULES)
ALERTS = [rule for rule in ALL if rule.alert]
RECORDS = [rule for rule in ALL if rule.record]
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda rule: rule.name)
each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda rule: rule.name)

SECTIONS = ("What it means", "How bad", "Look at", "Do", "False alarm")
"""Of every runbook page."""


def loaded(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def cases(alert: Rule) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = loaded(CASES / f"{alert.name}.yml")["tests"]
    return found


def fires(case: dict[str, Any], alert: Rule) -> bool:
    (asked,) = case["alert_rule_test"]
    assert asked["alertname"] == alert.name
    return bool(asked["exp_alerts"])


# As promtool sees them


def test_prometheus_accepts_its_configuration_and_rules() -> None:
    done = promtool("check", "config", PROMETHEUS / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rule files found" in done.stdout


def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    asked = queries(read_boards(BOARDS), {"flow": ".*", "channel": ".*"}, "20s")
    rules = [{"record": f"q:{n}", "expr": q.expression} for n, q in enumerate(asked)]
    file = tmp_path / "rules.json"  # YAML holds all JSON
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


@each_alert
def test_an_alert_fires_when_it_should_and_only_then(alert: Rule) -> None:
    done = promtool("test", "rules", CASES / f"{alert.name}.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@each_alert
def test_an_alert_has_a_case_that_fires_and_one_that_does_not(alert: Rule) -> None:
    for case in cases(alert):
        assert case["name"].startswith("fires" if fires(case, alert) else "does not fire")
    assert {fires(case, alert) for case in cases(alert)} == {True, False}


def test_no_case_is_of_an_alert_that_is_gone() -> None:
    assert {path.stem for path in CASES.iterdir()} == {alert.name for alert in ALERTS}


# What a rule may ask


@each_record
def test_a_record_is_named_by_level_metric_and_operations(record: Rule) -> None:
    level, metric, _ = record.name.split(":")
    bare = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in LABELS}
    derived = {
        "touchline_clock_timestamp_seconds",
        "touchline_decide_failed",
        "touchline_decide_slow",
        "touchline_event_to_offer_slow",
        "touchline_timers_late",
        "touchline_warehouse_commit_age_seconds",
    }
    assert metric in bare | derived
    outside = re.match(r"\w+ by \(([^)]*)\)", record.expr)
    if outside:
        assert outside[1].replace(", ", "_") == level


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_a_rule_asks_only_for_what_is_measured_or_recorded(rule: Rule) -> None:
    assert set(rule.asks()) <= {record.name for record in RECORDS}
    text = re.sub(r"\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+", "", rule.expr)
    assert set(re.findall(r"\b(?:touchline|process)_\w+", text)) <= {
        *LABELS,
        "process_start_time_seconds",
    }


@each_alert
def test_an_alert_compares_recorded_series_with_thresholds(alert: Rule) -> None:
    compared = re.split(r"\s+and\s+", alert.expr)
    for part in compared:
        assert re.fullmatch(r"[a-z_]+:[a-z0-9_]+:[a-z0-9_]+ (<|>|==) [\d.* ]+", part), part


def test_the_objective_of_the_alerts_is_the_promise_that_the_board_draws() -> None:
    for record in RECORDS:
        if "_event_to_offer_slow:" in record.name:
            assert 'le="0.08"' in record.expr
    (panel,) = [
        panel
        for board in read_boards(BOARDS)
        for panel in board.head.panels
        if panel["title"] == "Event to offer" and board.name == "overview"
    ]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 0.02, 0.08]


# Runbooks


@each_alert
def test_an_alert_says_how_bad_it_is_what_it_is_and_where_its_page_is(alert: Rule) -> None:
    assert alert.labels["severity"] in ("critical", "warning")
    assert alert.annotations.keys() == {"summary", "description", "runbook_url"}
    assert alert.annotations["runbook_url"] == f"docs/runbooks/{alert.name}.md"
    assert (ROOT / alert.annotations["runbook_url"]).is_file()


@each_alert
def test_a_runbook_page_has_what_somebody_needs_at_night(alert: Rule) -> None:
    text = (RUNBOOKS / f"{alert.name}.md").read_text()
    assert text.startswith(f"# {alert.name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(SECTIONS)
    assert alert.labels["severity"] in text


@each_alert
def test_a_runbook_page_leads_to_panels_that_are_there(alert: Rule) -> None:
    text = (RUNBOOKS / f"{alert.name}.md").read_text()
    boards = {
        board.head.title.removeprefix("Touchline: "): {panel.title for panel in board.panels}
        for board in read_boards(BOARDS)
    }
    named = re.findall(r"\*([a-z ]+) / ([^*]+)\*", text)
    assert named
    for board, panel in named:
        assert panel in boards[board], (board, panel)


@each_alert
def test_a_runbook_page_names_only_commands_that_there_are(alert: Rule) -> None:
    text = (RUNBOOKS / f"{alert.name}.md").read_text()
    named = {words.split()[0] for words in re.findall(r"\btouchline ([a-z]+[^`]*)`", text)}
    assert named <= COMMANDS.keys()


def test_every_page_is_of_an_alert_and_the_list_names_them_all() -> None:
    names = {alert.name for alert in ALERTS}
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {*names, "README"}
    linked = re.findall(r"\((\w+)\.md\)", (RUNBOOKS / "README.md").read_text())
    assert sorted(linked) == sorted(names)
