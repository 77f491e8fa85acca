"""What is to be asked: every query of every panel and variable, every rule. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from dashboards.board_file import BoardFile
from dashboards.places import RULES, shown
from dashboards.rule_file import Rule

LABEL_VALUES: Final = re.compile(r"label_values\((.+), *(\w+)\)")
"""Grafana's own function of a variable's query: selector, label."""


class Question(Struct, frozen=True):
    """Something that must have an answer."""

    place: str
    """Where it stands: overview / Event to offer / p50."""
    expression: str
    """PromQL; of a label's values, the selector of the series that have it."""
    mend: str
    """The file in which to mend it."""
    label: str = ""
    """Ask for this label's values instead of for numbers."""
    may_be_empty: bool = False
    """Of an alert: no answer means that it does not fire. An error is still one."""


def variables(boards: Sequence[BoardFile]) -> Iterator[Question]:
    """The queries for the values of the boards' variables."""
    for board in boards:
        for variable in board.head.templating.variables:
            place = f"{board.name} / variable {variable.name}"
            found = LABEL_VALUES.fullmatch(variable.query.query)
            selector, label = found.groups() if found else (variable.query.query, "")
            yield Question(place, selector, _module(board), label=label)


def queries(
    boards: Sequence[BoardFile], chosen: Mapping[str, str], rate_interval: str
) -> Iterator[Question]:
    """The panels' queries as Grafana sends them: `chosen` has what each variable stands for."""
    for board in boards:
        for panel in board.panels:
            for target in panel.targets:
                place = f"{board.name} / {panel.title} / {target.legend or target.ref}"
                text = filled(target.expr, {**chosen, "__rate_interval": rate_interval})
                yield Question(place, text, _module(board))


def rules(all_rules: Sequence[Rule]) -> Iterator[Question]:
    """Each rule's expression. What an alert compares must have an answer, whether it fires or not,
    and so must what is recorded."""
    for rule in all_rules:
        file = shown(RULES / ("recording.yml" if rule.record else "alerts.yml"))
        yield Question(f"rule {rule.name}", rule.expr, file, may_be_empty=bool(rule.alert))
        for name in [rule.record] if rule.record else rule.asks():
            yield Question(f"rule {rule.name} / {name}", name, file)


def filled(expression: str, values: Mapping[str, str]) -> str:
    """`expression` with its $variables replaced, the longer names first, as one may begin with
    another."""
    for name in sorted(values, key=len, reverse=True):
        expression = expression.replace(f"${name}", values[name])
    return expression


def several(values: Sequence[str]) -> str:
    """What a variable with these values chosen stands for: Grafana's Prometheus source makes a
    regular expression of more than one."""
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def rate_interval(scrape_s: int, step_s: int) -> str:
    """$__rate_interval of Grafana: long enough for the step between two points and one scrape
    more, and for four scrapes."""
    return f"{max(step_s + scrape_s, 4 * scrape_s)}s"


def _module(board: BoardFile) -> str:
    return f"dashboards/boards/{board.name}.py"
