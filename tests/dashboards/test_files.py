"""A file that Grafana or Prometheus could not use is told in one sentence, with its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards.board_file import InvalidFile, read_board, read_boards
from dashboards.places import BOARDS
from dashboards.rule_file import read_provisioning, read_rules

MISSING = "object missing required field"
AGAIN = "; write it anew with `python -m dashboards`"


def without(*names: str | int) -> Callable[[Any], None]:
    """Takes a field away from a board, by its path."""

    def change(board: Any) -> None:
        for name in names[:-1]:
            board = board[name]
        del board[names[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("uid"), ": object missing required field `uid`"),
        (without("panels"), ": object missing required field `panels`"),
        (
            without("panels", 1, "targets"),
            ": panels[1] (Flows): object missing required field `targets`",
        ),
        (
            without("panels", 1, "targets", 0, "expr"),
            ": panels[1] (Flows): object missing required field `expr` - at `$.targets[0]`",
        ),
        (
            without("panels", 1, "fieldConfig", "defaults", "unit"),
            f": panels[1] (Flows): {MISSING} `unit` - at `$.fieldConfig.defaults`",
        ),
        (without("panels", 1, "title"), ": panels[1]: object missing required field `title`"),
        (
            without("templating", "list", 0, "query"),
            ": object missing required field `query` - at `$.templating.list[0]`",
        ),
    ],
)
def test_a_field_that_is_missing_is_named(
    tmp_path: Path, change: Callable[[Any], None], said: str
) -> None:
    board = json.loads((BOARDS / "overview.json").read_text())
    change(board)
    file = tmp_path / "overview.json"
    file.write_text(json.dumps(board))
    with pytest.raises(InvalidFile) as caught:
        read_board(file)
    assert str(caught.value) == f"{file}{said}{AGAIN}"


def test_a_board_that_is_no_json_is_named_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "overview.json"
    file.write_text('{"uid": }')
    with pytest.raises(InvalidFile) as caught:
        read_board(file)
    said = "expected JSON, got JSON is malformed: invalid character (byte 8)"
    assert str(caught.value).lower() == f"{file}: {said}{AGAIN}".lower()


def test_a_folder_without_boards_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile) as caught:
        read_boards(tmp_path)
    assert str(caught.value) == f"{tmp_path}: expected boards (*.json), got none{AGAIN}"


def test_rules_that_are_no_yaml_or_no_rules_are_named(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yml"
    file.write_text("groups: [")
    with pytest.raises(InvalidFile, match=rf"^{file}: expected YAML, got .*line 1.*mend it there$"):
        read_rules(tmp_path)
    file.write_text("groups: [{name: one, rules: [{alert: Some}]}]")
    with pytest.raises(InvalidFile) as caught:
        read_rules(tmp_path)
    place = "`$.groups[0].rules[0]`"
    said = f"object missing required field `expr` - at {place}; mend it there"
    assert str(caught.value) == f"{file}: {said}"


def test_a_data_source_without_an_address_is_named(tmp_path: Path) -> None:
    file = tmp_path / "datasources" / "prometheus.yml"
    file.parent.mkdir()
    file.write_text("datasources: [{name: Prometheus, uid: prometheus, type: prometheus}]")
    with pytest.raises(InvalidFile, match=rf"^{file}: object missing required field `url`"):
        read_provisioning(tmp_path)
