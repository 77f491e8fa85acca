"""What is asked of Prometheus: as Grafana would ask it, and nothing left out."""

from dashboards.board_file import read_boards
from dashboards.places import BOARDS, RULES
from dashboards.prove.questions import (
    Question,
    filled,
    queries,
    rate_interval,
    rules,
    several,
    variables,
)
from dashboards.rule_file import Rule, read_rules

ALL = read_boards(BOARDS)
CHOSEN = {"flow": ".*", "channel": "(click|kiosk)"}


def test_every_query_of_every_panel_is_asked() -> None:
    written = sum(path.read_text().count('"expr"') for path in BOARDS.glob("*.json"))
    asked = list(queries(ALL, CHOSEN, "4s"))
    assert len(asked) == written
    assert not [question for question in asked if "$" in question.expression]


def test_a_query_says_where_it_stands_and_where_to_mend_it() -> None:
    asked = {question.place: question for question in queries(ALL, CHOSEN, "4s")}
    question = asked["overview / Events by outcome / {{outcome}}"]
    assert question.mend == "dashboards/boards/overview.py"
    assert question.expression == (
        'sum by (outcome) (rate(touchline_events_total{channel=~"(click|kiosk)",flow=~".*"}[4s]))'
    )


def test_each_variable_of_each_board_is_asked_for_its_values() -> None:
    asked = list(variables(ALL))
    assert len(asked) == 2 * len(ALL)
    assert asked[0] == Question(
        "customers / variable flow",
        'up{job="touchline"}',
        "dashboards/boards/customers.py",
        label="flow",
    )


def test_a_record_is_asked_by_its_expression_and_by_its_name() -> None:
    (by_expression, by_name) = rules([Rule(expr="sum(up)", record="flow:up:sum")])
    assert (by_expression.expression, by_name.expression) == ("sum(up)", "flow:up:sum")
    assert not by_expression.may_be_empty


def test_an_alert_may_be_silent_and_what_it_compares_may_not() -> None:
    alert = Rule(expr="flow:up:sum > 0 and flow:up:min < 1", alert="Some")
    (whole, *compared) = rules([alert])
    assert whole.may_be_empty
    assert [question.expression for question in compared] == ["flow:up:sum", "flow:up:min"]
    assert not any(question.may_be_empty for question in compared)


def test_every_rule_is_asked() -> None:
    all_rules = read_rules(RULES)
    asked = {question.expression for question in rules(all_rules)}
    assert {rule.expr for rule in all_rules} <= asked


def test_a_longer_name_is_filled_in_before_one_that_it_begins_with() -> None:
    assert filled("$flow $flows", {"flow": "a", "flows": "b"}) == "a b"


def test_several_values_are_one_regular_expression_as_grafana_makes_it() -> None:
    assert several(["click"]) == "click"
    assert several(["click", "email"]) == "(click|email)"


def test_the_rate_interval_is_four_scrapes_or_a_step_and_a_scrape_whichever_is_longer() -> None:
    assert rate_interval(scrape_s=5, step_s=5) == "20s"
    assert rate_interval(scrape_s=5, step_s=60) == "65s"
