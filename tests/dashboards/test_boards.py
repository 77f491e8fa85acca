"""Grafana's boards: current, whole, and about nothing that is not measured."""

import itertools
import json
import re
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.__main__ import stale, texts
from dashboards.board_file import BoardFile, read_boards
from dashboards.places import BOARDS, ROOT, RULES
from dashboards.rule_file import RECORDED, read_rules
from dashboards.series import CHOSEN, LABELS, OF_ALL_CHANNELS, UnknownSeries, of
from flows.metrics.catalogue import METRICS

ALL = read_boards(BOARDS)
RECORDS = {rule.name: set(rule.name.split(":")[0].split("_")) for rule in read_rules(RULES)}
KNOWN = {name: set(labels) for name, labels in LABELS.items()} | RECORDS
KNOWN["ALERTS"] = {"alertname", "alertstate", "severity", "flow"}

SERIES = re.compile(r"\b([a-zA-Z_:][\w:]*)\{([^}]*)\}")
each_board = pytest.mark.parametrize("board", ALL, ids=lambda board: board.name)


def queries(board: BoardFile) -> list[tuple[str, str]]:
    """(expression, legend) of every query."""
    return [(target.expr, target.legend) for panel in board.panels for target in panel.targets]


def grouped(expression: str) -> set[str]:
    """The labels that it groups by."""
    found = re.findall(r"\bby\s*\(([^)]*)\)", expression)
    return {label.strip() for labels in found for label in labels.split(",")}


# Files


def test_the_files_are_what_the_boards_in_python_say() -> None:
    assert stale() == []


def test_a_file_that_is_not_current_or_of_no_board_is_named(tmp_path: Path) -> None:
    for path, text in texts(tmp_path).items():
        path.write_text(text)
    assert stale(tmp_path) == []
    (tmp_path / "overview.json").write_text("{}")
    (tmp_path / "pipeline.json").unlink()
    (tmp_path / "old.json").write_text("{}")
    again = "not what dashboards/boards says; write it anew with `python -m dashboards`"
    assert stale(tmp_path) == [
        f"{tmp_path / 'overview.json'}: {again}",
        f"{tmp_path / 'pipeline.json'}: {again}",
        f"{tmp_path / 'old.json'}: no board of dashboards/boards has this name; remove it",
    ]


def test_the_same_boards_are_the_same_bytes() -> None:
    assert texts() == texts()


@pytest.mark.parametrize("path", sorted(BOARDS.glob("*.json")), ids=lambda path: path.stem)
def test_grafanas_own_types_read_a_board_and_write_the_same(path: Path) -> None:
    register_default_plugins()
    board = json.loads(path.read_text())
    assert json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder)) == board


# Boards


def test_there_are_four_boards_whose_uids_stay() -> None:
    assert {board.head.uid: board.head.title for board in ALL} == {
        "touchline-overview": "Touchline: overview",
        "touchline-pipeline": "Touchline: pipeline",
        "touchline-customers": "Touchline: customers and decisions",
        "touchline-losses": "Touchline: dead letters and warehouse",
    }


@each_board
def test_a_board_lets_choose_flows_and_channels_and_begins_with_all(board: BoardFile) -> None:
    variables = board.head.templating.variables
    assert [variable.name for variable in variables] == ["flow", "channel"]
    assert all(v.multi and v.all and v.all_value == ".*" for v in variables)


@each_board
def test_panels_lie_beside_each_other_and_each_has_an_id(board: BoardFile) -> None:
    numbers = [panel["id"] for panel in board.head.panels]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    places = [panel["gridPos"] for panel in board.head.panels]
    for a, b in itertools.combinations(places, 2):
        across = a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
        along = a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]
        assert not (across and along), (a, b)
    assert all(place["x"] + place["w"] <= 24 for place in places)


@each_board
def test_a_panel_says_what_it_shows_in_which_unit_and_where_to_look_next(board: BoardFile) -> None:
    for panel in board.panels:
        assert re.fullmatch(r"[A-Z0-9].+\. Look next: .+\.", panel.description), panel.title
        assert panel.fields.defaults.unit, panel.title
        assert panel.fields.defaults.empty, panel.title
        assert panel.targets, panel.title
        assert (panel.datasource.type, panel.datasource.uid) == ("prometheus", "prometheus")
    titles = [panel.title for panel in board.panels]
    assert len(set(titles)) == len(titles)


@each_board
def test_a_page_that_a_panel_leads_to_is_there(board: BoardFile) -> None:
    named = " ".join(panel.description for panel in board.panels)
    pages = set(re.findall(r"\bdocs/[\w/-]+\.md", named))
    assert {page for page in pages if not (ROOT / page).is_file()} == set()


# Queries


@each_board
def test_a_query_asks_only_for_what_is_measured_or_recorded(board: BoardFile) -> None:
    for expression, _ in queries(board):
        named = {name for name, _ in SERIES.findall(expression)}
        assert named, f"no series with braces, by which it is found: {expression}"
        assert named <= KNOWN.keys()
        assert set(re.findall(r"\btouchline_\w+", RECORDED.sub("", expression))) <= named


@each_board
def test_a_query_selects_groups_and_names_by_labels_that_exist(board: BoardFile) -> None:
    for expression, legend in queries(board):
        used = SERIES.findall(expression)
        for name, matchers in used:
            assert set(re.findall(r"(\w+)\s*[!=]", matchers)) <= KNOWN[name], expression
        available = set.union(*(KNOWN[name] for name, _ in used))
        assert grouped(expression) <= available, expression
        added_up = re.search(r"\b(sum|max|min)\b *(by|\()", expression)
        left = grouped(expression) - {"le"} if added_up else available
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= left, (expression, legend)


@each_board
def test_a_query_honours_every_choice_that_its_series_know(board: BoardFile) -> None:
    for expression, _ in queries(board):
        for name, matchers in SERIES.findall(expression):
            labels = KNOWN[name] - ({"topic"} if name.startswith(OF_ALL_CHANNELS) else set())
            assert [x for x in labels & CHOSEN.keys() if CHOSEN[x] not in matchers] == [], name


@each_board
def test_a_query_uses_only_variables_that_the_board_has_and_each_of_them(board: BoardFile) -> None:
    used = {name for text, _ in queries(board) for name in re.findall(r"\$(\w+)", text)} - {
        "__rate_interval"
    }
    assert used == {variable.name for variable in board.head.templating.variables}


@each_board
def test_a_counter_is_shown_by_its_growth_and_a_gauge_is_not(board: BoardFile) -> None:
    for expression, _ in queries(board):
        for found in SERIES.finditer(expression):
            counts = re.search(r"_(total|bucket|sum|count)$", found[1]) and found[1] not in RECORDS
            under = re.search(r"\b(rate|increase)\($", expression[: found.start()])
            assert bool(counts) == bool(under), expression


def test_every_metric_is_on_a_board_or_in_a_rule() -> None:
    everything = " ".join(
        [
            *(expression for board in ALL for expression, _ in queries(board)),
            *(rule.expr for rule in read_rules(RULES)),
        ]
    )
    nowhere = {
        metric.name
        for metric in METRICS
        if not re.search(rf"\b{metric.name}(_bucket|_sum|_count)?\b", everything)
    }
    assert nowhere == set()


def test_a_series_that_nobody_measures_cannot_be_put_on_a_board() -> None:
    with pytest.raises(UnknownSeries, match=r"^touchline_evnts_total: expected a metric of flows/"):
        of("touchline_evnts_total")
